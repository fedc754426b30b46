"""What a template's placeholder stands for: one notification read field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tocsin.errors import TemplateError, nearest
from tocsin.model.notification import ListedAlert, Notification
from tocsin.model.template import TEMPLATE_FIELDS, GivenField

__all__ = ["field_value"]

Value = str | float | None

_LABEL: Final = "labels."
_ANNOTATION: Final = "annotations."


def field_value(notification: Notification, field: str) -> Value:
    """Return what ``{field}`` stands for in a message about *notification*.

    A summary has one value for several alerts: ``severity`` is the highest, ``cluster_id``, ``node_id``,
    ``metric_name`` and ``labels.NAME`` are the distinct values, comma-separated; ``annotations.NAME`` is that of the
    first alert that has it, and every other field is the first alert's. Times are seconds since the epoch (UTC). A
    number that is not known is None. What a template language gave is what it is.

    :raises TemplateError: for a field that is not in ``TEMPLATE_FIELDS`` and is no label or annotation.
    """
    if isinstance(field, GivenField):
        return field.value
    if field.startswith(_LABEL):
        return _distinct(listed.alert.labels.get(field[len(_LABEL) :]) for listed in notification.alerts)
    if field.startswith(_ANNOTATION):
        return _first(listed.alert.annotations.get(field[len(_ANNOTATION) :]) for listed in notification.alerts)
    read = _READERS.get(field)
    if read is None:
        raise TemplateError(f"unknown field {{{field}}}{nearest(field, TEMPLATE_FIELDS)}")
    return read(notification)


def _distinct(values: Iterable[str | None]) -> str:
    return ", ".join(sorted({value for value in values if value}))


def _first(values: Iterable[str | None]) -> str:
    return next((value for value in values if value), "")


def _seen(listed: ListedAlert) -> float:
    """When the source saw it; the engine fills a missing timestamp in, and a hand-made alert may still lack one."""
    return listed.fired_at if listed.alert.timestamp is None else listed.alert.timestamp


def _times(notification: Notification) -> list[float]:
    return [_seen(listed) for listed in notification.alerts] or [notification.created_at]


_READERS: Final[Mapping[str, Callable[[Notification], Value]]] = {
    "alert_id": lambda n: _first(listed.alert.alert_id for listed in n.alerts),
    "cluster_id": lambda n: _distinct(listed.alert.cluster_id for listed in n.alerts),
    "node_id": lambda n: _distinct(listed.alert.node_id for listed in n.alerts),
    "severity": lambda n: n.severity.value.upper(),
    "metric_name": lambda n: _distinct(listed.alert.metric_name for listed in n.alerts),
    "current_value": lambda n: n.alerts[0].alert.current_value if n.alerts else None,
    "threshold_value": lambda n: n.alerts[0].alert.threshold_value if n.alerts else None,
    "message": lambda n: n.alerts[0].alert.message if n.alerts else "",
    "timestamp": lambda n: _times(n)[0],
    "status": lambda n: n.status.value,
    "kind": lambda n: n.kind.value,
    "level": lambda n: n.level.value if n.level is not None else "",
    "alert_count": lambda n: len(n.alerts),
    "incident_id": lambda n: n.incident_id,
    "notification_id": lambda n: n.notification_id,
    "channel_id": lambda n: n.channel_id,
    "first_timestamp": lambda n: min(_times(n)),
    "last_timestamp": lambda n: max(_times(n)),
}
