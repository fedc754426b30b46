"""Local times that recur, and the exact instants at which they begin and end in a time zone.

Nothing here looks at the clock or at the machine's own zone. Local days are counted as in the proleptic Gregorian
calendar, from day 1, the first of January of the year 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from heapq import heappop, heappush
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import attrs

from tocsin.errors import ConfigurationError, nearest
from tocsin.model._ranges import Span

__all__ = ["DAY_MINUTES", "LocalTimes", "Recurrence", "zone"]

DAY_MINUTES: Final = 1440
_DAY_SECONDS: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = date(1, 1, 4).toordinal()
_LAST_DAY: Final = date(9999, 12, 28).toordinal()
_EARLIEST: Final = (_FIRST_DAY - _EPOCH_DAY) * _DAY_SECONDS
_LATEST: Final = (_LAST_DAY - _EPOCH_DAY) * _DAY_SECONDS
_LONGEST_MONTH: Final = 31
_OF_THE_MACHINE: Final = frozenset({"local", "localtime", "posixrules"})
_CYCLE_YEARS: Final = 400
"""After so many years the Gregorian calendar repeats, weekdays included."""


def zone(name: str) -> tzinfo:
    """Return the time zone of that IANA name; UTC needs no database.

    :raises ConfigurationError: for an unknown name, and for one that means the machine's own setting.
    """
    if name == "UTC":
        return UTC
    if name.lower() in _OF_THE_MACHINE:
        raise ConfigurationError(
            f"{name!r} means whatever the machine is set to; name a zone, for example 'Europe/Berlin', or 'UTC'"
        )
    try:
        if not name.startswith(("posix/", "right/")):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = available_timezones() - _OF_THE_MACHINE
    hint = nearest(name, known) if known else "; there is no time zone database here: install the package tzdata"
    raise ConfigurationError(f"no time zone is called {name!r}{hint}")


@attrs.frozen(slots=True, eq=False)
class Recurrence:
    """Minutes of the day on certain days. What is empty holds for any; what is given must all hold.

    ``minutes`` are (start, end) within the day, the end excluded; ``weekdays`` count from Sunday, 0; ``days`` are
    days of the month, negative ones counted from its end. A month's days are clamped to its length, as Alertmanager
    does it: a range that begins after the month's end is skipped, one that ends there is cut.
    """

    minutes: tuple[Span, ...] = ()
    weekdays: tuple[Span, ...] = ()
    days: tuple[Span, ...] = ()
    months: tuple[Span, ...] = ()
    years: tuple[Span, ...] = ()
    _masks: dict[Span, int] = attrs.field(init=False, factory=dict)
    _constant: dict[tuple[int, bool], bool | None] = attrs.field(init=False, factory=dict)

    def holds(self, local: datetime) -> bool:
        """Whether the local time is one of these."""
        mask = self._month_mask(local.year, local.month)
        if not mask >> (local.day - 1) & 1:
            return False
        minute = 60 * local.hour + local.minute
        return not self.minutes or any(start <= minute < end for start, end in self.minutes)

    def edges(self, first: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield, from the day *first* on, the days on which it begins or ends to hold, with the minutes, in order.

        The minute 1440 is the next day's first; at some minutes nothing may change. Days without any are passed over,
        so that what is rare, or never, costs little.
        """
        minutes = tuple(sorted({minute for span in self.minutes for minute in span})) or (0,)
        for year, month in self._months(date.fromordinal(first)):
            before = date(year, month, 1).toordinal() - 1
            wanted = self._month_mask(year, month)
            if not self.minutes:
                was_on = before > 0 and self._on(date.fromordinal(before))
                wanted = (wanted ^ (wanted << 1 | was_on)) & ((1 << _month_length(year, month)) - 1)
            while wanted:
                lowest = wanted & -wanted
                wanted ^= lowest
                day = before + lowest.bit_length()
                if first <= day <= _LAST_DAY:
                    yield day, minutes

    def _months(self, first: date) -> Iterator[tuple[int, int]]:
        """Yield the months, from the day *first* on, in which something may change, in order."""
        was_on = self._on(first - timedelta(days=1))
        for year in range(first.year, self._last_year(first.year) + 1):
            state = self._year_state(year)
            if state is None or state is not was_on or (state and self.minutes):
                yield from ((year, month) for month in range(first.month if year == first.year else 1, 13))
            was_on = self._on(date(year, 12, 31)) if state is None else state

    def _last_year(self, year: int) -> int:
        """Return the last year in which something may change."""
        latest = max((end for _, end in self.years), default=None)
        return min(9999, year + _CYCLE_YEARS if latest is None else latest + 1)

    def _on(self, day: date) -> bool:
        return bool(self._month_mask(day.year, day.month) >> (day.day - 1) & 1)

    def _month_mask(self, year: int, month: int) -> int:
        """Return the days on which it holds at some time, the first of the month as the lowest bit."""
        if not _within(year, self.years) or not _within(month, self.months):
            return 0
        key = (_weekday(year, month), _month_length(year, month))
        mask = self._masks.get(key)
        if mask is None:
            mask = self._masks[key] = self._days_mask(*key)
        return mask

    def _days_mask(self, weekday: int, length: int) -> int:
        spans = [_clamped(span, length) for span in self.days]
        return sum(
            1 << (day - 1)
            for day in range(1, length + 1)
            if (not spans or any(begin <= day <= end for begin, end in spans))
            and _within((weekday + day - 1) % 7, self.weekdays)
        )

    def _year_state(self, year: int) -> bool | None:
        """Return whether it holds on every day of the year, on none, or on some (None)."""
        if not _within(year, self.years):
            return False
        key = (_weekday(year, 1), _month_length(year, 2) == 29)
        if key not in self._constant:
            self._constant[key] = self._found_year_state(year)
        return self._constant[key]

    def _found_year_state(self, year: int) -> bool | None:
        masks = [(self._month_mask(year, month), _month_length(year, month)) for month in range(1, 13)]
        if not any(mask for mask, _ in masks):
            return False
        return True if all(mask == (1 << length) - 1 for mask, length in masks) else None


