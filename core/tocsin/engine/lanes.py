"""Lanes: one per channel. When an attempt starts, what a rate limit holds, and what merges into a digest."""

from __future__ import annotations

from itertools import islice

from tocsin.engine import crowds
from tocsin.engine.agenda import Deadline
from tocsin.engine.circuit import closed_until, probing
from tocsin.engine.crossing import crosses, told_by, told_first
from tocsin.engine.ids import digest_id
from tocsin.engine.limits import free_at, note_start
from tocsin.engine.lines import compose, settle
from tocsin.engine.notice import notification_of, template_of
from tocsin.engine.outgoing import announce, end, lines_of, live, next_serial, promise
from tocsin.engine.plan import ChannelPlan
from tocsin.engine.recheck import recheck
from tocsin.engine.state import Lane, Line, Outgoing
from tocsin.engine.turn import StartAttempt, Turn
from tocsin.engine.watchdog import explained
from tocsin.model.notification import NotificationKind, NotificationState
from tocsin.model.reason import GapKind, Reason

__all__ = ["pump"]

_DIGESTED = 100
"""So many notifications go into one digest at most, for a step that makes one keeps all else waiting."""

_DIGESTED_ANEW = 1000
"""So many after a new configuration, which is rare: a channel that is newly reached is to get one."""

_HANDLED = 100
"""Once attempts that ended or began in a step list so many, the next one begins in another step."""

_QUEUED = 250
"""So many notifications may wait for a channel; when there are more, they go into a digest."""


def pump(turn: Turn, lane: Lane) -> None:
    """Start what may start now; hold the rest."""
    channel = turn.plan.channels.get(lane.channel_id)
    while channel is not None:
        first = lane.queue.first()
        if first is None or len(lane.sending) >= (1 if probing(lane) else channel.spec.concurrency):
            _make_room(turn, lane, channel)
            return
        reason = _kept_back(turn, lane, channel)
        if reason is not None:
            _hold(turn, lane, reason)
            return
        if turn.handled >= _HANDLED:  # the next step lists more
            turn.state.agenda.set(turn.tx, Deadline.LANE, lane.channel_id, turn.now.engine)
            _make_room(turn, lane, channel, places=channel.spec.concurrency - len(lane.sending))
            return
        out = turn.state.outgoing[first[1]]
        told = told_by(turn, out)
        other = None if out.attempts else told_first(turn, out, told)
        if other is not None:
            out, told = other, told_by(turn, other)
        if crosses(turn, lane, out, told) or (not out.attempts and _waits_for_a_review(turn, out)):
            return  # the lane is pumped again when that ends
        if out.attempts:
            if recheck(turn, out):
                _start(turn, lane, channel, out)
        else:
            _first_attempt(turn, lane, channel, out)


def _make_room(turn: Turn, lane: Lane, channel: ChannelPlan, places: int = 0) -> None:
    """Hold what waits for a place in the lane, so that it can go in a digest, if that is too much.

    :param places: how many of them the lane could still take.
    """
    if turn.reloading and not channel.spec.per_incident:
        _hold(turn, lane, Reason.RELOADED)
    elif len(lane.unheld) > _QUEUED + places:
        _hold(turn, lane, Reason.QUEUE_FULL)


def _waits_for_a_review(turn: Turn, out: Outgoing) -> bool:
    """Whether more may be listed soon: one digest tells what a channel newly reaches, one notification an incident."""
    state = turn.state
    if state.gathering or not state.review_member:
        return state.gathering
    return any(turn.walked_through(turn.incident(line)) for line in lines_of(turn, out))


def _kept_back(turn: Turn, lane: Lane, channel: ChannelPlan) -> Reason | None:
    """Return why no attempt may start now, or None; if there is a reason, a deadline stands where it ends."""
    probe_at = None if lane.probe_at is None else closed_until(turn, lane)
    if probe_at is not None:
        turn.state.agenda.set(turn.tx, Deadline.LANE, lane.channel_id, probe_at)
        return Reason.CIRCUIT_OPEN
    limited = channel.channel.rate_limit_per_minute is not None and _limited(turn, lane, channel)
    return Reason.RATE_LIMITED if limited else None


def _limited(turn: Turn, lane: Lane, channel: ChannelPlan) -> bool:
    """Whether the channel's limit is reached; if so, a deadline stands where it lets the next attempt start."""
    frees = free_at(lane, channel.channel, turn.now.engine)
    if frees is None:
        return False
    turn.state.agenda.set(turn.tx, Deadline.LANE, lane.channel_id, frees)
    return True


def _hold(turn: Turn, lane: Lane, reason: Reason) -> None:
    for notification_id in sorted(lane.unheld, key=lambda name: turn.state.outgoing[name].serial):
        turn.tx.unindex(lane.unheld, notification_id)
        out = turn.tx.edit(turn.state.outgoing[notification_id])
        out.state, out.reason = NotificationState.HELD, reason
        announce(turn, out)


