"""Instants and durations as people and files write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

__all__ = ["duration_text", "parse_duration", "parse_instant"]

_UNITS: Final = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[wdhms])?")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|[wdhms]))+|[0-9]+(?:\.[0-9]+)?")


def parse_instant(value: Any) -> float:
    """Return seconds since the epoch (UTC) for a number of them, for ISO 8601, or for a date and time as YAML has them.

    Without a zone it is UTC.

    :raises ValueError: when it is neither; the message says what would be right.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return _utc(datetime.combine(value, time()))
    if isinstance(value, str):
        try:
            return _utc(datetime.fromisoformat(value.strip().upper()))
        except (ValueError, OverflowError):
            pass
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if math.isfinite(seconds):
            return seconds
    raise ValueError(f"expected an instant such as 2026-01-31T12:00:00Z, or seconds since the epoch, not {value!r:.60}")


def _utc(read: datetime) -> float:
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def parse_duration(value: Any) -> float:
    """Return seconds for a number of them, or for a text such as ``90s`` or ``1h30m``; units are w, d, h, m, s, ms.

    :raises ValueError: when it is neither, or negative; the message says what would be right.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        return sum(float(number) * _UNITS[unit or "s"] for number, unit in _PART.findall(value))
    raise ValueError(f"expected a duration such as 90s, 15m or 1h30m, or seconds, not {value!r:.60}")


def duration_text(seconds: float) -> str:
    """Return a length of time as people write it: ``1h30m``, ``90s`` as ``1m30s``, ``0s``."""
    whole = int(seconds)
    if whole != seconds:
        return f"{seconds:.6f}".rstrip("0") + "s"
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
