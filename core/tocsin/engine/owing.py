"""What a line owes: which episodes a channel is to be told of, when, and which gate keeps one back."""

from __future__ import annotations

from itertools import islice

from tocsin.engine import crowds
from tocsin.engine.agenda import Deadline
from tocsin.engine.due import Due
from tocsin.engine.dues import drop_due, drop_waiting, first_waiting, in_order, overdue, put_due, put_waiting
from tocsin.engine.gates import resolution_gate, shut_gate
from tocsin.engine.outgoing import enqueue
from tocsin.engine.state import Episode, Incident, LevelMark, Line, Outgoing, Owed
from tocsin.engine.turn import Turn
from tocsin.model.event import TellingDecided
from tocsin.model.notification import AlertStatus
from tocsin.model.reason import Action, GapKind, Reason
from tocsin.roles.aggregator import AT_ONCE, Cause, Release, Telling

__all__ = [
    "BURST_SECONDS",
    "adopt",
    "begin_anew",
    "block",
    "busy",
    "consider",
    "current",
    "decided",
    "knows_level",
    "leads_to",
    "level_count",
    "level_of",
    "level_ordinal",
    "mark_level",
    "next_chance",
    "note_due",
    "oldest_due",
    "recent",
    "release_due",
    "release_of",
    "release_reason",
    "repeat_at",
    "shut_on",
    "targets",
    "tells_firing",
    "tells_level_of",
]

BURST_SECONDS = 60.0
_LEVELS = 1000
"""More than a policy has."""

_LEVEL = "level "
"""How the count of a level begins."""


def targets(incident: Incident, episode: Episode) -> tuple[str, ...]:
    """Return the channels that are told of the episode: its rules' own, and those its immediate level added."""
    escalation = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if escalation is None or not escalation.joined:
        return episode.channels
    return tuple(dict.fromkeys((*episode.channels, *escalation.joined)))


def decided(
    turn: Turn, episode: Episode, channel_id: str, action: Action, reason: Reason, due: float | None = None
) -> None:
    alert_id, incident_id = episode.alert.alert_id, episode.incident_id
    turn.events.append(TellingDecided(turn.clock, alert_id, episode.n, incident_id, channel_id, action, reason, due))


def current(turn: Turn, line: Line) -> Outgoing | None:
    return None if line.current is None else turn.state.outgoing[line.current]


def _under_way(turn: Turn, line: Line, episode_id: str) -> bool:
    if line.current is None:
        return False
    out = turn.state.outgoing[line.current]
    return out.attempts > 0 and episode_id in out.listed


def tells_firing(turn: Turn, line: Line) -> bool:
    """Whether the line's notification was attempted, and tells that something of the incident fires."""
    out = current(turn, line)
    if out is None or not out.attempted:
        return False
    firing = (turn.episode(name) for name, (status, _) in out.listed.items() if status is AlertStatus.FIRING)
    return any(episode.incident_id == line.incident_id for episode in firing)


def next_chance(turn: Turn, incident: Incident, line: Line, *, now: bool = False) -> float:
    """Return the later instant at which the aggregator would let the line, if it were told now, be told of more.

    *now*: the first instant, also this one, at which it lets the line be told at all.
    """
    told = (one for one in crowds.most_severe(turn, incident) if one.episode_id in line.told)
    episode = next(islice(told, 1), None) or turn.episode(min(line.told))
    release = release_of(turn, incident, line, episode, Cause.NEW, () if now else (turn.clock,))
    if release.at is not None and release.at > turn.clock:
        return release.at
    return turn.clock if now else turn.clock + BURST_SECONDS


def recent(line: Line, now: float) -> tuple[float, ...]:
    """Return the instants of the line's notifications within the last minute."""
    found, since = line.recent, now - BURST_SECONDS
    if not found or found[0] > since:
        return found
    return tuple([at for at in found if at > since])


def release_of(
    turn: Turn, incident: Incident, line: Line, episode: Episode, cause: Cause, lately: tuple[float, ...] = ()
) -> Release:
    """Return when the aggregator lets the line be told of the episode; *lately*: as if it were told at these too."""
    try:
        telling = _telling(turn, incident, line, episode, cause, lately)
        return turn.grouping(incident).aggregator.release(incident.state, telling)
    except Exception as error:  # noqa: BLE001  an aggregator that raises tells at once, and is a gap
        turn.gap(GapKind.AGGREGATOR_FAILED, incident.strategy, f"release raised {type(error).__name__}")
        return AT_ONCE


def _telling(
    turn: Turn, incident: Incident, line: Line, episode: Episode, cause: Cause, lately: tuple[float, ...] = ()
) -> Telling:
    return Telling(
        now=turn.clock,
        cause=cause,
        alert=episode.alert,
        opened_at=incident.opened_at,
        told_severity=line.told_severity,
        last_told_at=line.told_at,
        still_firing=len(line.told),
        recent=recent(line, turn.clock) + lately,
    )


