"""How a route groups alerts, and when it tells of a group: ``group_by`` and the three timers, inherited as there."""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.matchers import label_name
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["DEFAULTS", "Grouping", "inherited"]

_EVERY_LABEL: Final = "..."
_YEAR: Final = 366 * 86_400.0


@attrs.frozen(slots=True)
class Grouping:
    """The labels that the alerts of a group have in common, and durations in seconds; None: never."""

    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float | None

    def settings(self) -> dict[str, Any]:
        """Return the aggregation that a rule has."""
        settings: dict[str, Any] = {"strategy": "grouping", "group_by": list(self.group_by)}
        if any(label_name(name) != name for name in self.group_by):
            settings["labels_alone"] = True
        return {
            **settings,
            "group_wait_seconds": _number(self.group_wait),
            "group_interval_seconds": _number(self.group_interval),
            "repeat_interval_seconds": None if self.repeat_interval is None else _number(self.repeat_interval),
        }


DEFAULTS: Final = Grouping((), 30.0, 300.0, 14_400.0)
"""Alertmanager's own, for the root."""


def inherited(section: Section, parent: Grouping, remarks: Remarks) -> Grouping:
    """Return the grouping of the route *section*, which takes from its *parent* what it does not say itself.

    :raises NotAlertmanagerError: for what is no list of labels or no duration.
    """
    group_by = section.get("group_by")
    repeat = section.get("repeat_interval")
    interval = _duration(section, "group_interval", parent.group_interval, remarks)
    return Grouping(
        parent.group_by if group_by is None else _labels(group_by),
        _duration(section, "group_wait", parent.group_wait, remarks),
        interval,
        parent.repeat_interval if repeat is None else _repeat(repeat, remarks),
    )


def _labels(value: Value) -> tuple[str, ...]:
    names = value.texts()
    if "" in names:
        raise value.wrong("names a label without a name")
    if _EVERY_LABEL in names:
        if set(names) != {_EVERY_LABEL}:
            raise value.wrong("has '...', which means every label and stands alone")
        return (_EVERY_LABEL,)
    for index, name in enumerate(names):
        if name in names[:index]:
            raise value.wrong(f"names the label {name!r:.80} twice")
    return tuple(names)


def _positive(value: Value) -> float:
    seconds = value.duration()
    if not seconds:
        raise NotAlertmanagerError(f"{value.name} is not zero", value.line)
    return seconds


def _duration(section: Section, key: str, default: float, remarks: Remarks) -> float:
    value = section.get(key)
    if value is None:
        return default
    seconds = value.duration() if key == "group_wait" else _positive(value)
    if seconds > _YEAR:
        remarks.add(value.line, f"{key} is cut to a year, the longest there is")
    return min(seconds, _YEAR)


def _repeat(value: Value, remarks: Remarks) -> float | None:
    seconds = _positive(value)
    if seconds <= _YEAR:
        return seconds
    remarks.add(value.line, "repeat_interval is longer than a year, the longest there is: nobody is reminded")
    return None


def _number(seconds: float) -> float | int:
    return int(seconds) if seconds.is_integer() else seconds
