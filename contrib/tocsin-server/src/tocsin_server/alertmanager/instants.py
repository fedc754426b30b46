"""Instants as Alertmanager takes them: the forms that its library for OpenAPI knows, read as Go reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["read_instant"]

_DATE: Final = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_HOUR: Final = r"([0-9]{1,2}):([0-9]{2})"
_SECOND: Final = r":([0-9]{2})(?:[.,]([0-9]+))?"
_ZONE: Final = r"([+-])([0-9]{2})"

_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        rf"{_DATE}T{_HOUR}{_SECOND}(?:Z|{_ZONE}:([0-9]{{2}}))?",
        rf"{_DATE}T{_HOUR}Z?",
        rf"{_DATE}T{_HOUR}:([0-9]{{2}})[.,]([0-9]{{3}}){_ZONE}([0-9]{{2}})",
        rf"{_DATE} {_HOUR}{_SECOND}",
    )
)
"""Groups: year, month, day, hour, minute; then, where a form has them, second, fraction, the zone's three parts."""

_ZERO: Final = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_FIRST: Final = datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC).timestamp()
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
"""What lies beyond, in UTC, counts as these: it could not be written otherwise."""

_LEAP_YEAR: Final = 2000
_FARTHEST_ZONE: Final = (24, 60)


def read_instant(value: Any, name: str) -> float | None:
    """Return the instant in seconds since the epoch; None for Go's zero time, or null.

    One without a zone is UTC, and the empty string is the epoch.

    :raises ValueError: when it is no instant; *name* says what it was for.
    """
    if value is None:
        return None
    if value == "":
        return 0.0
    found = _found(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{name} is an instant such as 2026-01-31T12:00:00Z (RFC 3339), not {value!r:.60}")
    seconds = _seconds(*found.groups())
    if seconds is None:
        raise ValueError(f"{name} is no instant that exists: {value!r:.60}")
    return None if seconds == _ZERO else min(max(seconds, _FIRST), _LAST)


def _found(text: str) -> re.Match[str] | None:
    return next((found for form in _FORMS if (found := form.fullmatch(text))), None)


def _seconds(
    year: str,
    month: str,
    day: str,
    hour: str,
    minute: str,
    second: str = "0",
    fraction: str | None = None,
    sign: str | None = None,
    zone_hours: str | None = None,
    zone_minutes: str | None = None,
) -> float | None:
    """Return the seconds since the epoch; None for what no calendar and no clock shows."""
    micros = int((fraction or "")[:6].ljust(6, "0"))
    numbers = int(month), int(day), int(hour), int(minute), int(second), micros
    try:
        local = datetime(int(year) or _LEAP_YEAR, *numbers, tzinfo=UTC)
    except ValueError:
        return None
    hours, minutes = int(zone_hours or 0), int(zone_minutes or 0)
    if hours > _FARTHEST_ZONE[0] or minutes > _FARTHEST_ZONE[1]:
        return None
    if not int(year):  # which Go has, and Python has not
        return _FIRST
    ahead = hours * 3600 + minutes * 60
    return local.timestamp() + (ahead if sign == "-" else -ahead)