def release_reason(turn: Turn, incident: Incident, line: Line, episode: Episode) -> Reason | None:
    """Return why the aggregator has the episode wait on the line, as it would say now; None: it would not.

    The turn is only read with.
    """
    owed = line.waiting[episode.episode_id]
    try:
        telling = _telling(turn, incident, line, episode, owed.cause)
        release = turn.grouping(incident).aggregator.release(incident.state, telling)
    except Exception:  # noqa: BLE001  an aggregator that raises is a gap when it decides, not when it is asked why
        return None
    return None if release.at is None or release.at <= turn.clock else release.reason


def repeat_at(turn: Turn, incident: Incident) -> float | None:
    """Return when a channel that is told now is reminded."""
    try:
        return turn.grouping(incident).aggregator.repeat_at(incident.state, incident.opened_at, turn.clock)
    except Exception as error:  # noqa: BLE001  as above; it reminds nobody
        turn.gap(GapKind.AGGREGATOR_FAILED, incident.strategy, f"repeat_at raised {type(error).__name__}")
        return None


def consider(turn: Turn, incident: Incident, episode: Episode, channel_id: str, via: tuple[str, ...] = ()) -> bool:
    """Decide what becomes of a firing episode on a channel; return whether it is told there, now or later.

    Asking again changes nothing unless something changed. *via* are the channels that failed it before this one.
    """
    line = turn.line(incident, channel_id)
    episode_id, rank = episode.episode_id, episode.alert.severity.rank
    told = line.told.get(episode_id)
    if (told is not None and told >= rank) or _under_way(turn, line, episode_id):
        return True
    if via:
        adopt(turn, line, episode, via)
    if episode_id in line.due:
        _raise_rank(turn, line, rank)
        turn.touch(line)
        return True
    shut = shut_on(turn, line, episode)
    if shut is Reason.UNROUTED and episode_id in line.blocked:
        return False  # in this step yet something may lead there, or nothing any more: either way it is not told now
    if shut is not None:
        block(turn, line, episode, shut)
        return False
    if episode_id in line.blocked:
        turn.tx.drop_from(episode, line.blocked, episode_id)
    cause = Cause.NEW if told is None else Cause.WORSE
    release = AT_ONCE if via else release_of(turn, incident, line, episode, cause)
    _place(turn, line, episode, cause, release)
    return True


def leads_to(turn: Turn, line: Line, episode: Episode) -> bool:
    """Whether the episode is the line's to tell: by its rules, its immediate level, or since a channel failed it."""
    if line.channel_id in episode.channels or episode.episode_id in line.adopted:
        return True
    return line.channel_id in targets(turn.incident(line), episode)


def shut_on(turn: Turn, line: Line, episode: Episode) -> Reason | None:
    """Return why the line is not to tell a firing episode: nothing leads it there any more, a gate is shut, or None."""
    return shut_gate(turn, episode, line.channel_id) if leads_to(turn, line, episode) else Reason.UNROUTED


def adopt(turn: Turn, line: Line, episode: Episode, via: tuple[str, ...] = ()) -> None:
    """Note that the line tells an episode that no rule may route there; *via* are the channels that failed it."""
    if via or line.channel_id not in targets(turn.incident(line), episode):
        known = line.adopted.get(episode.episode_id, ())
        turn.tx.put_in(episode, line.adopted, episode.episode_id, tuple(dict.fromkeys((*known, *via))))


def begin_anew(turn: Turn, line: Line, episode: Episode) -> tuple[str, ...]:
    """Forget, and return, the channels that failed the episode before the line told it, or failed it as well.

    What is to be told of it later may try them again.
    """
    failed = line.adopted.get(episode.episode_id, ())
    if failed and line.channel_id in targets(turn.incident(line), episode):
        turn.tx.drop_from(episode, line.adopted, episode.episode_id)
    elif failed:
        turn.tx.put_in(episode, line.adopted, episode.episode_id, ())
    return failed


def block(turn: Turn, line: Line, episode: Episode, reason: Reason) -> None:
    episode_id = episode.episode_id
    drop_due(turn, line, episode_id)
    drop_waiting(turn, line, episode_id)
    if line.blocked.get(episode_id) is not reason:
        turn.tx.put_in(episode, line.blocked, episode_id, reason)
        decided(turn, episode, line.channel_id, Action.SKIP, reason)


def oldest_due(turn: Turn, line: Line) -> float | None:
    """Return since when the line has owed what it could tell now, were nothing else under way; None: it owes nothing.

    An end counts, and what fires and passes its gates.
    """
    oldest = None
    if line.levels:
        oldest = min((mark.due for mark in line.levels if mark.due is not None), default=None)
    for episode_id in islice(in_order(turn, line, Due.SINCE), crowds.LISTED):
        owed = line.due[episode_id]
        if oldest is not None and oldest <= owed.due:
            break
        if owed.cause is Cause.RESOLVED or shut_gate(turn, turn.state.episodes[episode_id], line.channel_id) is None:
            return owed.due
    return oldest


def busy(turn: Turn, line: Line) -> bool:
    """Whether what becomes due on the line waits for its notification to end, for what that lists is frozen."""
    return line.current is not None and turn.state.outgoing[line.current].attempts > 0