@attrs.frozen(slots=True, eq=False)
class LocalTimes:
    """A recurrence in a time zone. Instants are seconds since the epoch (UTC).

    What lies outside the years 1 to 9999 counts as the calendar's first or last days.
    """

    recurrence: Recurrence
    zone: tzinfo

    def holds(self, instant: float) -> bool:
        """Whether the local time at *instant* is one of the recurrence."""
        return self.recurrence.holds(self._local(_second(instant)))

    def next_change(self, instant: float) -> float | None:
        """Return the first instant after *instant* at which :meth:`holds` changes, or None.

        A change lies where the local time reaches an edge of the recurrence, or jumps over one.
        """
        state = self.holds(instant)
        waiting: list[int] = []
        first = max(_FIRST_DAY, _EPOCH_DAY + _second(instant) // _DAY_SECONDS - 1)
        for day, minutes in self.recurrence.edges(first):
            earliest = (day - _EPOCH_DAY - 1) * _DAY_SECONDS  # no zone is a day or more away from UTC
            while waiting and waiting[0] < earliest:
                candidate = heappop(waiting)
                if candidate > instant and self.holds(candidate) is not state:
                    return float(candidate)
            for minute in minutes:
                for candidate in self._instants(day, minute):
                    heappush(waiting, candidate)
        return next((float(at) for at in sorted(waiting) if at > instant and self.holds(at) is not state), None)

    def _local(self, second: int) -> datetime:
        return (_EPOCH + timedelta(seconds=second)).astimezone(self.zone)

    def _instants(self, day: int, minute: int) -> set[int]:
        """Return when the clocks show that time: once, or twice and when they were set back, or when they skip it."""
        local = datetime.fromordinal(day) + timedelta(minutes=minute)
        seconds = [(local.replace(tzinfo=self.zone, fold=fold) - _EPOCH) // timedelta(seconds=1) for fold in (0, 1)]
        early, late = sorted(seconds)
        return {early} if early == late else {early, self._transition(early, late), late}

    def _transition(self, before: int, after: int) -> int:
        """Return the second after *before*, and not after *after*, at which the clocks are changed."""
        offset = self._local(before).utcoffset()
        while after - before > 1:
            middle = (before + after) // 2
            if self._local(middle).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


def _second(instant: float) -> int:
    return math.floor(min(max(instant, _EARLIEST), _LATEST))


def _within(number: int, spans: tuple[Span, ...]) -> bool:
    return not spans or any(begin <= number <= end for begin, end in spans)


def _clamped(span: Span, length: int) -> Span:
    """Return the range of days in a month of *length* days; it is empty where the last is before the first."""
    begin, end = (day if day > 0 else length + 1 + day for day in span)
    return begin, min(end, length)


def _weekday(year: int, month: int) -> int:
    return date(year, month, 1).isoweekday() % 7


def _month_length(year: int, month: int) -> int:
    if month == 12:
        return _LONGEST_MONTH
    return date(year, month + 1, 1).toordinal() - date(year, month, 1).toordinal()
