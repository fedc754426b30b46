"""Limits: how many attempts may start on a channel in any minute, by a log of the latest starts."""

from __future__ import annotations

from bisect import insort
from typing import Final

from tocsin.engine.state import Lane
from tocsin.engine.turn import Turn
from tocsin.model.channel import NotificationChannel

__all__ = ["free_at", "note_late_start", "note_start", "takes_a_place"]

_MINUTE: Final = 60.0
_STARTS_KEPT: Final = 600


def free_at(lane: Lane, channel: NotificationChannel, now: float) -> float | None:
    """Return when the channel's limit lets the next attempt start, in engine time; None: now."""
    limit = channel.rate_limit_per_minute
    if limit is None or len(lane.starts) < limit:
        return None
    frees = lane.starts[-limit] + _MINUTE
    return None if now >= frees else frees


def takes_a_place(lane: Lane, channel: NotificationChannel, now: float) -> bool:
    """Whether an attempt that starts now leaves no place for the next one of what waits.

    That one starts now too or, while the circuit is open, when it is probed.
    """
    limit = channel.rate_limit_per_minute
    if limit is None:
        return False
    if lane.probe_at is None:
        return True
    recent = [at for at in (*lane.starts[-limit:], now) if at > lane.probe_at - _MINUTE]
    return len(recent) >= limit


def note_start(turn: Turn, lane: Lane, channel: NotificationChannel) -> None:
    """Write down that an attempt starts now."""
    kept = max(channel.rate_limit_per_minute or 0, _STARTS_KEPT) - 1
    turn.tx.edit(lane).starts = (*lane.starts[-kept:], turn.now.engine)


def note_late_start(turn: Turn, lane: Lane, decided_at: float, started_at: float | None) -> None:
    """Write down that an attempt which was to start at *decided_at* did so later, for its commit took a while."""
    if started_at is None or started_at <= decided_at or decided_at not in lane.starts:
        return
    starts = list(lane.starts)
    starts.remove(decided_at)
    insort(starts, min(started_at, turn.now.engine))
    turn.tx.edit(lane).starts = tuple(starts)
