"""Instants as they are written over HTTP: RFC 3339, in milliseconds when answered."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from tocsin import iso_time

__all__ = ["read_time", "written"]

_FIRST: Final = datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC).timestamp()
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
"""What lies beyond, in UTC, is written as these: it could not be written otherwise."""

_ZERO: Final = "0001-01-01T00:00:00"
_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?")

written = iso_time


def read_time(value: Any, name: str) -> float | None:
    """Return the instant in seconds since the epoch; None for Go's zero time, or nothing at all.

    One without a zone is UTC.

    :raises ValueError: when it is no instant; *name* says what it was for.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise ValueError(f"{name} is an instant such as 2026-01-31T12:00:00Z (RFC 3339), not {value!r:.60}")
    if value.startswith(_ZERO):
        return None
    try:
        read = datetime.fromisoformat(value.upper())
        seconds = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is no instant that exists: {value!r:.60}") from None
    return min(max(seconds, _FIRST), _LAST)
