"""Ends: what a line owes of an alert that resolved, and what becomes of that when the alert fires again."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine.agenda import Deadline
from tocsin.engine.dues import drop_due, drop_waiting, overdue, put_due, put_waiting
from tocsin.engine.gates import resolution_gate, shut_gate
from tocsin.engine.ids import episode_key
from tocsin.engine.owing import decided, note_due, release_of, targets
from tocsin.engine.state import Episode, Incident, Line, Owed
from tocsin.engine.turn import Turn
from tocsin.model.reason import Action, Reason
from tocsin.roles.aggregator import AT_ONCE, Cause

__all__ = ["bridge", "bridged", "goes_on", "hasten", "owe_resolution", "resolve", "waiting_ends"]

_FEW: Final = 200
"""So many that wait are gone through."""


def resolve(turn: Turn, incident: Incident, line: Line, episode: Episode) -> None:
    """Take in that an episode ended: the resolution is owed to a line that was told, to no other."""
    episode_id = episode.episode_id
    if episode_id in line.blocked:
        turn.tx.drop_from(episode, line.blocked, episode_id)
        decided(turn, episode, line.channel_id, Action.SKIP, Reason.RESOLVED)
    if episode_id in line.told:
        drop_due(turn, line, episode_id)
        drop_waiting(turn, line, episode_id)
        owe_resolution(turn, incident, line, episode)
    turn.touch(line)


def bridge(turn: Turn, incident: Incident, before: Episode, episode: Episode) -> None:
    """Take back the ends that no channel was told yet: there the alert never ended."""
    for line in incident.lines.values():
        _forgo_beginning(turn, line, before, episode)
        ends = waiting_ends(turn, line, before)
        if ends:
            rank = max(line.waiting[name].rank for name in ends)
            for name in ends:
                drop_waiting(turn, line, name)
            _inherit(turn, line, episode, rank)


def _forgo_beginning(turn: Turn, line: Line, before: Episode, episode: Episode) -> None:
    """What was not told of the episode *before* is told of the one that follows it."""
    owed = line.due.get(before.episode_id)
    if owed is not None and owed.cause is not Cause.RESOLVED:
        drop_due(turn, line, before.episode_id)
        wanted = line.channel_id in targets(turn.incident(line), episode)
        if wanted and shut_gate(turn, episode, line.channel_id) is None:
            put_due(turn, line, episode.episode_id, owed)
            note_due(turn, line, episode, Reason.GROUPED)
    owed = line.waiting.get(before.episode_id)
    if owed is not None and owed.cause is not Cause.RESOLVED:
        drop_waiting(turn, line, before.episode_id)


def _inherit(turn: Turn, line: Line, episode: Episode, rank: int) -> None:
    """Let the line know of the episode what it was told of an earlier one of its alert."""
    turn.tx.put_in(episode, line.told, episode.episode_id, max(rank, line.told.get(episode.episode_id, rank)))
    turn.tx.edit(line).sought = min(line.sought, episode.serial)
    if episode.severity.rank <= rank:
        drop_due(turn, line, episode.episode_id)
        drop_waiting(turn, line, episode.episode_id)
        turn.tx.drop_from(episode, line.blocked, episode.episode_id)
    decided(turn, episode, line.channel_id, Action.SKIP, Reason.ALREADY_TOLD)


def bridged(turn: Turn, line: Line, episode: Episode, *, certain: bool) -> bool:
    """Whether the end of an episode, which the line was told of, needs no word: the aggregator bridges it.

    So it is where the alert fires again in the incident by the time that the attempt which told it has ended. Where
    that is not *certain*, only if the line knew before that it fires again.
    """
    heir = _heir(turn, line, episode)
    if heir is None or not (certain or heir.episode_id in line.told):
        return False
    rank = line.told[episode.episode_id]
    turn.tx.drop_from(episode, line.told, episode.episode_id)
    drop_due(turn, line, episode.episode_id)  # it had ended when it was told again
    drop_waiting(turn, line, episode.episode_id)
    _inherit(turn, line, heir, rank)
    return True


def goes_on(turn: Turn, line: Line, episode: Episode) -> bool:
    """Whether the line knows that the alert of an episode that ended fires, since its end was bridged."""
    heir = _heir(turn, line, episode)
    return heir is not None and heir.episode_id in line.told


def _heir(turn: Turn, line: Line, episode: Episode) -> Episode | None:
    """Return the episode that fires in the place of one that ended, if the aggregator bridges that."""
    heir = turn.state.alerts.get(episode.alert.alert_id)
    if heir is None or not heir.firing or heir.incident_id != line.incident_id:
        return None
    return heir if turn.grouping(turn.incident(line)).bridges else None


def hasten(turn: Turn, line: Line, episode: Episode) -> None:
    """Let the ends of an alert, of this episode and of earlier ones, wait no longer: it fires again elsewhere."""
    for episode_id in waiting_ends(turn, line, episode):
        owed = line.waiting[episode_id]
        drop_waiting(turn, line, episode_id)
        put_due(turn, line, episode_id, _now(turn, owed))
        turn.touch(line)


def waiting_ends(turn: Turn, line: Line, last: Episode) -> list[str]:
    """Return the episodes of an alert, up to its *last* one, whose ends wait on the line; in order."""
    alert_id, numbers = last.alert.alert_id, range(1, last.n + 1)
    if len(line.waiting) <= max(_FEW, last.n):
        candidates = [name for name in line.waiting if turn.episode(name).alert.alert_id == alert_id]
    else:  # of a crowd that ended, the few of this alert are found by their names
        candidates = [name for name in (episode_key(n, alert_id) for n in numbers) if name in line.waiting]
    ends = [name for name in candidates if line.waiting[name].cause is Cause.RESOLVED]
    return sorted(ends, key=lambda name: turn.episode(name).serial)


def owe_resolution(turn: Turn, incident: Incident, line: Line, episode: Episode) -> None:
    """Owe the line, which was told of the episode, its resolution."""
    episode_id = episode.episode_id
    rank = line.told[episode_id]
    turn.tx.drop_from(episode, line.told, episode_id)
    if _owes_end(line, episode_id):
        return  # it ended while it was told again
    shut = resolution_gate(turn, line.channel_id)
    if shut is not None:
        decided(turn, episode, line.channel_id, Action.SKIP, shut)
        if not turn.grouping(incident).bridges:  # it would know that the alert never ended
            return
    release = AT_ONCE if _moved(turn, episode) else release_of(turn, incident, line, episode, Cause.RESOLVED)
    if release.at is None or release.at <= turn.clock:
        put_due(turn, line, episode_id, Owed(Cause.RESOLVED, turn.clock, rank))
        _release_resolutions(turn, line)
        if shut is None:
            note_due(turn, line, episode, release.reason)
    else:
        at = release.at if line.resolve_at is None or line.resolve_at <= turn.clock else line.resolve_at
        turn.tx.edit(line).resolve_at = at
        put_waiting(turn, line, episode_id, Owed(Cause.RESOLVED, at, rank))
        turn.state.agenda.set_earlier(turn.tx, Deadline.RELEASE, line.line_id, at)
        if shut is None:
            decided(turn, episode, line.channel_id, Action.FOLD, release.reason, at)
    turn.touch(line)


def _owes_end(line: Line, episode_id: str) -> bool:
    owed = line.due.get(episode_id) or line.waiting.get(episode_id)
    return owed is not None and owed.cause is Cause.RESOLVED


def _moved(turn: Turn, episode: Episode) -> bool:
    """Whether the alert fired again in another incident since, which must not be told there before this end is."""
    latest = turn.state.alerts.get(episode.alert.alert_id)
    return episode.superseded and latest is not None and latest.incident_id != episode.incident_id


def _release_resolutions(turn: Turn, line: Line) -> None:
    """Let the ends that wait for others wait no longer; of a crowd so many at a time."""
    if line.resolve_at is None:
        return
    turn.tx.edit(line).resolve_at = turn.clock
    for episode_id in overdue(turn, line):
        owed = line.waiting[episode_id]
        if owed.cause is Cause.RESOLVED:
            drop_waiting(turn, line, episode_id)
            put_due(turn, line, episode_id, _now(turn, owed))
    if overdue(turn, line):
        turn.look_again(line.line_id)
    else:
        line.resolve_at = None


def _now(turn: Turn, owed: Owed) -> Owed:
    """Let what waited for a later instant be due now."""
    return attrs.evolve(owed, due=min(owed.due, turn.clock))
