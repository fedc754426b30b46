"""Instants and lengths of time, as people write and read them on the command line."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import click

from tocsin.lab.instants import parse_duration

__all__ = ["AT", "At", "Clockface", "instant", "length", "local", "within"]

_UNITS: Final = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SHORTEST_SECONDS: Final = 1e-3
_LONGEST_SECONDS: Final = 7 * 86_400.0
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


def length(seconds: float) -> str:
    """Return a length of time by its two largest units: ``2h10m``, ``45s``, ``0s``."""
    left = round(seconds)
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, int(size))
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
    return "".join(parts[:2]) or "0s"


@attrs.frozen(slots=True)
class At:
    """An instant, or one that is so many seconds after another."""

    seconds: float
    relative: bool = False

    def after(self, start: float) -> float:
        """Return the instant, in seconds since the epoch; *start* is what a relative one counts from."""
        instant = start + self.seconds if self.relative else self.seconds
        if instant < 0:
            raise click.UsageError(f"--at: {length(-self.seconds)} ago is before 1970, where time begins here")
        return instant


class _AtType(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> At:
        """Return the instant that *value* stands for."""
        found = _read(str(value))
        if found is None or not (found.relative or found.seconds >= 0) or abs(found.seconds) > _LAST:
            self.fail(f"{value!r} is no instant, such as 2026-01-31T12:00:00Z, 1769860800, +5m or -1h", param, ctx)
        return found


def _read(text: str) -> At | None:
    if text.startswith(("+", "-")):
        try:
            return At(float(f"{text[0]}{parse_duration(text[1:])}"), relative=True)
        except ValueError:
            return None
    try:
        number = float(text)
        return At(number) if math.isfinite(number) else None
    except ValueError:
        pass
    try:
        return At(datetime.fromisoformat(text).timestamp())  # without an offset it is local time
    except (ValueError, OverflowError, OSError):
        return None


AT: Final = _AtType()


def instant(value: str) -> float:
    """Return the instant that a value stands for, in seconds since the epoch; without an offset it is local time."""
    found = _read(value)
    if found is None or found.relative or not 0 <= found.seconds <= _LAST:
        raise click.BadParameter(f"{value!r} is no instant, such as 2026-01-31T12:00:00Z or 1769860800")
    return found.seconds


def within(value: str) -> float:
    """Return the seconds of a length of time, which has its unit with it."""
    if value.isdecimal():
        raise click.BadParameter(f"{value!r} has no unit: write {value}s, {value}m or {value}h")
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        raise click.BadParameter(f"{value!r} is not between a millisecond and a week")
    return seconds


@attrs.frozen(slots=True)
class Clockface:
    """Shows instants (seconds since the epoch) in local time, beside the one that is asked about."""

    now: float

    def whole(self) -> str:
        """Return the instant that is asked about, with its day."""
        return local(self.now, "%a %Y-%m-%d %H:%M:%S %z")

    def show(self, instant: float) -> str:
        """Return an instant, with its day where that is another one, and how far off it is."""
        today = local(self.now, "%Y-%m-%d") == local(instant, "%Y-%m-%d")
        shown = local(instant, "%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")
        off = instant - self.now
        if abs(off) < 0.5:
            return f"{shown} (now)"
        return f"{shown} (in {length(off)})" if off > 0 else f"{shown} ({length(-off)} ago)"


def local(instant: float, form: str) -> str:
    """Return an instant in local time, in the form that ``strftime`` takes; one outside the calendar as a number."""
    try:
        return datetime.fromtimestamp(instant, UTC).astimezone().strftime(form)
    except (ValueError, OverflowError, OSError):
        return repr(instant)
