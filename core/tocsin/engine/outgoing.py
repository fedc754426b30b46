"""Notifications from creation to end: the tokens that travel through the lanes."""

from __future__ import annotations

from typing import Final

from tocsin.engine.agenda import Deadline
from tocsin.engine.ids import digest_id
from tocsin.engine.state import Episode, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.event import NotificationChanged
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.reason import Reason

__all__ = [
    "Listed",
    "alert_ids",
    "announce",
    "create",
    "end",
    "enqueue",
    "in_listing_order",
    "let_follow",
    "lines_of",
    "live",
    "look_after",
    "next_serial",
    "promise",
    "unshelve",
]

Listed = dict[str, tuple[AlertStatus, int]]

_SHELVED: Final = 10_000
_GIVEN_UP: Final = frozenset({NotificationState.DEAD, NotificationState.REJECTED, NotificationState.UNKNOWN})


def alert_ids(turn: Turn, out: Outgoing, listed: Listed | None = None) -> tuple[str, ...]:
    """Return the ids of the alerts that the notification lists, without duplicates, in the order of its listing.

    *listed*: what it listed before, where that is told of.
    """
    table = out.listed if listed is None else listed
    if not table:
        return ()
    return tuple(dict.fromkeys([episode.alert.alert_id for episode, _ in in_listing_order(turn, table)]))


def in_listing_order(turn: Turn, listed: Listed) -> list[tuple[Episode, AlertStatus]]:
    """Return what is listed as a notification tells it: firing ones first, then the most severe, then the oldest."""
    episodes = turn.state.episodes
    found = [(episodes[episode_id], status) for episode_id, (status, _) in listed.items()]
    if len(found) > 1:
        found.sort(key=_listing_rank)
    return found


def _listing_rank(pair: tuple[Episode, AlertStatus]) -> tuple[bool, int, float, str, int]:
    episode, status = pair
    alert = episode.alert
    return (status is not AlertStatus.FIRING, -alert.severity.rank, episode.fired_at, alert.alert_id, episode.n)


def announce(turn: Turn, out: Outgoing, detail: str = "", listed: Listed | None = None) -> None:
    """Tell observers where the notification stands; *listed* as for :func:`alert_ids`."""
    turn.events.append(
        NotificationChanged(
            turn.clock,
            out.notification_id,
            out.incident_id,
            out.channel_id,
            str(out.kind),
            out.state,
            out.reason,
            out.attempts,
            alert_ids(turn, out, listed),
            detail,
            out.ordinal,
            out.level,
            out.policy_id,
        )
    )


def lines_of(turn: Turn, out: Outgoing) -> list[Line]:
    """Return the lines whose current notification it is: one, or a digest's several."""
    if out.parts:
        return [line for line in map(turn.line_by_id, out.parts) if line is not None]
    incident = turn.state.incidents.get(out.incident_id)
    line = None if incident is None else incident.lines.get(out.channel_id)
    return [] if line is None else [line]


def next_serial(turn: Turn) -> int:
    """Return the number of the next notification."""
    serial = turn.state.notifications_made
    turn.tx.edit(turn.state).notifications_made = serial + 1
    return serial


def create(turn: Turn, line: Line, kind: NotificationKind, ordinal: int, rank: int, due_at: float) -> Outgoing:
    """Make the line's next notification, of what is due since *due_at*; it is queued by :func:`enqueue`."""
    notification_id = digest_id("ntf", turn.seed, line.incident_id, line.channel_id, str(kind), ordinal)
    out = Outgoing(
        notification_id,
        line.incident_id,
        line.channel_id,
        kind,
        ordinal,
        rank,
        due_at,
        turn.wall(),
        next_serial(turn),
        late=line.late,
    )
    turn.tx.edit(line)
    line.current, line.late = notification_id, False
    turn.tx.add(turn.state.outgoing, notification_id, out)
    _look_after(turn, out)
    return out


def live(turn: Turn, out: Outgoing) -> None:
    """Let the notification live: it is looked after until its end."""
    turn.tx.put(turn.state.outgoing, out.notification_id, out)
    _look_after(turn, out)


def _look_after(turn: Turn, out: Outgoing) -> None:
    turn.tx.index(turn.lane(out.channel_id).live, out.notification_id, None)
    _expect_fallback(turn, out)
    promise(turn, out, 0.0 if _waited_for(turn, out) else out.due_at)


def promise(turn: Turn, out: Outgoing, since: float) -> None:
    """Have the watchdog look after what is due since *since*: the notification, or what waits for it to end."""
    known = turn.state.lanes[out.channel_id].promised.ranks.get(out.notification_id)
    if known is None or since < known:
        look_after(turn, out, since)
    at = since + turn.plan.config.watchdog.within_seconds
    turn.state.agenda.set_earlier(turn.tx, Deadline.PROMISE, out.channel_id, max(turn.clock, at))


