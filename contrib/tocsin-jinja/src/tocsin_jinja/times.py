"""Instants and durations in words: in the layouts of Go's package time, which Alertmanager's templates have."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from tocsin_jinja.values import Duration, Instant

__all__ = ["date", "humanize_duration", "tz"]


def _offset(separator: str, zulu: bool) -> Callable[[datetime], str]:
    def shown(when: datetime) -> str:
        seconds = int((when.utcoffset() or timedelta()).total_seconds())
        if zulu and not seconds:
            return "Z"
        hours, minutes = divmod(abs(seconds) // 60, 60)
        return f"{'-' if seconds < 0 else '+'}{hours:02}{separator}{minutes:02}"

    return shown


_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PARTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "January": lambda when: _MONTHS[when.month - 1],
    "Monday": lambda when: _DAYS[when.weekday()],
    "-07:00": _offset(":", False),
    "Z07:00": _offset(":", True),
    "-0700": _offset("", False),
    "Z0700": _offset("", True),
    "2006": lambda when: f"{when.year:04}",
    "Jan": lambda when: _MONTHS[when.month - 1][:3],
    "Mon": lambda when: _DAYS[when.weekday()][:3],
    "MST": lambda when: when.tzname() or "",
    "002": lambda when: f"{when.timetuple().tm_yday:03}",
    "01": lambda when: f"{when.month:02}",
    "02": lambda when: f"{when.day:02}",
    "03": lambda when: f"{when.hour % 12 or 12:02}",
    "04": lambda when: f"{when.minute:02}",
    "05": lambda when: f"{when.second:02}",
    "06": lambda when: f"{when.year % 100:02}",
    "15": lambda when: f"{when.hour:02}",
    "PM": lambda when: "PM" if when.hour >= 12 else "AM",
    "pm": lambda when: "pm" if when.hour >= 12 else "am",
    "_2": lambda when: f"{when.day:2}",
    "1": lambda when: str(when.month),
    "2": lambda when: str(when.day),
    "3": lambda when: str(when.hour % 12 or 12),
    "4": lambda when: str(when.minute),
    "5": lambda when: str(when.second),
}
_LAYOUT: Final = re.compile("|".join([*map(re.escape, _PARTS), r"(?<=[05])[.,](?P<zeros>0+|9+)(?![0-9])"]))


def date(layout: str, when: Instant) -> str:
    """Return *when* in one of Go's layouts, such as ``2006-01-02 15:04 MST``: https://pkg.go.dev/time#Layout."""
    local = _instant(when).local
    if local is None:
        return str(when)

    def part(found: re.Match[str]) -> str:
        zeros = found["zeros"]
        if zeros is None:
            return _PARTS[found[0]](local)
        digits = f"{local.microsecond:06}".ljust(9, "0")[: len(zeros)]
        if zeros[0] == "9":
            digits = digits.rstrip("0")
        return f"{found[0][0]}{digits}" if digits else ""

    return _LAYOUT.sub(part, layout)


def tz(name: str, when: Instant) -> Instant:
    """Return *when* in a time zone, such as ``Europe/Paris``."""
    return Instant(_instant(when).seconds, _zone(name))


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name in ("UTC", ""):
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name[:60]!r}, such as Europe/Paris") from None


def _instant(when: object) -> Instant:
    if not isinstance(when, Instant):
        raise TypeError("this is no instant, such as StartsAt or now")
    return when


def humanize_duration(duration: object) -> str:
    """Return a duration, or a number of seconds, as ``1d 2h 3m 4s``, and less than a second as ``12.3ms``."""
    # what is no number raises, and is the template's error
    seconds = duration.seconds if isinstance(duration, Duration) else float(duration)  # type: ignore[arg-type]
    if seconds != seconds or abs(seconds) == float("inf"):
        return str(seconds)
    if abs(seconds) < 1:
        return _small(seconds)
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    minutes, left = divmod(int(rest), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {left}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {left}s"
    if minutes:
        return f"{sign}{minutes}m {left}s"
    return f"{sign}{rest:.4g}s"


def _small(seconds: float) -> str:
    if not seconds:
        return "0s"
    for prefix in ("m", "u", "n"):
        seconds *= 1000
        if abs(seconds) >= 1 or prefix == "n":
            break
    return f"{seconds:.4g}{prefix}s"
