"""The watchdog: promises that are late, gaps that somebody has to hear of, and a heartbeat for something outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from tocsin.engine.agenda import Deadline
from tocsin.engine.gaps import OWN_CLUSTER, gap_alert
from tocsin.engine.ids import digest_id
from tocsin.engine.limits import free_at, note_start, takes_a_place
from tocsin.engine.notice import template_of
from tocsin.engine.outgoing import lines_of, look_after
from tocsin.engine.owing import oldest_due
from tocsin.engine.state import Lane, Line, Outgoing
from tocsin.engine.turn import StartAttempt, Turn
from tocsin.model.alert import PerformanceAlert
from tocsin.model.event import HeartbeatSent
from tocsin.model.gap import Gap
from tocsin.model.notification import (
    AlertStatus,
    ListedAlert,
    Notification,
    NotificationKind,
    NotificationState,
)
from tocsin.model.reason import GapKind, Reason
from tocsin.model.severity import AlertSeverity

__all__ = [
    "beat",
    "explained",
    "heartbeat_ended",
    "is_heartbeat",
    "look",
    "off_the_record",
    "start_beating",
]

_HEARTBEAT: Final = "hb"
_UNRECORDED: Final = "gap"
_APART_SECONDS: Final = 0.5
"""A lane is looked at again after so long at the earliest: what is late by then is one gap."""

_BEHIND_SECONDS: Final = 1.0
"""Where a limit counts, a heartbeat goes after what waits already, so that it never takes an alert's place.

What waits for an open circuit has its place when that is probed.
"""


def look(turn: Turn, lane: Lane) -> None:
    """What should be delivered by now and is not, and no reason explains it, is a gap, once.

    What waits for a notification of its incident to end counts as the one that it will be told by.
    """
    late = [missed for out in _promised(turn, lane) for missed in _missed(turn, lane, out)]
    if late:
        turn.gap(GapKind.LATE, lane.channel_id, f"{len(late)} notifications are late, the oldest is {min(late)[2]}")
    first = lane.promised.first()
    if first is not None:
        at = max(first[0] + turn.plan.config.watchdog.within_seconds, turn.clock + _APART_SECONDS)
        turn.state.agenda.set(turn.tx, Deadline.PROMISE, lane.channel_id, at)


def _promised(turn: Turn, lane: Lane) -> list[Outgoing]:
    """Take the notifications off the lane's order that are to be looked at now, and return them, the oldest first."""
    taken: list[Outgoing] = []
    while (first := lane.promised.first()) is not None and not _in_time(turn, first[0]):
        lane.promised.drop(turn.tx, first[1])
        taken.append(turn.state.outgoing[first[1]])
    return sorted(taken, key=lambda out: out.serial)


def _in_time(turn: Turn, due_at: float) -> bool:
    return due_at + turn.plan.config.watchdog.within_seconds > turn.clock


def _missed(turn: Turn, lane: Lane, out: Outgoing) -> list[tuple[float, int, str]]:
    """Return what is late now of a notification and of what waits for it; the rest is looked at in its time."""
    left: list[float] = []
    late: list[tuple[float, int, str]] = []
    for owed, due_at, why in _owed(turn, out):
        if _in_time(turn, due_at):
            left.append(due_at)
        elif _limit_explains(turn, lane, out):
            left.append(turn.clock)
        else:
            late.append((due_at, out.serial, why))
            turn.tx.edit(owed).late = True
    if any(not line.late and (line.due or line.levels) for line in _behind(turn, out)):
        left.append(turn.clock)  # a gate may be shut for it now, and open without a word
    look_after(turn, out, min(left, default=None))
    return late


def _owed(turn: Turn, out: Outgoing) -> Iterator[tuple[Outgoing | Line, float, str]]:
    """Yield what was not missed yet, since when it is due, and why it is not delivered: it, and what waits for it."""
    if not out.late:
        yield out, out.due_at if out.limited_until is None else out.limited_until, _why(out)
    for line in _behind(turn, out):
        due_at = None if line.late else oldest_due(turn, line)
        if due_at is not None:
            yield line, due_at, f"waiting for one that is {_why(out)}"


def _behind(turn: Turn, out: Outgoing) -> Iterator[Line]:
    """Yield the lines whose next notification waits for it: its own, if it was attempted, and those that go second."""
    for line in lines_of(turn, out):
        if out.attempted and line.current == out.notification_id:
            yield line
        for follower in filter(None, map(turn.line_by_id, line.followers)):
            if follower.current is None:
                yield follower


def explained(out: Outgoing) -> bool:
    """Whether a limit, and no failure, keeps the notification from its first attempt."""
    return out.state is NotificationState.HELD and out.reason is Reason.RATE_LIMITED


def _limit_explains(turn: Turn, lane: Lane, out: Outgoing) -> bool:
    """Whether it waits for the channel's limit; not where the circuit is open, for then the receiver fails."""
    return lane.probe_at is None and (explained(out) or (out.queued and _limited(turn, lane)))


def _limited(turn: Turn, lane: Lane) -> bool:
    channel = turn.plan.channels.get(lane.channel_id)
    return channel is not None and free_at(lane, channel.channel, turn.now.engine) is not None


