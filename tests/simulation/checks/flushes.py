"""Flushes: the instants at which a group is told, and when it is told again: docs/how-to/group-alerts.md."""

from __future__ import annotations

import math

from tests.simulation.checks.reading import Plain

__all__ = ["last_flush", "next_flush", "reminder_at"]

_CLOSE = 1e-3


def _flush_at(settings: Plain, opened: float, count: int) -> float:
    """The instant of a group's flush: the first after its wait, the others at its interval."""
    return float(opened + settings["group_wait_seconds"] + count * settings["group_interval_seconds"])


def _number(settings: Plain, opened: float, now: float) -> float:
    return float((now - opened - settings["group_wait_seconds"]) / settings["group_interval_seconds"])


def next_flush(settings: Plain, opened: float, now: float) -> float:
    """The first flush that is not before *now*."""
    return _flush_at(settings, opened, max(0, math.ceil(_number(settings, opened, now - _CLOSE))))


def last_flush(settings: Plain, opened: float, now: float) -> int:
    """The number of the latest flush that is not after *now*; none was: of the first."""
    return max(0, math.floor(_number(settings, opened, now + _CLOSE)))


def reminder_at(settings: Plain, opened: float, told: float) -> float | None:
    """When a channel that was told at *told* is reminded: the interval after that flush, rounded up to a flush."""
    repeat = settings["repeat_interval_seconds"]
    if repeat is None:
        return None
    flushes = math.ceil(repeat / settings["group_interval_seconds"] - 1e-9)
    return _flush_at(settings, opened, last_flush(settings, opened, told) + flushes)
