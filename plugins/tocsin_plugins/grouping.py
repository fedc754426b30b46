"""The aggregator ``grouping``: Alertmanager's group_by, group_wait, group_interval and repeat_interval.

Alerts with the same values of some labels are a group. A group is told ``group_wait_seconds`` after it began, and from
then on every ``group_interval_seconds``: at these *flushes* a channel is told if something is new to it, grew worse or
ended, or if ``repeat_interval_seconds`` have passed since it was told last; and never in between, except where an
escalation says so. Each notification lists all of the group that fires. Once all has resolved, and that is told, the
group is gone, and the next alert begins another one.

Unlike Alertmanager's, a group waits also when its first alert fires for long: Alertmanager, which forgets its groups
when it restarts or is reconfigured, would have those wait twice, while groups here are kept. An alert's ``timestamp``
is read off its source's clock besides, and no clock but the engine's decides when something is told.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final

import attrs

from tocsin import (
    AT_ONCE,
    AggregatorRegistrar,
    AlertSeverity,
    AlertView,
    ConfigurationError,
    PerformanceAlert,
    Reason,
    Release,
    Telling,
    hookimpl,
    label_set,
)

__all__ = ["Grouping", "GroupingConfig"]

_EVERY_LABEL: Final = "..."
_SHORTEST: Final = 0.001
_LONGEST: Final = 366 * 86_400.0
_ROUNDING: Final = 1e-9


def _seconds(least: float, *, optional: bool = False) -> Callable[[object, attrs.Attribute[Any], Any], None]:
    """A number of seconds from *least* to a year, or, if *optional*, None."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None and optional:
            return
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= _LONGEST:
            problem = f"{attribute.name} is a number of seconds from {least:g} to {_LONGEST:g} (a year), not {value!r}"
            raise ConfigurationError(problem, attribute.name)

    return check


def _labels(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """A list of different names, or of ``...`` alone."""
    where = attribute.name
    if not isinstance(value, (list, tuple)):
        raise ConfigurationError(f"group_by is a list of labels such as ['cluster_id'], not {value!r:.60}", where)
    for index, name in enumerate(value):
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"a label's name is a non-empty string, not {name!r:.60}", f"{where}[{index}]")
        if name in value[:index]:
            raise ConfigurationError(f"the label {name!r} is named twice", f"{where}[{index}]")
    if _EVERY_LABEL in value and len(value) > 1:
        raise ConfigurationError("'...' means every label and stands alone: leave the others out", where)


@attrs.frozen(slots=True)
class GroupingConfig:
    """The settings of ``grouping``; durations in seconds.

    ``group_by``: the labels, of the label view, whose values the alerts of a group have in common; none puts all
    alerts into one group, ``["..."]`` each into its own. ``labels_alone``: of labels only, as Alertmanager groups,
    which knows no field that stands where a label is absent. ``group_wait_seconds``: how long a new group gathers
    alerts before it is told. ``group_interval_seconds``: how long it is from one flush to the next.
    ``repeat_interval_seconds``: how often a channel is reminded, rounded up to the next flush (None: never).
    """

    group_by: Any = attrs.field(default=(), validator=_labels)
    group_wait_seconds: float = attrs.field(default=30.0, validator=_seconds(0.0))
    group_interval_seconds: float = attrs.field(default=300.0, validator=_seconds(_SHORTEST))
    repeat_interval_seconds: float | None = attrs.field(default=14_400.0, validator=_seconds(_SHORTEST, optional=True))
    labels_alone: bool = False


class Grouping:
    """Forms an incident per group. Flush n is at ``opened_at + group_wait + n * group_interval``, n = 0, 1, 2, …"""

    state_class = None
    state_version = 1

    def __init__(self, config: GroupingConfig) -> None:
        self._labels: tuple[str, ...] = tuple(sorted(config.group_by))
        self._alone = config.labels_alone
        self._wait = config.group_wait_seconds
        self._interval = config.group_interval_seconds
        self._repeat: int | None = None
        if config.repeat_interval_seconds is not None:
            self._repeat = math.ceil(config.repeat_interval_seconds / self._interval - _ROUNDING)

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Return the labels' names and values: where other labels group, an old group takes no new alerts."""
        if self._labels == (_EVERY_LABEL,):
            return json.dumps({_EVERY_LABEL: alert.alert_id})
        if self._alone:
            return json.dumps({name: alert.labels.get(name, "") for name in self._labels})
        view = AlertView(alert)
        return json.dumps({name: view.label(name) for name in self._labels})

    def labels(self, alert: PerformanceAlert, /) -> dict[str, str]:
        """Return the labels of the group, with their values; those that the alert does not have are left out."""
        if self._labels == (_EVERY_LABEL,):
            return label_set(alert)
        read = alert.labels.get if self._alone else AlertView(alert).label
        return {name: value for name in self._labels if (value := read(name))}

    def open(self, alert: PerformanceAlert, now: float, /) -> Any:
        """No state: a group's opening instant says all."""
        return None

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        """As long as there is the group."""
        return True

    def release(self, state: Any, telling: Telling, /) -> Release:
        """At the next flush, whatever it is; what comes at a flush's instant, but after it, waits for another."""
        count = self._next(telling.opened_at, telling.now)
        if telling.recent and telling.recent[-1] >= self._flush(telling.opened_at, count):
            count += 1
        at = self._flush(telling.opened_at, count)
        return AT_ONCE if at <= telling.now else Release(at, Reason.GROUPED)

    def longest_wait(self, severity: AlertSeverity, /) -> float:
        """From the group's beginning to the first flush, or from one flush to the next."""
        return max(self._wait, self._interval)

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        """Return a flush: counted from the one that told it, however long the delivery took."""
        if self._repeat is None:
            return None
        count = self._next(opened_at, told_at)
        if count and self._flush(opened_at, count) > told_at:
            count -= 1
        return self._flush(opened_at, count + self._repeat)

    def _flush(self, opened_at: float, count: int) -> float:
        return opened_at + self._wait + count * self._interval

    def _next(self, opened_at: float, now: float) -> int:
        """Return the number of the first flush that is not before *now*."""
        count = max(0, math.floor((now - opened_at - self._wait) / self._interval))
        while self._flush(opened_at, count) < now:
            count += 1
        return count


@hookimpl
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register ``grouping``."""
    registrar.register("grouping", Grouping, config_class=GroupingConfig, lists_all=True, bridges=True)
