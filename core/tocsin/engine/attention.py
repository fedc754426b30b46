"""Attention: somebody takes an alert, puts it off or calls for more, and what happens when that ends."""

from __future__ import annotations

from tocsin.engine import crowds, escalation
from tocsin.engine.agenda import Deadline
from tocsin.engine.incidents import reconsider
from tocsin.engine.reminders import remind_soon
from tocsin.engine.state import Acknowledgement, Episode
from tocsin.engine.turn import Turn
from tocsin.model.facts import Acknowledged, Snoozed

__all__ = ["acknowledge", "acknowledgement_ended", "escalate", "snooze", "snooze_ended"]


def _meant(turn: Turn, target: str) -> list[Episode]:
    """Return the firing episodes that an alert's or an incident's id means."""
    episode = turn.state.alerts.get(target)
    if episode is not None and episode.firing:
        return [episode]
    incident = turn.state.incidents.get(target)
    members = [] if incident is None else [turn.episode(episode_id) for episode_id in incident.firing]
    return sorted(members, key=lambda episode: episode.serial)


def acknowledge(turn: Turn, fact: Acknowledged) -> bool:
    """Take in that somebody has taken an alert or an incident; return whether such a one fires."""
    episodes = _meant(turn, fact.target)
    until = None if fact.for_seconds is None else turn.clock + fact.for_seconds
    for episode in episodes:
        ack = Acknowledgement(fact.by, fact.comment, episode.severity, turn.clock, until)
        turn.tx.edit(episode).ack = ack
        crowds.taken(turn, turn.state.incidents[episode.incident_id], episode)
        _set_end(turn, Deadline.ACKNOWLEDGEMENT_END, episode, until)
        _attended(turn, episode)
    return bool(episodes)


def snooze(turn: Turn, fact: Snoozed) -> bool:
    """Take in that somebody put an alert or an incident off; return whether such a one fires."""
    episodes = _meant(turn, fact.target)
    until = turn.clock + fact.seconds
    for episode in episodes:
        turn.tx.edit(episode).snoozed_until = until
        _set_end(turn, Deadline.SNOOZE_END, episode, until)
        _attended(turn, episode)
    return bool(episodes)


def escalate(turn: Turn, target: str) -> bool:
    """Tell the next level of every escalation that the target's alerts are under; return whether there was one."""
    running: dict[tuple[str, str], None] = {}
    for episode in _meant(turn, target):
        if episode.policy_id is not None:
            running[episode.incident_id, episode.policy_id] = None
    told = [escalation.hasten(turn, turn.state.incidents[incident_id], policy_id) for incident_id, policy_id in running]
    return any(told)


def _set_end(turn: Turn, kind: Deadline, episode: Episode, until: float | None) -> None:
    if until is None:
        turn.state.agenda.cancel(turn.tx, kind, episode.episode_id)
    else:
        turn.state.agenda.set(turn.tx, kind, episode.episode_id, until)


def _attended(turn: Turn, episode: Episode) -> None:
    incident = turn.state.incidents[episode.incident_id]
    turn.tx.edit(incident).updated_wall = turn.wall()
    escalation.refresh(turn, incident, episode)
    for line in incident.lines.values():
        turn.touch(line)


def acknowledgement_ended(turn: Turn, episode_id: str) -> None:
    """Nobody has it any more: it is told where it was kept back, and those who knew are reminded."""
    episode = turn.state.episodes.get(episode_id)
    if episode is not None and episode.firing:
        turn.tx.edit(episode).ack = None
        crowds.taken(turn, turn.state.incidents[episode.incident_id], episode)
        _unattended(turn, episode)


def snooze_ended(turn: Turn, episode_id: str) -> None:
    """It is back: it is told where it was kept back, and those who knew are reminded."""
    episode = turn.state.episodes.get(episode_id)
    if episode is not None and episode.firing:
        turn.tx.edit(episode).snoozed_until = None
        _unattended(turn, episode)


def _unattended(turn: Turn, episode: Episode) -> None:
    incident = turn.state.incidents[episode.incident_id]
    escalation.refresh(turn, incident, episode)
    reconsider(turn, incident, episode)
    for line in list(incident.lines.values()):
        if episode.episode_id in line.told:
            remind_soon(turn, line)
        turn.touch(line)
