"""Forgetting: what ended is let go after the retention time, once nothing has to be told of it any more."""

from __future__ import annotations

from typing import Final

from tocsin.engine.agenda import Deadline
from tocsin.engine.crowds import forgotten, left
from tocsin.engine.state import Episode, Incident, Line
from tocsin.engine.turn import Turn

__all__ = ["forget", "forget_member", "tells_of"]

_LOOK_AGAIN: Final = 60.0


def _later(turn: Turn) -> float:
    """Return when to look again; after a restart, a whole downtime is not looked through minute by minute."""
    return (turn.now.engine if turn.restarting else turn.clock) + _LOOK_AGAIN


def _busy(turn: Turn, line: Line) -> bool:
    """Whether something is to be told, or is not settled yet: after a restart a whole downtime is settled at once."""
    return bool(line.current or line.due or line.waiting or line.again or line.line_id in turn.lines)


def forget_member(turn: Turn, episode_id: str) -> None:
    """Let go of an episode that ended long ago while its incident goes on, unless something still tells of it."""
    tx, state = turn.tx, turn.state
    episode = state.episodes.get(episode_id)
    if episode is None:
        return
    incident = state.incidents[episode.incident_id]
    if any(tells_of(turn, line, episode_id) for line in incident.lines.values()):
        state.agenda.set(tx, Deadline.FORGET_MEMBER, episode_id, _later(turn))
        return
    for line in incident.lines.values():
        tx.drop_from(episode, line.adopted, episode_id)
    tx.unindex(incident.members, episode_id)
    left(turn, incident, episode)
    _drop(turn, episode)


def _drop(turn: Turn, episode: Episode) -> None:
    tx, state = turn.tx, turn.state
    tx.drop(state.episodes, episode.episode_id)
    if state.alerts.get(episode.alert.alert_id) is episode:
        tx.unindex(state.alerts, episode.alert.alert_id)


def tells_of(turn: Turn, line: Line, episode_id: str) -> bool:
    """Whether the line was told of the episode, is to be told of it, or has noted why it is not."""
    if episode_id in line.due or episode_id in line.waiting or episode_id in line.told or episode_id in line.blocked:
        return True
    outs = (turn.state.outgoing.get(name) for name in (line.current, *line.again) if name is not None)
    return any(out is not None and episode_id in out.listed for out in outs)


def forget(turn: Turn, incident: Incident) -> None:
    """Let go of a closed incident; one that still has something under way is looked at again a minute later."""
    tx, state = turn.tx, turn.state
    if any(_busy(turn, line) for line in incident.lines.values()):
        state.agenda.set(tx, Deadline.FORGET, incident.incident_id, _later(turn))
        return
    for episode_id in incident.members:
        state.agenda.cancel(tx, Deadline.FORGET_MEMBER, episode_id)
        _drop(turn, turn.episode(episode_id))
    for line in incident.lines.values():
        state.agenda.cancel(tx, Deadline.RELEASE, line.line_id)
        state.agenda.cancel(tx, Deadline.REPEAT, line.line_id)
    if incident.key is not None and state.open.get(incident.key) == incident.incident_id:
        tx.drop(state.open, incident.key)  # where the aggregator bridges, it stayed open until its end was told
    forgotten(turn, incident)
    tx.drop(state.incidents, incident.incident_id)
