"""Lines: which notification tells a channel next what it is owed of an incident, and what that one lists."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice

import attrs

from tocsin.engine import crowds
from tocsin.engine.due import Due
from tocsin.engine.dues import drop_due, drop_waiting, ends_due, in_order, next_due
from tocsin.engine.gates import resolution_gate, shut_gate
from tocsin.engine.ids import episode_key
from tocsin.engine.levels import list_levels, nameable, names_somebody, pending
from tocsin.engine.outgoing import Listed, create, end, enqueue, let_follow, promise
from tocsin.engine.owing import (
    block,
    current,
    decided,
    level_count,
    level_ordinal,
    oldest_due,
    recent,
    shut_on,
)
from tocsin.engine.recheck import fires_again, recheck
from tocsin.engine.redrive import resume_waiting
from tocsin.engine.reminders import reminded_first, told_and_open
from tocsin.engine.state import PASSENGER, Episode, LevelMark, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.reason import Action, Reason
from tocsin.roles.aggregator import Cause

__all__ = ["compose", "settle"]

_ESCALATION_RANK = 100


@attrs.frozen(slots=True)
class _Wanted:
    """What the line's next notification would be."""

    kind: NotificationKind
    rank: int
    mark: LevelMark | None = None


def _wanted_level(turn: Turn, line: Line) -> _Wanted | None:
    for mark in reversed(line.levels):
        if names_somebody(turn, line, mark):  # the rest of them is asked once it is queued
            return _Wanted(NotificationKind.ESCALATION, _ESCALATION_RANK, mark)
    return None


def _wanted_due(turn: Turn, line: Line) -> _Wanted | None:
    """What is due wants a notification if anything in it fires, or has resolved after it was told."""
    episodes = turn.state.episodes
    news = [episodes[name] for name in islice(in_order(turn, line, Due.NEWS), crowds.LISTED + 1)]
    shut: list[tuple[Episode, Reason]] = []
    for episode in news[: crowds.LISTED]:
        reason = shut_on(turn, line, episode)
        if reason is None:  # what is shut is left out when it starts
            kind = NotificationKind.FIRING if line.top < 0 else NotificationKind.MORE
            return _Wanted(kind, episode.alert.severity.rank)
        shut.append((episode, reason))
    for episode, reason in sorted(shut, key=lambda pair: pair[0].episode_id):
        block(turn, line, episode, reason)
    if len(news) > crowds.LISTED:
        turn.look_again(line.line_id)
    if resolution_gate(turn, line.channel_id) is not None or not ends_due(turn, line):
        return None
    return _Wanted(NotificationKind.MORE if _others_fire(turn, line) else NotificationKind.RESOLVED, 0)


def _wanted_repeat(turn: Turn, line: Line) -> _Wanted | None:
    first = reminded_first(turn, line)
    return None if first is None else _Wanted(NotificationKind.REPEAT, first.severity.rank)


def _wanted(turn: Turn, line: Line) -> _Wanted | None:
    level = _wanted_level(turn, line) if line.levels else None
    if level is not None:
        return level
    due = _wanted_due(turn, line) if line.due else None
    if not line.repeat or (due is not None and due.kind is not NotificationKind.RESOLVED):
        return due
    return _wanted_repeat(turn, line) or due


def settle(turn: Turn, line: Line) -> None:
    """Bring the line's outgoing notification in accord with what it owes.

    One that was attempted stands until its end, or until nothing that it lists is worth telling any more. One that
    was not attempted is made, cancelled, or superseded by one of a higher or another kind.
    """
    if turn.state.review_member and turn.walked_through(turn.incident(line)):
        return  # the rest of the incident is looked at first, so that one notification tells all of it
    out = current(turn, line)
    if out is not None and out.attempts:
        if out.state is not NotificationState.SENDING:
            recheck(turn, out)
        if line.current is None:
            settle(turn, line)
        else:
            _wait(turn, line)
        return
    if line.levels:
        _time_levels(turn, line)
    if out is None and line.follows and _goes_second(turn, line):
        _wait(turn, line)
        return
    if out is None and line.again and resume_waiting(turn, line):
        return
    wanted = _wanted(turn, line)
    if wanted is None:
        if line.due:
            _drop_passengers(turn, line)
        if line.levels:
            turn.tx.edit(line).levels = tuple(mark for mark in line.levels if pending(turn, line, mark))
        if line.late:
            turn.tx.edit(line).late = False  # it owes nothing that could be told now
        if out is not None:
            end(turn, out, NotificationState.CANCELLED, _why_nothing(turn, line))
        return
    if out is not None and (out.kind is wanted.kind and _same_level(out, wanted)):
        return
    if out is not None:
        end(turn, out, NotificationState.MERGED, Reason.SUPERSEDED)
        turn.tx.edit(line).late = out.late  # whatever takes it up is not missed twice
    _queue(turn, line, wanted)


def _wait(turn: Turn, line: Line) -> None:
    """Have the watchdog look after what waits for the line's notification, or for that of an earlier one, to end."""
    _time_levels(turn, line)
    if line.due or line.levels:
        for out in _awaited(turn, line):
            promise(turn, out, turn.clock)
    elif line.late:
        turn.tx.edit(line).late = False


