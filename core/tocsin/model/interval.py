"""A time interval: times of day, on days, in months and years, in one time zone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from tocsin.errors import ConfigurationError, nearest
from tocsin.model import _ranges
from tocsin.model._calendar import DAY_MINUTES, LocalTimes, Recurrence, zone

__all__ = ["TimeInterval", "TimeRange", "active", "next_edge"]


def _time(value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(
            f'a time of day is a string such as "22:00", not {value!r:.60} (YAML needs the quotes, or reads a number)'
        )
    return value


def _time_of_day(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    try:
        _ranges.minute(_time(value))
    except ConfigurationError as error:
        raise error.within(attribute.name) from None


def _backwards(start: str, end: str) -> str:
    """Say why the range is none, and what would be right."""
    if end == "00:00":
        return f"a range of times ends within its day; write 24:00 for the midnight that ends it, not {end}"
    if start in (end, "24:00"):
        return f"nothing lies from {start} until {end}; the whole day is 00:00 to 24:00"
    return f"a range of times does not reach past midnight; write {start} to 24:00 and 00:00 to {end} as two ranges"


@attrs.frozen(slots=True)
class TimeRange:
    """From ``start_time`` until just before ``end_time``, both ``"HH:MM"`` within one day; ``"24:00"`` is its end."""

    start_time: str = attrs.field(validator=_time_of_day)
    end_time: str = attrs.field(validator=_time_of_day)

    def __attrs_post_init__(self) -> None:
        start, end = self.minutes
        if start >= end:
            raise ConfigurationError(_backwards(self.start_time, self.end_time), "end_time")

    @property
    def minutes(self) -> tuple[int, int]:
        """The minutes of the day at which it starts and ends."""
        return _ranges.minute(self.start_time), _ranges.minute(self.end_time)

    @classmethod
    def parse(cls, value: Any) -> TimeRange:
        """Return *value* if it is one, or what the mapping ``{start_time: "22:00", end_time: "24:00"}`` means.

        :raises ConfigurationError: for anything else.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise ConfigurationError(
                f'a range of times is written {{start_time: "22:00", end_time: "24:00"}}, not {value!r:.60}'
            )
        _known_keys(value, cls, "a range of times")
        for key in ("start_time", "end_time"):
            if value.get(key) is None:
                raise ConfigurationError("a range of times needs both start_time and end_time", key)
        return cls(**value)


def _known_keys(value: Mapping[Any, Any], kind: type, what: str) -> None:
    known = [field.name for field in attrs.fields(kind)]
    for key in value:
        if key not in known:
            raise ConfigurationError(f"{what} has no field {key!r}{nearest(str(key), known)}", str(key))


def _listed(field: str, value: Any, example: str) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise ConfigurationError(f"expected a list such as {example}, not {value!r:.60}", field)
    return tuple(value)


def _times(value: Any) -> tuple[TimeRange, ...]:
    items = _listed("times", value, '[{start_time: "22:00", end_time: "24:00"}]')
    return tuple(_item("times", index, TimeRange.parse, item) for index, item in enumerate(items))


def _item(field: str, index: int, read: Callable[[Any], Any], item: Any) -> Any:
    try:
        return read(item)
    except ConfigurationError as error:
        raise error.within(f"{field}[{index}]") from None


def _range_text(item: Any, span: Callable[[str], _ranges.Span]) -> str:
    """Return *item* as lower-case text after checking it; YAML gives a number for what stands without quotes."""
    number = isinstance(item, int) and not isinstance(item, bool)
    if not number and not isinstance(item, str):
        raise ConfigurationError(f"expected a string, not {item!r:.60}")
    text = str(item).lower()
    try:
        span(text)
    except ConfigurationError as error:
        if number and item >= 60:
            raise ConfigurationError(f"{error.problem} (a range needs quotes: YAML reads 1:5 as 65)") from None
        raise
    return text


def _texts(field: str, value: Any, span: Callable[[str], _ranges.Span], example: str) -> tuple[str, ...]:
    items = _listed(field, value, example)
    return tuple(_item(field, index, lambda one: _range_text(one, span), item) for index, item in enumerate(items))


