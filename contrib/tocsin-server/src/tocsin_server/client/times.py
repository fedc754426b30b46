"""Durations and instants, as people write and read them on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import click

__all__ = ["DURATION", "INSTANT", "age", "duration_text", "now", "parse_instant", "rfc3339", "when"]

_UNITS: Final = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PARTS: Final = re.compile("".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in _UNITS), re.ASCII)
_LONGEST: Final = 100 * 365 * _UNITS["d"]


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """A length of time with its units, the largest first: ``90s``, ``5m``, ``1d12h``; the value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if not isinstance(value, str):
            return float(value)
        found = _PARTS.fullmatch(value)
        if not found or not value:
            hint = f"; {value}s, {value}m or {value}h?" if re.fullmatch(r"[0-9]{1,9}", value) else ""
            self.fail(f"{value!r} is no duration, such as 90s, 5m, 2h or 1d12h{hint}", param, ctx)
        seconds = sum(
            float(count) * unit
            for count, unit in zip(found.groups(), _UNITS.values(), strict=True)
            if count is not None
        )
        if not 0 < seconds <= _LONGEST:
            self.fail(f"{value!r} is not between a moment and a hundred years", param, ctx)
        return seconds


class _Instant(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """An instant as RFC 3339 has it; without an offset it is local time. The value is RFC 3339 in UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the instant."""
        try:
            return rfc3339(datetime.fromisoformat(str(value)).astimezone(UTC))
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no instant, such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00", param, ctx)


DURATION: Final = _Duration()
INSTANT: Final = _Instant()


def rfc3339(instant: datetime) -> str:
    """Return *instant*, which is in UTC, with milliseconds."""
    return instant.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_instant(text: str) -> datetime | None:
    """Return the instant that a daemon sent as *text*, or None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def when(text: str) -> str:
    """Return an instant that a daemon sent in local time; what is no instant stays as it is."""
    instant = parse_instant(text)
    try:
        return text if instant is None else instant.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (OverflowError, OSError, ValueError):
        return text


def age(text: str) -> str:
    """Return how far an instant that a daemon sent is from now, before or after; empty where it is none."""
    instant = parse_instant(text)
    return "" if instant is None else duration_text(abs((now() - instant).total_seconds()))


def duration_text(seconds: float) -> str:
    """Return a length of time by its two largest units, rounded down: ``2h10m``, ``45s``, ``0s``."""
    whole = int(seconds)
    counts: list[tuple[int, str]] = []
    for unit in ("d", "h", "m", "s"):
        size = int(_UNITS[unit])
        counts.append((whole // size, unit))
        whole %= size
    largest = next((place for place, (count, _) in enumerate(counts) if count), len(counts) - 1)
    shown = [f"{count}{unit}" for count, unit in counts[largest : largest + 2] if count]
    return "".join(shown) or "0s"
