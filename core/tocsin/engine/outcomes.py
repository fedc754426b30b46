"""Outcomes: what the end of an attempt means for the notification, and for those it listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from tocsin.engine import circuit, crowds
from tocsin.engine.agenda import Deadline
from tocsin.engine.dues import drop_due, drop_waiting
from tocsin.engine.ends import bridged, owe_resolution
from tocsin.engine.gates import shut_gate
from tocsin.engine.ids import fraction
from tocsin.engine.limits import free_at, note_late_start
from tocsin.engine.lines import compose
from tocsin.engine.outgoing import alert_ids, announce, end, enqueue, let_follow, lines_of
from tocsin.engine.owing import adopt, begin_anew, consider, knows_level, mark_level, repeat_at
from tocsin.engine.recheck import recheck
from tocsin.engine.reminders import told_and_open
from tocsin.engine.state import Episode, Incident, LevelMark, Line, Outgoing
from tocsin.engine.turn import LATE_SECONDS, Turn
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.event import AttemptFinished
from tocsin.model.facts import AttemptEnded
from tocsin.model.notification import AlertStatus, NotificationState
from tocsin.model.outcome import Outcome, OutcomeStatus, RetryPolicy
from tocsin.model.reason import GapKind, Reason

__all__ = ["attempt_ended", "expired", "fallback_due", "hand_over", "retry_due", "tell_elsewhere", "told"]

_LOOK_AGAIN: Final = 60.0


def attempt_ended(turn: Turn, fact: AttemptEnded) -> bool:
    """Take in how an attempt ended; a report on anything but the attempt under way is stale and changes nothing."""
    out = turn.state.outgoing.get(fact.notification_id)
    if out is None or out.state is not NotificationState.SENDING or out.attempts != fact.attempt:
        return False
    _record(turn, out, fact)
    lane = turn.lane(out.channel_id)
    turn.tx.unindex(lane.sending, out.notification_id)
    turn.handled += len(out.listed)
    status = fact.outcome.status
    found = turn.plan.channels.get(out.channel_id)
    if found is not None:
        circuit.note(turn, lane, found.spec.circuit, status)
        if found.channel.rate_limit_per_minute is not None and out.started_at is not None:
            note_late_start(turn, lane, out.started_at, fact.started_at)
    if status is OutcomeStatus.DELIVERED:
        end(turn, out, NotificationState.DELIVERED, detail=fact.outcome.detail)
        told(turn, out)  # once its lines are free, so that a rise meanwhile is owed again
        for episode_id in out.listed:
            episode = turn.state.episodes[episode_id]
            line = turn.line(turn.state.incidents[episode.incident_id], out.channel_id)
            if line.adopted:
                begin_anew(turn, line, episode)
        _repeat_later(turn, out)
        return True
    if status is OutcomeStatus.UNKNOWN:
        turn.tx.edit(out).maybe = True
        told(turn, out)
    if status is OutcomeStatus.REJECTED:
        hand_over(turn, out, NotificationState.REJECTED, Reason.REJECTED, fact.outcome.detail)
    else:
        _try_again(turn, out, fact.outcome)
    return True


def _record(turn: Turn, out: Outgoing, fact: AttemptEnded) -> None:
    ids = alert_ids(turn, out)
    firing = AlertStatus.FIRING in [status for status, _ in out.listed.values()]
    outcome = fact.outcome
    turn.events.append(
        AttemptFinished(
            turn.clock,
            NotificationDelivery(
                delivery_id=f"{out.notification_id}.{out.attempts}",
                notification_id=out.notification_id,
                incident_id=out.incident_id,
                channel_id=out.channel_id,
                alert_id=ids[0] if ids else "",
                kind=str(out.kind),
                status=str(AlertStatus.FIRING if firing else AlertStatus.RESOLVED),
                outcome=outcome.status.value,
                success=outcome.success,
                timestamp=turn.wall(),
                delivery_time_ms=fact.seconds * 1000.0,
                retry_count=out.attempts - 1,
                response_code=outcome.code,
                response_message=outcome.detail,
                alert_ids=ids,
            ),
        )
    )


def told(turn: Turn, out: Outgoing) -> None:
    """Note that the channel knows, or may know, of what was listed; what changed meanwhile is owed again.

    An end that is bridged is not, unless the channel only may know: then it is told of both, the end and what fires,
    where it was told of neither before.
    """
    tx, state = turn.tx, turn.state
    known: list[tuple[Episode, int, Incident, Line]] = []
    for episode_id, (status, rank) in sorted(out.listed.items()):
        if status is not AlertStatus.FIRING:
            continue
        episode = state.episodes[episode_id]
        incident = state.incidents[episode.incident_id]
        line = tx.edit(turn.line(incident, out.channel_id))
        line.told_at = turn.clock
        line.top = max(line.top, rank)
        tx.put_in(episode, line.told, episode_id, max(rank, line.told.get(episode_id, rank)))
        line.sought = min(line.sought, episode.serial)
        known.append((episode, rank, incident, line))
    for episode, rank, incident, line in known:
        if episode.resolved_at is not None:
            if not bridged(turn, line, episode, certain=out.state is NotificationState.DELIVERED):
                owe_resolution(turn, incident, line, episode)
        elif episode.alert.severity.rank > rank:
            consider(turn, incident, episode, out.channel_id)
        else:  # one that was sent again by hand may tell what waits for a flush
            drop_due(turn, line, episode.episode_id)
            drop_waiting(turn, line, episode.episode_id)
        turn.touch(line)


def _repeat_later(turn: Turn, out: Outgoing) -> None:
    """Set the reminder of what still fires, if the aggregator wants one.

    One that is due, or was to come earlier, is in vain where *out* told of all that it would list.
    """
    episodes = turn.state.episodes
    for incident_id in dict.fromkeys([episodes[episode_id].incident_id for episode_id in out.listed]):
        incident = turn.state.incidents[incident_id]
        at = repeat_at(turn, incident)
        line = incident.lines.get(out.channel_id)
        if line is None or not line.told:
            continue
        crowd = len(line.told) > crowds.LISTED
        more = not crowd and _reminds_of_more(turn, line, out)
        if line.repeat and not (crowd or more):
            turn.tx.edit(line).repeat = False
        if turn.grouping(incident).lists_all and not more:
            if at is not None:
                turn.state.agenda.set(turn.tx, Deadline.REPEAT, line.line_id, at)
            elif not crowd:
                turn.state.agenda.cancel(turn.tx, Deadline.REPEAT, line.line_id)
        elif at is not None:
            turn.state.agenda.set_earlier(turn.tx, Deadline.REPEAT, line.line_id, at)


def _reminds_of_more(turn: Turn, line: Line, out: Outgoing) -> bool:
    """Whether the line's reminder would list anything that *out* did not."""
    return any(told_and_open(turn, line, turn.episode(name)) for name in line.told if name not in out.listed)