def _first_attempt(turn: Turn, lane: Lane, channel: ChannelPlan, out: Outgoing) -> None:
    """Freeze what the notification lists and start it, alone or in a digest with others that were held."""
    line = lines_of(turn, out)[0]
    if out.notification_id not in turn.fresh:
        settle(turn, line)
    if line.current != out.notification_id:
        return
    together = _together(turn, lane, channel, out)
    if len(together) > 1:
        _start_digest(turn, lane, channel, together)
        return
    listed = compose(turn, line)
    if not listed:
        end(turn, out, NotificationState.CANCELLED, Reason.RESOLVED)
        return
    for episode_id, mark in listed.items():
        turn.tx.put_in(out, out.listed, episode_id, mark)
    if line.due or line.levels:
        promise(turn, out, turn.clock)  # what found no room in it waits for it
    _start(turn, lane, channel, out)


def _together(turn: Turn, lane: Lane, channel: ChannelPlan, out: Outgoing) -> list[Outgoing]:
    """Return the notifications that go in one digest with *out*, itself included, in order of rank.

    What takes a place that a limit gives takes along what was held before it: the next place may be a minute away, and
    somebody else's again.
    """
    limited = channel.channel.rate_limit_per_minute is not None and len(lane.unheld) < len(lane.queue)
    if channel.spec.per_incident or not (out.state is NotificationState.HELD or limited or turn.reloading):
        return [out]
    waiting = (turn.state.outgoing[notification_id] for notification_id in lane.queue.in_order())
    candidates = (other for other in waiting if other is out or _may_be_digested(turn, lane, other))
    anew = turn.reloading or out.reason is Reason.RELOADED
    return list(islice(candidates, _DIGESTED_ANEW if anew else _DIGESTED))


def _may_be_digested(turn: Turn, lane: Lane, out: Outgoing) -> bool:
    """Whether it may go in a digest now; if the end of an alert goes before it, that may be in the same one."""
    if not _is_held(turn, out):
        return False
    told = told_by(turn, out)
    if crosses(turn, lane, out, told):
        return False
    first = told_first(turn, out, told)
    return first is None or _is_held(turn, first)


def _is_held(turn: Turn, out: Outgoing) -> bool:
    return not out.attempted and (out.state is NotificationState.HELD or turn.reloading)


def _start_digest(turn: Turn, lane: Lane, channel: ChannelPlan, together: list[Outgoing]) -> None:
    ordinal = lane.digests
    turn.tx.edit(lane).digests = ordinal + 1
    name = digest_id("ntf", turn.seed, "", lane.channel_id, NotificationKind.DIGEST.value, ordinal)
    digest = Outgoing(
        name,
        name,
        lane.channel_id,
        NotificationKind.DIGEST,
        ordinal,
        together[0].rank,
        min(out.due_at for out in together),
        min(out.created_wall for out in together),
        next_serial(turn),
        late=any(out.late for out in together),
        limited_until=turn.now.engine if all(map(explained, together)) else None,
    )
    live(turn, digest)
    taken: list[Line] = []
    for out in together:
        if len(digest.listed) >= crowds.DIGESTED:
            break
        line = lines_of(turn, out)[0]
        listed = compose(turn, line)
        for episode_id, mark in listed.items():
            turn.tx.put_in(digest, digest.listed, episode_id, mark)
        if listed:
            end(turn, out, NotificationState.MERGED, Reason.DIGESTED, name)
            turn.tx.edit(line).current = name
            taken.append(line)
        else:
            end(turn, out, NotificationState.CANCELLED, Reason.RESOLVED)
    digest.parts = tuple(line.line_id for line in taken)
    if taken:
        _start(turn, lane, channel, digest)
    else:
        end(turn, digest, NotificationState.CANCELLED, Reason.RESOLVED)


def _start(turn: Turn, lane: Lane, channel: ChannelPlan, out: Outgoing) -> None:
    tx = turn.tx
    lane.queue.drop(tx, out.notification_id)
    tx.unindex(lane.unheld, out.notification_id)
    tx.index(lane.sending, out.notification_id, None)
    note_start(turn, lane, channel.channel)
    if explained(out):
        tx.edit(out).limited_until = turn.now.engine
    turn.handled += len(out.listed)
    tx.edit(out).queued = False
    out.attempts += 1
    out.started_at = turn.now.engine
    out.state, out.reason = NotificationState.SENDING, None
    if out.first_attempt_at is None:
        out.first_attempt_at = turn.now.engine
    announce(turn, out)
    notification = notification_of(turn, out)
    template_name = channel.channel.template_name
    if template_name is not None and template_name not in turn.plan.config.templates:
        turn.gap(GapKind.MISSING_TEMPLATE, lane.channel_id, f"no template is called {template_name!r}")
    turn.starts.append(StartAttempt(notification, channel, template_of(turn, notification)))
