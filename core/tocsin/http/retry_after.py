"""Retry-After (RFC 9110, section 10.2.3): when a receiver wants to be asked again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

__all__ = ["LONGEST_SECONDS", "http_date", "retry_after_seconds", "waiting_seconds"]

LONGEST_SECONDS: Final = 86_400.0
"""A receiver that asks for more than a day is asked again after a day."""

_SECONDS: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")


def retry_after_seconds(headers: httpx.Headers) -> float | None:
    """Return for how many seconds the receiver wants to be left alone; None if it does not say so in a legible way.

    A date is compared with the answer's own ``Date``, so that the receiver's clock may be wrong; one in the past means
    at once. A date without a legible ``Date`` beside it says nothing (the sender supplies the header where the answer
    has none). Fractions of a second, which some services send, are taken.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_SECONDS)
    until, now = http_date(value), http_date(headers.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_SECONDS)


def http_date(value: str) -> datetime | None:
    """Return the time that an HTTP date names, in UTC, or None if *value* is none."""
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def waiting_seconds(value: Any) -> float | None:
    """Return *value*, a number of seconds out of an answer's body, as :func:`retry_after_seconds` would; None if it is
    no number of seconds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
        return None
    return float(min(value, LONGEST_SECONDS))