def _why(out: Outgoing) -> str:
    reason = "" if out.reason is None else f" ({out.reason.value})"
    return f"{out.state.value}{reason} after {out.attempts} attempts"


def start_beating(turn: Turn) -> None:
    """Send the first heartbeat now, if there are to be any; one that is due later is sent as it is configured now."""
    agenda, seconds = turn.state.agenda, turn.plan.config.watchdog.heartbeat_seconds
    if seconds is None:
        agenda.cancel(turn.tx, Deadline.HEARTBEAT, "")
    elif (int(Deadline.HEARTBEAT), "") in agenda:
        agenda.set_earlier(turn.tx, Deadline.HEARTBEAT, "", turn.clock + seconds)
    else:
        agenda.set(turn.tx, Deadline.HEARTBEAT, "", turn.clock)


def beat(turn: Turn) -> None:
    """Send a heartbeat; those that a sleep or a stop left out are not made up for, and a limit delays it."""
    watchdog = turn.plan.config.watchdog
    if watchdog.heartbeat_seconds is None or watchdog.heartbeat_channel is None:
        return
    turn.state.agenda.set(turn.tx, Deadline.HEARTBEAT, "", turn.now.engine + watchdog.heartbeat_seconds)
    channel = turn.plan.channels.get(watchdog.heartbeat_channel)
    if channel is None or not channel.channel.enabled:
        turn.gap(GapKind.HEARTBEAT_FAILED, watchdog.heartbeat_channel, "there is no such channel, or it is disabled")
        return
    lane = turn.lane(watchdog.heartbeat_channel)
    later = free_at(lane, channel.channel, turn.now.engine)
    if later is None and lane.queue.first() is not None and takes_a_place(lane, channel.channel, turn.now.engine):
        later = turn.now.engine + _BEHIND_SECONDS
    if later is not None:
        turn.state.agenda.set(turn.tx, Deadline.HEARTBEAT, "", later)
        return
    note_start(turn, lane, channel.channel)
    turn.tx.edit(turn.state).heartbeats += 1
    notification = _heartbeat(turn, watchdog.heartbeat_channel)
    turn.tell(HeartbeatSent(turn.clock, notification.notification_id, notification.channel_id))
    turn.starts.append(StartAttempt(notification, channel, template_of(turn, notification)))


def _heartbeat(turn: Turn, channel_id: str) -> Notification:
    alert = PerformanceAlert(
        alert_id="tocsin:heartbeat",
        cluster_id=OWN_CLUSTER,
        severity=AlertSeverity.INFO,
        metric_name="tocsin_heartbeat",
        message="tocsin is alive",
        timestamp=turn.wall(),
    )
    incident_id = digest_id(_HEARTBEAT, turn.seed)
    notification_id = digest_id(_HEARTBEAT, turn.seed, turn.state.heartbeats)
    return _own(turn, notification_id, incident_id, channel_id, NotificationKind.HEARTBEAT, alert)


def _own(
    turn: Turn, notification_id: str, incident_id: str, channel_id: str, kind: NotificationKind, alert: PerformanceAlert
) -> Notification:
    """Return a notification of tocsin's own, which belongs to no incident."""
    return Notification(
        notification_id=notification_id,
        incident_id=incident_id,
        channel_id=channel_id,
        kind=kind,
        status=AlertStatus.FIRING,
        severity=alert.severity,
        alerts=(ListedAlert(alert, AlertStatus.FIRING, 1, turn.wall()),),
        incidents=(),
        created_at=turn.wall(),
    )


def off_the_record(turn: Turn, gap: Gap) -> StartAttempt | None:
    """Return the attempt that tells the watchdog's channel of a gap which cannot be recorded, if there is a channel.

    It is the only one, passes no aggregation, limit or circuit, and has an id of its own: nothing is known of it
    afterwards, and the gap is told again when it can be recorded.
    """
    channel_id = turn.plan.config.watchdog.channel_id
    channel = None if channel_id is None else turn.plan.channels.get(channel_id)
    if channel_id is None or channel is None or not channel.channel.enabled:
        return None
    alert = attrs.evolve(gap_alert(gap), timestamp=turn.wall())
    incident_id = digest_id(_UNRECORDED, turn.seed, alert.alert_id)
    notification_id = digest_id(_UNRECORDED, turn.seed, alert.alert_id, repr(turn.wall()))
    notification = _own(turn, notification_id, incident_id, channel_id, NotificationKind.FIRING, alert)
    return StartAttempt(notification, channel, template_of(turn, notification))


def is_heartbeat(notification_id: str) -> bool:
    """Whether a notification is a heartbeat: one attempt, and the next one in its time."""
    return notification_id.startswith(f"{_HEARTBEAT}_")


def heartbeat_ended(turn: Turn, success: bool, detail: str) -> bool:
    """Take in what came of a heartbeat; return whether it is worth noting."""
    if success:
        return False
    channel_id = turn.plan.config.watchdog.heartbeat_channel or "?"
    turn.gap(GapKind.HEARTBEAT_FAILED, channel_id, detail)
    return True