def _awaited(turn: Turn, line: Line) -> list[Outgoing]:
    """Return the notifications for which the line waits: its own or, where it has none, those of earlier incidents."""
    own = current(turn, line)
    if own is not None:
        return [own]
    earlier = filter(None, map(turn.line_by_id, line.follows))
    return [out for out in (current(turn, one) for one in earlier) if out is not None]


def _time_levels(turn: Turn, line: Line) -> None:
    """Note since when each level could be told: that somebody it names is there to be told may come and go."""
    for mark in line.levels:
        tellable = names_somebody(turn, line, mark)
        if tellable is (mark.due is None) and mark in line.levels:
            due = turn.clock if tellable else None
            turn.tx.edit(line).levels = tuple(attrs.evolve(one, due=due) if one == mark else one for one in line.levels)


def _goes_second(turn: Turn, line: Line) -> bool:
    """Whether the line of an earlier incident still has something to tell the channel of the same alert.

    Once an attempt of that has failed it is not waited for: it leaves out what fires again (see :func:`recheck`).
    """
    first = []
    for line_id in dict.fromkeys(line.follows):
        earlier = turn.line_by_id(line_id)
        if earlier is not None and not _waits_for(turn, earlier, line) and _ends_something(turn, earlier):
            first.append(line_id)
    if tuple(first) != line.follows:
        turn.tx.edit(line).follows = tuple(first)
    return bool(first)


def _waits_for(turn: Turn, line: Line, other: Line) -> bool:
    """Whether *line* goes after *other*: an alert that moves to and fro must not make two wait for each other."""
    seen: set[str] = set()
    left = list(line.follows)
    while left:
        line_id = left.pop()
        if line_id == other.line_id:
            return True
        if line_id not in seen:
            seen.add(line_id)
            following = turn.line_by_id(line_id)
            left += () if following is None else following.follows
    return False


def _ends_something(turn: Turn, line: Line) -> bool:
    out = current(turn, line)
    if out is not None:
        return out.state is not NotificationState.RETRYING
    return ends_due(turn, line)


def _same_level(out: Outgoing, wanted: _Wanted) -> bool:
    return wanted.mark is None or (wanted.mark.policy_id, wanted.mark.level) == (out.policy_id, out.level)


def _why_nothing(turn: Turn, line: Line) -> Reason:
    members = islice(crowds.most_severe(turn, turn.incident(line)), crowds.LISTED)
    found = (line.blocked.get(episode.episode_id) for episode in members)
    return min((reason for reason in found if reason is not None), default=Reason.RESOLVED)


def _drop_passengers(turn: Turn, line: Line) -> None:
    """Let go of what nobody is to be told any more; of a crowd so many at a time."""
    over = chain(in_order(turn, line, Due.END), in_order(turn, line, Due.PASSENGER))
    ended = list(islice(over, crowds.LISTED + 1))
    for episode_id in sorted(ended[: crowds.LISTED]):
        drop_due(turn, line, episode_id)
        decided(turn, turn.episode(episode_id), line.channel_id, Action.SKIP, Reason.RESOLVED)
    if len(ended) > crowds.LISTED:
        turn.look_again(line.line_id)
    elif ended:
        let_follow(turn, line)  # they may have waited for an end that nobody wants to hear of any more


def _queue(turn: Turn, line: Line, wanted: _Wanted) -> None:
    due_at = oldest_due(turn, line)
    out = create(
        turn,
        line,
        wanted.kind,
        _ordinal(turn, line, wanted),
        _highest(turn, line, wanted),
        turn.clock if due_at is None else due_at,
    )
    if wanted.mark is not None:
        out.level, out.policy_id = wanted.mark.level, wanted.mark.policy_id
    enqueue(turn, out)
    if len(line.due) <= crowds.LISTED and not (line.levels or line.repeat):
        turn.fresh.add(out.notification_id)  # of many, or of levels, a look at it goes on where the last one ended


def _highest(turn: Turn, line: Line, wanted: _Wanted) -> int:
    """Return the highest rank of what the notification would list, which is its place in the lane."""
    if wanted.mark is not None:
        return wanted.rank + max(episode.severity.rank for episode in nameable(turn, line, wanted.mark))
    return wanted.rank


def _ordinal(turn: Turn, line: Line, wanted: _Wanted) -> int:
    """Return a number that no other notification of this incident, channel and kind has.

    A level's is made of its policy's place and its own ordinal, so that the same level told twice would show.
    """
    kind = str(wanted.kind)
    count = line.counts.get(kind, 0)
    turn.tx.put_in(line, line.counts, kind, count + 1)
    if wanted.mark is None:
        return count
    ordinal = level_ordinal(turn, line, wanted.mark)
    again = level_count(ordinal)
    revived = line.counts.get(again, 0)
    turn.tx.put_in(line, line.counts, again, revived + 1)
    return ordinal + revived * 1_000_000


