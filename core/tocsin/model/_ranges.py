"""Ranges of times of day, weekdays, days of the month, months and years, as Alertmanager spells them.

Each function reads one text and returns its range as two numbers, or says what is wrong and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tocsin.errors import ConfigurationError, nearest

__all__ = ["MONTHS", "WEEKDAYS", "Span", "day_span", "minute", "month_span", "weekday_span", "year_span"]

Span = tuple[int, int]
"""The first and the last number of a range; the last belongs to it."""

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_WEEKDAY_NUMBERS: Final = {name: number for number, name in enumerate(WEEKDAYS)}
_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(MONTHS, 1)}
_TIME: Final = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_LONGEST_MONTH: Final = 31


def minute(text: str) -> int:
    """Return the minute of the day, 0 to 1440, that ``"HH:MM"`` means.

    :raises ConfigurationError: for anything but 00:00 to 24:00.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ConfigurationError(f'a time of day is written "HH:MM", from "00:00" to "24:00", not {text!r}')
    hour, past = (group for group in found.groups() if group is not None)
    return 60 * int(hour) + int(past)


def weekday_span(text: str) -> Span:
    """Return the range of weekdays, 0 for Sunday to 6 for Saturday: ``monday`` or ``monday:friday``."""
    begin, end = _ends(text, "'monday' or 'monday:friday'", lambda part: _named(part, "weekday", _WEEKDAY_NUMBERS))
    if begin > end:
        raise _backwards(text, "a week goes from sunday to saturday", WEEKDAYS, begin, end)
    return begin, end


def month_span(text: str) -> Span:
    """Return the range of months, 1 to 12: ``january``, ``1``, ``january:march`` or ``1:3``."""
    begin, end = _ends(text, "'january', '1' or 'january:march'", _month)
    if begin > end:
        raise _backwards(text, "a year goes from january to december", MONTHS, begin - 1, end - 1)
    return begin, end


def day_span(text: str) -> Span:
    """Return the range of days of the month, 1 to 31, or counted from its end, -1 to -31: ``1:5``, ``-3:-1``.

    :raises ConfigurationError: also for a range that no month has a day of.
    """
    begin, end = _ends(text, "'15', '1:5' or '-3:-1'", _day)
    if begin < 0 < end:
        raise ConfigurationError(
            f"{text!r} begins from the end of the month and ends from its start; write both days alike, as in '-3:-1'"
        )
    last = end if end > 0 else _LONGEST_MONTH + 1 + end
    if begin > last or (begin < 0 and begin > end):
        raise ConfigurationError(f"{text!r} ends before it begins, in every month")
    return begin, end


def year_span(text: str) -> Span:
    """Return the range of years, 1 to 9999: ``2026`` or ``2026:2028``."""
    begin, end = _ends(text, "'2026' or '2026:2028'", lambda part: _number(part, "a year", 1, 9999))
    if begin > end:
        raise ConfigurationError(f"{text!r} ends before it begins; write '{end}:{begin}'")
    return begin, end


def _ends(text: str, right: str, read: Callable[[str], int]) -> Span:
    parts = text.split(":")
    if len(parts) > 2 or not all(parts):
        raise ConfigurationError(f"{text!r} is no range; write {right}")
    return read(parts[0]), read(parts[-1])


def _named(part: str, kind: str, numbers: Mapping[str, int]) -> int:
    number = numbers.get(part)
    if number is None:
        raise ConfigurationError(f"no {kind} is called {part!r}{nearest(part, numbers)}")
    return number


def _number(part: str, kind: str, least: int, most: int) -> int:
    if _NUMBER.fullmatch(part) is None or not least <= int(part) <= most:
        raise ConfigurationError(f"{kind} is a number from {least} to {most}, not {part!r}")
    return int(part)


def _month(part: str) -> int:
    if _NUMBER.fullmatch(part) is None:
        return _named(part, "month", _MONTH_NUMBERS)
    return _number(part, "a month", 1, 12)


def _day(part: str) -> int:
    if _NUMBER.fullmatch(part) is None or not 1 <= abs(int(part)) <= _LONGEST_MONTH:
        raise ConfigurationError(
            f"a day of the month is a number from 1 to 31, or from -1 (the last) to -31, not {part!r}"
        )
    return int(part)


def _backwards(text: str, because: str, names: tuple[str, ...], begin: int, end: int) -> ConfigurationError:
    """Return the error of a range that would go round, and the two ranges to write instead."""
    last, first = len(names) - 1, 0
    before = names[begin] if begin == last else f"{names[begin]}:{names[last]}"
    after = names[end] if end == first else f"{names[first]}:{names[end]}"
    return ConfigurationError(f"{text!r} ends before it begins, for {because}; write {before!r} and {after!r}")