def _place(turn: Turn, line: Line, episode: Episode, cause: Cause, release: Release) -> None:
    episode_id = episode.episode_id
    if release.at is None or release.at <= turn.clock:
        if episode_id in line.waiting:
            drop_waiting(turn, line, episode_id)
        put_due(turn, line, episode_id, Owed(cause, turn.clock))
        note_due(turn, line, episode, release.reason)
        if line.current is not None:
            _raise_rank(turn, line, episode.severity.rank)
        turn.touch(line)
        return
    known = line.waiting.get(episode_id)
    if known is None or release.at < known.due:
        put_waiting(turn, line, episode_id, Owed(cause, release.at))
        turn.state.agenda.set_earlier(turn.tx, Deadline.RELEASE, line.line_id, release.at)
        decided(turn, episode, line.channel_id, Action.FOLD, release.reason, release.at)


def note_due(turn: Turn, line: Line, episode: Episode, reason: Reason) -> None:
    """Note that the line is to tell of the episode now, and that this waits if a notification is under way."""
    decided(turn, episode, line.channel_id, Action.NOTIFY, reason, turn.clock)
    if busy(turn, line):
        decided(turn, episode, line.channel_id, Action.HOLD, Reason.BUSY)


def _note_hold(turn: Turn, line: Line, episode: Episode, cause: Cause) -> None:
    """Note that what comes due now waits for a notification to end, unless a gate has been shut for it meanwhile."""
    if not busy(turn, line):
        return
    if cause is Cause.RESOLVED:
        told = resolution_gate(turn, line.channel_id) is None
    else:
        told = episode.firing and shut_gate(turn, episode, line.channel_id) is None
    if told:
        decided(turn, episode, line.channel_id, Action.HOLD, Reason.BUSY)


def _raise_rank(turn: Turn, line: Line, rank: int) -> None:
    """Let the line's waiting notification move up in its lane."""
    out = current(turn, line)
    if out is not None and not out.attempted and out.rank < rank:
        turn.tx.edit(out).rank = rank
        enqueue(turn, out)


def release_due(turn: Turn, line: Line, *, in_turn: bool = False) -> None:
    """Move what has waited long enough to what is due, of a crowd so many at a time; set the deadline of the rest.

    *in_turn*: it is what this step has to do. Otherwise, where other lines took the step's share, a later one does it.
    """
    moved = overdue(turn, line)
    if turn.released and turn.released + len(moved) > crowds.LISTED and not in_turn:
        turn.look_again(line.line_id)
        return
    turn.released += len(moved)
    for episode_id in moved:
        owed = line.waiting[episode_id]
        drop_waiting(turn, line, episode_id)
        put_due(turn, line, episode_id, owed)
        _note_hold(turn, line, turn.episode(episode_id), owed.cause)
    turn.touch(line)
    if overdue(turn, line):
        turn.look_again(line.line_id)
        return
    if line.resolve_at is not None and line.resolve_at <= turn.clock:
        turn.tx.edit(line).resolve_at = None
    at = first_waiting(turn, line)
    if at is not None:
        turn.state.agenda.set(turn.tx, Deadline.RELEASE, line.line_id, at)


def mark_level(turn: Turn, line: Line, mark: LevelMark) -> None:
    """Owe the line an escalation level; it is due once it is found that somebody can be told."""
    turn.tx.edit(line).levels = (*line.levels, mark)
    turn.touch(line)


def level_ordinal(turn: Turn, line: Line, mark: LevelMark) -> int:
    """Return the number of a level among all of its incident: its policy's place, and its own ordinal there."""
    policies = list(turn.incident(line).escalations)
    return policies.index(mark.policy_id) * _LEVELS + mark.ordinal


def level_of(out: Outgoing) -> LevelMark | None:
    """Return the level that a notification tells, if it is one of a level."""
    if out.level is None or out.policy_id is None:
        return None
    return LevelMark(out.policy_id, out.ordinal % _LEVELS, out.level, due=out.due_at)


def level_count(ordinal: int) -> str:
    """Return the name under which a line counts how often it was to tell a level."""
    return f"{_LEVEL}{ordinal}"


def tells_level_of(incident: Incident, line: Line, policy_id: str | None) -> bool:
    """Whether the line told, or was to tell, a level of the incident's escalation under that policy."""
    if policy_id is None or policy_id not in incident.escalations:
        return False
    place = list(incident.escalations).index(policy_id)
    levels = (name.removeprefix(_LEVEL) for name in line.counts if name.startswith(_LEVEL))
    return any(int(ordinal) // _LEVELS == place for ordinal in levels)


def knows_level(turn: Turn, line: Line, mark: LevelMark) -> bool:
    """Whether the line told the level, or is going to."""
    same = (one for one in (*line.levels, *line.telling) if one.policy_id == mark.policy_id)
    return any(one.ordinal == mark.ordinal for one in same) or (
        level_count(level_ordinal(turn, line, mark)) in line.counts
    )