def look_after(turn: Turn, out: Outgoing, since: float | None) -> None:
    """Let the watchdog's next look at the notification count from *since*; None: there is none."""
    promised = turn.state.lanes[out.channel_id].promised
    if out.promised != since:
        turn.tx.edit(out).promised = since
    if since is None:
        promised.drop(turn.tx, out.notification_id)
    else:
        promised.put(turn.tx, out.notification_id, since)


def _waited_for(turn: Turn, out: Outgoing) -> bool:
    """Whether something waits already for it to end, and may have waited for long."""
    for line in lines_of(turn, out):
        for follower in map(turn.line_by_id, line.followers):
            if follower is not None and follower.current is None and (follower.due or follower.levels):
                return True
    return False


def _expect_fallback(turn: Turn, out: Outgoing) -> None:
    """Note the fallback of the notification's channel, and set the deadline at which that one's turn comes."""
    found = turn.plan.channels.get(out.channel_id)
    if found is not None and found.channel.fallback is not None:
        out.fallback = found.channel.fallback
        at = out.due_at + found.channel.fallback_after_seconds
        if at <= turn.clock and out.kind is NotificationKind.DIGEST:  # of what was held that long; it starts now
            out.expired = True
        else:
            turn.state.agenda.set(turn.tx, Deadline.FALLBACK, out.notification_id, max(turn.clock, at))


def enqueue(turn: Turn, out: Outgoing) -> None:
    """Let the notification wait in its lane for an attempt."""
    lane = turn.lane(out.channel_id)
    turn.tx.edit(out).queued = True
    lane.queue.put(turn.tx, out.notification_id, out.queue_rank)
    if not out.attempts and out.state is NotificationState.QUEUED:
        turn.tx.index(lane.unheld, out.notification_id, None)


def end(
    turn: Turn,
    out: Outgoing,
    state: NotificationState,
    reason: Reason | None = None,
    detail: str = "",
    listed: Listed | None = None,
) -> None:
    """End the notification in *state*; its lines are free for their next one. *listed* as for :func:`alert_ids`.

    The levels of one that is cancelled are owed again: those that they name may only be muted now.
    """
    tx, notification_id = turn.tx, out.notification_id
    tx.edit(out)
    out.state, out.reason, out.detail, out.queued = state, reason, detail, False
    announce(turn, out, detail, listed)
    lane = turn.lane(out.channel_id)
    lane.queue.drop(tx, notification_id)
    tx.unindex(lane.unheld, notification_id)
    tx.unindex(lane.sending, notification_id)
    tx.unindex(lane.live, notification_id)
    lane.promised.drop(tx, notification_id)
    out.promised = 0.0
    tx.drop(turn.state.outgoing, notification_id)
    turn.state.agenda.cancel(tx, Deadline.RETRY, notification_id)
    turn.state.agenda.cancel(tx, Deadline.FALLBACK, notification_id)
    turn.state.agenda.cancel(tx, Deadline.EXPIRY, notification_id)
    if state in _GIVEN_UP and out.listed:
        _shelve(turn, out)
    freed = lines_of(turn, out)
    for line in freed:
        if line.current == notification_id:
            tx.edit(line).current = None
            if state is NotificationState.CANCELLED:
                line.levels = (*line.telling, *line.levels)
            if state is not NotificationState.MERGED:  # then the digest tells them
                line.telling = ()
            turn.touch(line)
    for line in freed:
        let_follow(turn, line)


def _shelve(turn: Turn, out: Outgoing) -> None:
    """Keep a notification that was given up, to be sent again by hand."""
    tx, state = turn.tx, turn.state
    out.ended_at, out.alert_ids = turn.clock, alert_ids(turn, out)
    tx.put(state.undelivered, out.notification_id, out)
    state.shelf.put(tx, out.notification_id, out.serial)
    at = turn.clock + turn.plan.config.retain_deliveries_seconds
    state.agenda.set(tx, Deadline.DISCARD, out.notification_id, at)
    if len(state.shelf) > _SHELVED:
        oldest = state.shelf.first()
        assert oldest is not None, "there are many"
        unshelve(turn, oldest[1])


def unshelve(turn: Turn, notification_id: str) -> None:
    """Let go of a notification that was given up."""
    turn.tx.drop(turn.state.undelivered, notification_id)
    turn.state.shelf.drop(turn.tx, notification_id)
    turn.state.agenda.cancel(turn.tx, Deadline.DISCARD, notification_id)


def let_follow(turn: Turn, line: Line) -> None:
    """Look again at the lines that wait for this one to go first."""
    if line.followers:
        for follower in filter(None, map(turn.line_by_id, line.followers)):
            turn.touch(follower)