def _weekdays(value: Any) -> tuple[str, ...]:
    return _texts("weekdays", value, _ranges.weekday_span, "['monday:friday', 'sunday']")


def _days_of_month(value: Any) -> tuple[str, ...]:
    return _texts("days_of_month", value, _ranges.day_span, "['1:5', '-3:-1']")


def _months(value: Any) -> tuple[str, ...]:
    return _texts("months", value, _ranges.month_span, "['january:march', '12']")


def _years(value: Any) -> tuple[str, ...]:
    return _texts("years", value, _ranges.year_span, "['2026:2028']")


def _location(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(
            f"expected the name of a time zone, such as 'Europe/Berlin', not {value!r}", "location"
        )
    try:
        zone(value)
    except ConfigurationError as error:
        raise error.within(attribute.name) from None


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the same minutes in as few ranges as can be, in order; nothing for the whole day."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return () if merged == [(0, DAY_MINUTES)] else tuple(merged)


@attrs.frozen(slots=True)
class TimeInterval:
    """Certain times, as Alertmanager's ``time_interval`` has them; its spelling is taken and kept, in lower case.

    Every field that is given must hold, by any one of its items; a field that is left out, or empty, always holds.

    - ``times``: ranges of the day, the end excluded; none reaches past midnight.
    - ``weekdays``: ``monday``, ``monday:friday``; weeks go from Sunday to Saturday.
    - ``days_of_month``: ``1:5``, ``-3:-1``, negative from the month's end. A range is cut to the month's length, and
      passed over when it begins after the month's end.
    - ``months``: ``january:march``, ``12``. ``years``: ``2026:2028``.
    - ``location``: an IANA time zone. Local times that happen twice, when clocks are set back, are both meant; what
      they skip does not happen. Alertmanager's ``Local`` is refused: what is told must not depend on a machine's
      setting.

    :raises ConfigurationError: for whatever has no such meaning; ``where`` is its path, as in ``weekdays[0]``.
    """

    times: tuple[TimeRange, ...] = attrs.field(default=(), converter=_times)
    weekdays: tuple[str, ...] = attrs.field(default=(), converter=_weekdays)
    days_of_month: tuple[str, ...] = attrs.field(default=(), converter=_days_of_month)
    months: tuple[str, ...] = attrs.field(default=(), converter=_months)
    years: tuple[str, ...] = attrs.field(default=(), converter=_years)
    location: str = attrs.field(default="UTC", validator=_location)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> TimeInterval:
        """Build an interval from plain data (a part of a configuration file).

        :raises ConfigurationError: also for an unknown field.
        """
        if not isinstance(fields, Mapping):
            raise ConfigurationError(f"a time interval is a mapping such as {{weekdays: [monday]}}, not {fields!r:.60}")
        _known_keys(fields, cls, "a time interval")
        return cls(**fields)

    @functools.cached_property
    def _local_times(self) -> LocalTimes:
        recurrence = Recurrence(
            minutes=_merged(item.minutes for item in self.times),
            weekdays=tuple(map(_ranges.weekday_span, self.weekdays)),
            days=tuple(map(_ranges.day_span, self.days_of_month)),
            months=tuple(map(_ranges.month_span, self.months)),
            years=tuple(map(_ranges.year_span, self.years)),
        )
        return LocalTimes(recurrence, zone(self.location))

    def contains(self, wall: float) -> bool:
        """Whether the instant *wall* (seconds since the epoch, UTC) lies in the interval."""
        return self._local_times.holds(wall)

    def next_edge(self, wall: float) -> float | None:
        """Return the first instant strictly after *wall* at which :meth:`contains` changes; None: never again."""
        return self._local_times.next_change(wall)


def active(intervals: Iterable[TimeInterval], wall: float) -> bool:
    """Whether the instant *wall* lies in any of *intervals*."""
    return any(interval.contains(wall) for interval in intervals)


def next_edge(intervals: Iterable[TimeInterval], wall: float) -> float | None:
    """Return the first instant strictly after *wall* at which one of *intervals* begins or ends, or None.

    Whether any of them is active may be the same before and after: another may take over.
    """
    edges = (interval.next_edge(wall) for interval in intervals)
    return min((edge for edge in edges if edge is not None), default=None)