def compose(turn: Turn, line: Line) -> Listed:
    """Take what the line owes now, as the list of its next notification; empty if there is nothing to tell.

    What is due goes before what is only told again, and that is listed as far as there is room.
    """
    listed: Listed = {}
    told, left = list_levels(turn, line, listed) if line.levels else ([], [])
    passengers = _take_due(turn, line, listed)
    lists_all = turn.grouping(turn.incident(line)).lists_all
    if line.repeat:
        _fill(turn, line, listed, told_and_open)
    if listed and lists_all:
        _fill(turn, line, listed, _fires_too)
    if listed:
        _take_earlier(turn, line, listed)
        if passengers and any(status is AlertStatus.FIRING for status, _ in listed.values()):
            _take_passengers(turn, line, passengers, listed)
        turn.tx.edit(line)
        line.recent = (*recent(line, turn.clock), turn.clock)
        line.levels, line.telling, line.repeat = tuple(left), tuple(dict.fromkeys(told)), False
        for episode_id in listed:
            drop_due(turn, line, episode_id)
            if line.waiting:
                drop_waiting(turn, line, episode_id)
            if line.blocked:
                turn.tx.drop_from(turn.state.episodes[episode_id], line.blocked, episode_id)
    return listed


def _fires_too(turn: Turn, line: Line, episode: Episode) -> bool:
    """Whether it fires and passes its gates, and is not told later."""
    if episode.episode_id in line.waiting:
        return False
    if episode.episode_id in line.told:
        return shut_gate(turn, episode, line.channel_id) is None
    return shut_on(turn, line, episode) is None


def _others_fire(turn: Turn, line: Line) -> bool:
    """Whether the aggregator wants what fires to be listed beside an end, and of the most severe one does."""
    incident = turn.incident(line)
    if not turn.grouping(incident).lists_all:
        return False
    return any(_fires_too(turn, line, one) for one in islice(crowds.most_severe(turn, incident), crowds.LISTED))


def _fill(turn: Turn, line: Line, listed: Listed, passes: Callable[[Turn, Line, Episode], bool]) -> None:
    """List what *passes*, as far as there is room: the most severe first, and no more looks than are bounded.

    Where the most severe of a crowd are shut, those follow at which the look for somebody to remind of stands.
    """
    incident = turn.incident(line)
    severe = islice(crowds.most_severe(turn, incident), crowds.LISTED)
    oldest = islice(crowds.from_serial(turn, incident, line.sought), crowds.LISTED)
    for episode in chain(severe, oldest):
        if len(listed) >= crowds.LISTED:
            return
        if episode.episode_id not in listed and passes(turn, line, episode):
            listed[episode.episode_id] = (AlertStatus.FIRING, episode.severity.rank)


def _take_earlier(turn: Turn, line: Line, listed: Listed) -> None:
    """List the ends of alerts that fire again, due or waiting: no firing overtakes an earlier one's end."""
    episodes = turn.state.episodes
    firing = [episodes[name] for name, (status, _) in listed.items() if status is AlertStatus.FIRING]
    for again in firing:
        for number in range(1, again.n):
            episode_id = episode_key(number, again.alert.alert_id)
            owed = line.due.get(episode_id) or line.waiting.get(episode_id)
            if owed is not None and owed.cause is Cause.RESOLVED and _may_tell_end(turn, line, episode_id):
                listed[episode_id] = (AlertStatus.RESOLVED, turn.episode(episode_id).severity.rank)


def _may_tell_end(turn: Turn, line: Line, episode_id: str) -> bool:
    return episode_id in line.waiting or resolution_gate(turn, line.channel_id) is None


def _take_passengers(turn: Turn, line: Line, passengers: list[str], listed: Listed) -> None:
    """List what ended untold, but of an alert that fires again only beside that: its end is no news, and no comfort."""
    for episode_id in passengers:
        episode = turn.episode(episode_id)
        latest = turn.state.alerts.get(episode.alert.alert_id)
        if latest is None or not latest.firing or latest.episode_id in listed:
            listed.setdefault(episode_id, (AlertStatus.RESOLVED, PASSENGER))
        else:
            drop_due(turn, line, episode_id)
            decided(turn, episode, line.channel_id, Action.SKIP, Reason.RESOLVED)


def _take_due(turn: Turn, line: Line, listed: Listed) -> list[str]:
    """List what is due and passes its gates; return the passengers."""
    passengers: list[str] = []
    for episode_id, owed in next_due(turn, line, crowds.LISTED - len(listed)):
        episode = turn.state.episodes[episode_id]
        if owed.cause is Cause.RESOLVED:
            closed = resolution_gate(turn, line.channel_id)
            if closed is None and fires_again(turn, line.channel_id, episode, listed):
                closed = Reason.SUPERSEDED
            if closed is None:
                listed[episode_id] = (AlertStatus.RESOLVED, episode.severity.rank)
            else:
                drop_due(turn, line, episode_id)
                decided(turn, episode, line.channel_id, Action.SKIP, closed)
        elif episode.resolved_at is not None:
            passengers.append(episode_id)
        else:
            reason = shut_on(turn, line, episode)
            if reason is None:
                listed[episode_id] = (AlertStatus.FIRING, episode.alert.severity.rank)
            else:
                block(turn, line, episode, reason)
    return passengers
