"""An alert, as its source names it, and the one view through which everything matches it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin.errors import AlertError, ConfigurationError, nearest
from tocsin.model import _check
from tocsin.model.severity import AlertSeverity, parse_severity

__all__ = ["LABEL_ALONE", "VIEW_FIELDS", "AlertView", "PerformanceAlert"]

VIEW_FIELDS: Final = ("severity", "cluster_id", "node_id", "metric_name", "alert_id")
"""The fields of an alert that stand in the label view where no label bears their name."""

LABEL_ALONE: Final = "labels."
"""Before a label's name, in the label view: that label, and never a field of its name."""


def _itself(value: float | None) -> float | str | None:
    """Return what a value is compared by: NaN, which equals nothing, says no less than another NaN."""
    return "NaN" if value is not None and math.isnan(value) else value


def _labels(value: Any) -> Mapping[str, str]:
    return _check.string_map(value)


@attrs.frozen(slots=True, hash=False)
class PerformanceAlert:
    """One thing that can be wrong, at one moment, as its source reports it.

    ``alert_id`` is the identity: the same id again is an update of the same alert. ``timestamp`` is when the source
    saw it, in seconds since the epoch (UTC); None means "when tocsin received it" and is filled in then.
    ``current_value`` and ``threshold_value`` are in the metric's own unit and may be unknown (None). A NaN equals
    another one here: it says nothing new.
    ``labels`` and ``annotations`` map strings to strings: labels are matched, annotations are only shown.
    ``generator_url`` is where its source shows it (Prometheus' ``generatorURL``).

    :raises AlertError: when a field has a value that no alert can have.
    """

    alert_id: str = attrs.field(validator=_check.name)
    cluster_id: str = attrs.field(validator=_check.text)
    severity: AlertSeverity = attrs.field(converter=parse_severity)
    metric_name: str = attrs.field(validator=_check.text)
    current_value: float | None = attrs.field(default=None, validator=_check.optional_number, eq=_itself)
    threshold_value: float | None = attrs.field(default=None, validator=_check.optional_number, eq=_itself)
    message: str = attrs.field(default="", validator=_check.text)
    node_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.text))
    timestamp: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check.finite))
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=_labels)
    annotations: Mapping[str, str] = attrs.field(factory=dict, converter=_labels)
    generator_url: str = attrs.field(default="", validator=_check.text)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> PerformanceAlert:
        """Build an alert from plain data (a decoded JSON object).

        :raises AlertError: for an unknown, missing or malformed field.
        """
        for key in fields:
            if key not in _FIELDS:
                raise AlertError(f"unknown field {key!r}{nearest(str(key), _FIELDS)}", str(key))
        try:
            return cls(**fields)
        except ConfigurationError as error:
            raise AlertError(error.problem, error.where) from None
        except TypeError as error:
            missing = [f.name for f in attrs.fields(cls) if f.default is attrs.NOTHING and f.name not in fields]
            raise AlertError(f"an alert needs {', '.join(missing)}" if missing else str(error)) from None


_FIELDS: Final = frozenset(field.name for field in attrs.fields(PerformanceAlert))


class AlertView:
    """What matchers, silences and inhibition see of an alert.

    Two readings: :meth:`label` is the label view (an alert's labels, and its fields where no label bears their name;
    what is absent equals the empty string), :meth:`field` is the alert's own field, whatever its labels say. In the
    label view ``labels.severity`` is the label ``severity`` alone, as Alertmanager sees it, unless a label is called
    just so.
    """

    __slots__ = ("_labels", "alert")

    def __init__(self, alert: PerformanceAlert) -> None:
        self.alert = alert
        self._labels = alert.labels

    def field(self, name: str) -> str:
        """Return the alert's own field *name*, one of ``VIEW_FIELDS``, as a string; an unknown node is ''."""
        alert = self.alert
        if name == "severity":
            return str(alert.severity._value_)
        if name == "cluster_id":
            return alert.cluster_id
        if name == "metric_name":
            return alert.metric_name
        if name == "node_id":
            return alert.node_id or ""
        if name == "alert_id":
            return alert.alert_id
        return ""

    def label(self, name: str) -> str:
        """Return the label *name* as the label view has it."""
        value = self._labels.get(name)
        if value is not None:
            return value
        if name.startswith(LABEL_ALONE):
            return self._labels.get(name[len(LABEL_ALONE) :], "")
        return self.field(name)