def _backoff(turn: Turn, out: Outgoing, policy: RetryPolicy) -> float:
    """Return how long to wait; one that was sent again by hand begins anew, whatever it took before."""
    highest = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(out.attempts - out.forgiven, 60))
    return highest * fraction(turn.seed, "retry", out.notification_id, out.attempts)


def _try_again(turn: Turn, out: Outgoing, outcome: Outcome) -> None:
    channel = turn.plan.channels.get(out.channel_id)
    if channel is None:
        hand_over(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING, outcome.detail)
        return
    policy = channel.spec.retry
    at = turn.clock + max(_backoff(turn, out, policy), outcome.retry_after_seconds or 0.0)
    started = turn.clock if out.first_attempt_at is None else out.first_attempt_at
    if out.expired and channel.channel.fallback is not None:
        hand_over(turn, out, NotificationState.DEAD, Reason.FALLBACK_DUE, outcome.detail)
    elif out.attempts - out.forgiven >= policy.max_attempts or at - started > policy.max_age_seconds:
        hand_over(turn, out, NotificationState.DEAD, Reason.EXHAUSTED, outcome.detail)
    else:
        turn.tx.edit(out).state = NotificationState.RETRYING
        if recheck(turn, out):
            turn.state.agenda.set(turn.tx, Deadline.RETRY, out.notification_id, at)
            turn.state.agenda.set(turn.tx, Deadline.EXPIRY, out.notification_id, started + policy.max_age_seconds)
            announce(turn, out, outcome.detail)
            for line in lines_of(turn, out):
                let_follow(turn, line)


def retry_due(turn: Turn, out: Outgoing) -> None:
    """Let a notification whose time has come wait in its lane for another attempt."""
    enqueue(turn, out)


