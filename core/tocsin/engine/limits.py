"""Limits: how many attempts may start on a channel in any minute, by a log of the latest starts."""

from __future__ import annotations

from typing import Final

from tocsin.engine.state import Lane
from tocsin.engine.turn import Turn
from tocsin.model.channel import NotificationChannel

__all__ = ["free_at", "note_start"]

_MINUTE: Final = 60.0
_STARTS_KEPT: Final = 600


def free_at(lane: Lane, channel: NotificationChannel, now: float) -> float | None:
    """Return when the channel's limit lets the next attempt start, in engine time; None: now."""
    limit = channel.rate_limit_per_minute
    if limit is None or len(lane.starts) < limit:
        return None
    frees = lane.starts[-limit] + _MINUTE
    return None if now >= frees else frees


def note_start(turn: Turn, lane: Lane, channel: NotificationChannel) -> None:
    """Write down that an attempt starts now."""
    kept = max(channel.rate_limit_per_minute or 0, _STARTS_KEPT) - 1
    turn.tx.edit(lane).starts = (*lane.starts[-kept:], turn.now.engine)
