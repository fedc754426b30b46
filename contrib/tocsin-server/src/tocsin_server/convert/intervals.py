"""Time intervals, under their newer and their older name.

Their spelling is tocsin's too. What Alertmanager takes without looking (a month 13, a year 0) is cut to what exists,
and an interval that never comes is one in the year 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from tocsin import ConfigurationError, TimeInterval
from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["time_intervals"]

_NEVER: Final[dict[str, Any]] = {"years": ["1"]}
_FIELDS: Final = ("times", "weekdays", "days_of_month", "months", "years", "location")
_RANGES: Final = ("weekdays", "days_of_month", "months", "years")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_LAST_MONTH: Final = 12
_LAST_YEAR: Final = 9999


def time_intervals(root: Section, remarks: Remarks) -> dict[str, list[dict[str, Any]]]:
    """Return the named intervals of *root*, ``mute_time_intervals`` first.

    :raises NotAlertmanagerError: for what is none, and for a name that stands twice.
    """
    named: dict[str, list[dict[str, Any]]] = {}
    for value in [*root.values("mute_time_intervals"), *root.values("time_intervals")]:
        section = value.section(known=("name", "time_intervals"))
        name = section.text("name")
        if not name:
            raise NotAlertmanagerError(f"{value.name} needs a name", value.line)
        if name in named:
            raise NotAlertmanagerError(f"the time interval {name!r:.80} is defined twice", value.line)
        found = [_interval(one, remarks) for one in section.values("time_intervals")]
        named[name] = found or [dict(_NEVER)]
    return named


def _interval(value: Value, remarks: Remarks) -> dict[str, Any]:
    section = value.section(known=_FIELDS)
    interval: dict[str, Any] = {}
    for field in ("times", *_RANGES):
        written = section.get(field)
        if written is None:
            continue
        read = _time_range if field == "times" else _READERS[field]
        items = [found for item in written.items() if (found := read(item)) is not None]
        if not items:
            return dict(_NEVER)
        interval[field] = items
    _locate(section, interval, remarks)
    return interval


def _locate(section: Section, interval: dict[str, Any], remarks: Remarks) -> None:
    location = section.get("location")
    if location is None or not location.text():
        return
    if location.text() == "Local":
        remarks.serious(location.line, "the location Local is the machine's own, which tocsin refuses: name the zone")
    else:
        _check({"location": location.text()}, location)
    interval["location"] = location.text()


def _check(fields: dict[str, Any], value: Value) -> None:
    try:
        TimeInterval.parse(fields)
    except ConfigurationError as error:
        raise NotAlertmanagerError(f"{value.name}: {error.problem}", value.line) from None


def _time_range(value: Value) -> dict[str, str]:
    section = value.section(known=("start_time", "end_time"))
    found = {key: section.text(key) for key in ("start_time", "end_time")}
    _check({"times": [found]}, value)
    return found


def _checked(field: str) -> Callable[[Value], str | None]:
    def read(value: Value) -> str | None:
        text = value.text().lower()
        _check({field: [text]}, value)
        return text

    return read


def _numbers(last: int) -> Callable[[Value], str | None]:
    """Read a range of numbers, of which the part from 1 to *last* is kept; None if nothing of it is."""

    def read(value: Value) -> str | None:
        parts = value.text().lower().split(":")
        if not all(_NUMBER.fullmatch(part) for part in parts):
            return _checked("months" if last == _LAST_MONTH else "years")(value)
        begin, end = int(parts[0]), int(parts[-1])
        if len(parts) > 2 or begin > end:
            raise value.wrong("is a number, or two of which the first is not above the other, as in 1:3")
        begin, end = max(begin, 1), min(end, last)
        return None if begin > end else str(begin) if begin == end else f"{begin}:{end}"

    return read


_READERS: Final[dict[str, Callable[[Value], str | None]]] = {
    "weekdays": _checked("weekdays"),
    "days_of_month": _checked("days_of_month"),
    "months": _numbers(_LAST_MONTH),
    "years": _numbers(_LAST_YEAR),
}