def fallback_due(turn: Turn, out: Outgoing) -> None:
    """Give an undelivered notification to the fallback channel; one under way is given there if its attempt fails.

    One that a rate limit holds, or would, is delayed, not failed: it stays while the channel answers, and is given
    there if its first attempt fails. Any other goes: the channel fails, or is too slow. But where nobody was there in
    time to try (the process was down, or asleep), it is tried first: its time counts from now.
    """
    found = turn.plan.channels.get(out.channel_id)
    if found is None or found.channel.fallback is None:
        return  # a change of the configuration took it away
    lane = turn.lane(out.channel_id)
    limited = out.reason is Reason.RATE_LIMITED or free_at(lane, found.channel, turn.clock) is not None
    if not out.attempted and turn.clock < turn.now.engine - LATE_SECONDS:
        at = turn.now.engine + found.channel.fallback_after_seconds
        turn.state.agenda.set(turn.tx, Deadline.FALLBACK, out.notification_id, at)
    elif out.attempted and out.state is not NotificationState.SENDING:
        hand_over(turn, out, NotificationState.DEAD, Reason.FALLBACK_DUE)
    elif not out.attempted and (lane.failures or not limited):
        for episode_id, mark in compose(turn, lines_of(turn, out)[0]).items():
            turn.tx.put_in(out, out.listed, episode_id, mark)
        hand_over(turn, out, NotificationState.DEAD, Reason.FALLBACK_DUE)
    else:
        turn.tx.edit(out).expired = True
        if not out.attempted:
            turn.state.agenda.set(turn.tx, Deadline.FALLBACK, out.notification_id, turn.clock + _LOOK_AGAIN)


def expired(turn: Turn, out: Outgoing) -> None:
    """Give up a notification that still waits for another attempt at the end of its time; one under way goes on."""
    if out.attempted and out.state is not NotificationState.SENDING:
        hand_over(turn, out, NotificationState.DEAD, Reason.EXHAUSTED)


def hand_over(turn: Turn, out: Outgoing, state: NotificationState, reason: Reason, detail: str = "") -> None:
    """End a notification that failed; what it listed and still fires is told through the fallback channel.

    So are escalation levels, also where the fallback channel knows of the alerts already.
    """
    found = turn.plan.channels.get(out.channel_id)
    fallback = out.fallback if found is None else found.channel.fallback
    firing = [
        episode
        for episode_id, (status, _) in sorted(out.listed.items())
        if status is AlertStatus.FIRING and (episode := turn.episode(episode_id)).firing
    ]
    levels = [(line.incident_id, line.telling) for line in lines_of(turn, out) if line.telling]
    end(turn, out, NotificationState.UNKNOWN if out.maybe else state, reason, detail)
    untold = False
    for incident_id, marks in levels:
        members = [episode for episode in firing if episode.incident_id == incident_id]
        for mark in marks:
            untold |= bool(members) and not _hand_level_over(turn, out, fallback, members, mark)
    why = f"{reason.value}: {detail}" if detail else reason.value
    tell_elsewhere(turn, out.channel_id, fallback, firing, why, lost=untold)


def _usable(turn: Turn, fallback: str | None, passed: tuple[str, ...]) -> str | None:
    return fallback if fallback not in passed and fallback in turn.plan.channels else None


def _hand_level_over(
    turn: Turn, out: Outgoing, fallback: str | None, members: Sequence[Episode], mark: LevelMark
) -> bool:
    """Owe the fallback channel a level, unless that has it already; return whether there is a channel to tell it."""
    passed = (*mark.via, out.channel_id)
    channel_id = _usable(turn, fallback, passed)
    if channel_id is None:
        return False
    wanted = [episode for episode in members if shut_gate(turn, episode, channel_id) is None]
    line = turn.line(turn.state.incidents[members[0].incident_id], channel_id)
    if wanted and not knows_level(turn, line, mark):
        for episode in wanted:
            adopt(turn, line, episode, passed)
        mark_level(turn, line, attrs.evolve(mark, via=passed, due=None))
    return bool(wanted)


def tell_elsewhere(
    turn: Turn, channel_id: str, fallback: str | None, episodes: Sequence[Episode], why: str, *, lost: bool = False
) -> None:
    """Owe the episodes to the *fallback* of the channel that failed; what that does not tell is a gap.

    *lost*: something that the fallback channel could not be owed is a gap in any case.
    """
    untold: list[Episode] = []
    for episode in episodes:
        incident = turn.state.incidents[episode.incident_id]
        passed = (*begin_anew(turn, turn.line(incident, channel_id), episode), channel_id)
        usable = _usable(turn, fallback, passed)
        if usable is None or not consider(turn, incident, episode, usable, passed):
            untold.append(episode)
    if untold:
        others = f" and {len(untold) - 1} more" if len(untold) > 1 else ""
        turn.gap(GapKind.UNDELIVERED, channel_id, f"{why} ({untold[0].alert.alert_id!r:.80}{others})")
    elif lost or not episodes:
        turn.gap(GapKind.UNDELIVERED, channel_id, why)
