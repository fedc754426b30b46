"""What a template is told: a notification under Alertmanager's names and under tocsin's own, and the types of all that.

What ``{field}`` stands for in a template of tocsin's own language is here under the same name, with the same meaning.
Alertmanager's data: https://prometheus.io/docs/alerting/latest/notifications/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from tocsin import TEMPLATE_FIELDS, ListedAlert, Notification, field_value, fingerprint, label_set, wording
from tocsin_jinja.values import Duration, Instant, Labels

__all__ = ["ALERT", "NOTIFICATION", "Alerts", "Field", "Record", "record"]


@attrs.frozen(slots=True)
class Field:
    """A field: its type, by which its own fields are known (see ``names``), and how it is read."""

    kind: str
    read: Callable[[Any], Any]


Fields: TypeAlias = Mapping[str, Field]


@attrs.frozen(slots=True, eq=False)
class Record:
    """Something with fields: an alert. ``called`` is what people call it. Each field is read once."""

    called: str
    fields: Fields
    subject: Any
    _known: dict[str, Any] = attrs.field(factory=dict, init=False)

    def read(self, name: str) -> Any:
        """Return a field; KeyError if there is none."""
        if name not in self._known:
            self._known[name] = self.fields[name].read(self.subject)
        return self._known[name]


class Alerts(tuple[Record, ...]):
    """The alerts that are listed."""

    __slots__ = ()

    def only(self, firing: bool) -> Alerts:
        """Return those that fire, or have resolved."""
        return Alerts(one for one in self if one.subject.listed.firing is firing)


@attrs.frozen(slots=True, eq=False)
class _Listed:
    listed: ListedAlert
    now: float


def _instant(seconds: float | None) -> Instant | None:
    return None if seconds is None else Instant(seconds)


def _started(one: _Listed) -> Instant:
    """When it began: as its source says, where that came with the labels; other sources say when they saw it last."""
    alert = one.listed.alert
    came = alert.alert_id == fingerprint(alert.labels) and alert.timestamp is not None
    return Instant(alert.timestamp if came and alert.timestamp is not None else one.listed.fired_at)


def _annotations(one: _Listed) -> Labels:
    """Alertmanager has no message: it stands under the first of the usual names that is free."""
    alert = one.listed.alert
    annotations = dict(alert.annotations)
    free = next((name for name in ("summary", "description", "message") if name not in annotations), None)
    if free is not None and alert.message and alert.message not in annotations.values():
        annotations[free] = alert.message
    return Labels(annotations)


def _duration(one: _Listed) -> Duration:
    ended = one.listed.resolved_at if one.listed.resolved_at is not None else one.now
    return Duration(max(0.0, ended - one.listed.fired_at))


def _of_alert(kind: str, name: str) -> Field:
    return Field(kind, lambda one: getattr(one.listed.alert, name))


ALERT: Final[Fields] = {
    "Status": Field("text", lambda one: one.listed.status.value),
    "Labels": Field("labels", lambda one: Labels(label_set(one.listed.alert))),
    "Annotations": Field("labels", _annotations),
    "StartsAt": Field("instant", _started),
    "EndsAt": Field("instant", lambda one: _instant(one.listed.resolved_at)),
    "GeneratorURL": _of_alert("text", "generator_url"),
    "Fingerprint": Field("text", lambda one: fingerprint(label_set(one.listed.alert))),
    "alert_id": _of_alert("text", "alert_id"),
    "cluster_id": _of_alert("text", "cluster_id"),
    "node_id": _of_alert("text", "node_id"),
    "metric_name": _of_alert("text", "metric_name"),
    "message": _of_alert("text", "message"),
    "generator_url": _of_alert("text", "generator_url"),
    "current_value": _of_alert("number", "current_value"),
    "threshold_value": _of_alert("number", "threshold_value"),
    "severity": Field("text", lambda one: one.listed.alert.severity.value),
    "labels": Field("labels", lambda one: Labels(one.listed.alert.labels)),
    "annotations": Field("labels", lambda one: Labels(one.listed.alert.annotations)),
    "timestamp": Field("instant", lambda one: _instant(one.listed.alert.timestamp)),
    "status": Field("text", lambda one: one.listed.status.value),
    "firing": Field("truth", lambda one: one.listed.firing),
    "fired_at": Field("instant", lambda one: Instant(one.listed.fired_at)),
    "resolved_at": Field("instant", lambda one: _instant(one.listed.resolved_at)),
    "duration": Field("duration", _duration),
    "episode": Field("number", lambda one: one.listed.episode),
}


def record(listed: ListedAlert, now: float) -> Record:
    """Return an alert as templates see it."""
    return Record("an alert", ALERT, _Listed(listed, now))


def _alerts(notification: Notification) -> Alerts:
    return Alerts(record(listed, notification.created_at) for listed in notification.alerts)


def _common(maps: Iterable[Mapping[str, str]]) -> Labels:
    first, *others = [*maps] or [{}]
    return Labels({name: value for name, value in first.items() if all(other.get(name) == value for other in others)})


def _group_labels(notification: Notification) -> Labels:
    """What the incident was formed by; where nobody says, the metric that all of it has."""
    if len(notification.incidents) == 1 and notification.incidents[0].group_labels is not None:
        return Labels(notification.incidents[0].group_labels)
    metrics = {listed.alert.metric_name for listed in notification.alerts}
    return Labels({"alertname": metrics.pop()} if len(metrics) == 1 else {})


def _common_annotations(notification: Notification) -> Labels:
    return _common(_annotations(_Listed(listed, 0.0)) for listed in notification.alerts)


def _family(family: str) -> Callable[[Notification], Labels]:
    """Read ``labels`` as ``{labels.NAME}`` does: of several alerts the distinct values."""

    def read(notification: Notification) -> Labels:
        names = {name for listed in notification.alerts for name in getattr(listed.alert, family)}
        return Labels({name: str(field_value(notification, f"{family}.{name}")) for name in names})

    return read


def _placeholder(name: str) -> Field:
    if name.endswith("timestamp"):
        return Field("instant", lambda notification: Instant(float(field_value(notification, name) or 0.0)))
    kind = "number" if name.endswith("_value") or name == "alert_count" else "text"
    return Field(kind, lambda notification: field_value(notification, name))


NOTIFICATION: Final[Fields] = {
    **{name: _placeholder(name) for name in TEMPLATE_FIELDS},
    "labels": Field("labels", _family("labels")),
    "annotations": Field("labels", _family("annotations")),
    "alerts": Field("alerts", _alerts),
    "clusters": Field("texts", lambda notification: list(notification.clusters)),
    "headline": Field("text", wording.headline),
    "now": Field("instant", lambda notification: Instant(notification.created_at)),
    "over": Field("truth", lambda notification: notification.over),
    "test": Field("truth", lambda notification: notification.test),
    "Receiver": Field("text", lambda notification: notification.channel_id),
    "Status": Field("text", lambda notification: notification.status.value),
    "Alerts": Field("alerts", _alerts),
    "GroupKey": Field("text", lambda notification: notification.incident_id),
    "GroupLabels": Field("labels", _group_labels),
    "CommonLabels": Field("labels", lambda notification: _common(label_set(one.alert) for one in notification.alerts)),
    "CommonAnnotations": Field("labels", _common_annotations),
}
