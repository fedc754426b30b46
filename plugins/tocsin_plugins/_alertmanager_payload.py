"""Alertmanager's webhook payload, version 4, so that what was built for its receivers works with tocsin.

The form is that of https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin import ListedAlert, Notification, PerformanceAlert, fingerprint, iso_time, label_set

__all__ = ["NEVER", "payload"]

NEVER: Final = "0001-01-01T00:00:00Z"
"""Go's zero time: the end of an alert that still fires."""


def payload(notification: Notification, external_url: str = "", receiver: str | None = None) -> dict[str, Any]:
    """Return the document for *notification*; the group is the incident, and its key the incident's id.

    :param receiver: its name; None: the channel's.
    """
    alerts = [_alert(listed, notification) for listed in notification.alerts]
    return {
        "receiver": receiver or notification.channel_id,
        "status": notification.status.value,
        "alerts": alerts,
        "groupLabels": _group_labels(notification),
        "commonLabels": _common(alert["labels"] for alert in alerts),
        "commonAnnotations": _common(alert["annotations"] for alert in alerts),
        "externalURL": external_url,
        "version": "4",
        "groupKey": notification.incident_id,
        "truncatedAlerts": 0,
    }


def _group_labels(notification: Notification) -> dict[str, str]:
    """What the incident was formed by; where nobody says, the metric that all of it has."""
    if len(notification.incidents) == 1 and notification.incidents[0].group_labels is not None:
        return dict(sorted(notification.incidents[0].group_labels.items()))
    metrics = {listed.alert.metric_name for listed in notification.alerts}
    return {"alertname": metrics.pop()} if len(metrics) == 1 else {}


def _alert(listed: ListedAlert, notification: Notification) -> dict[str, Any]:
    labels = label_set(listed.alert)
    ended = notification.created_at if listed.resolved_at is None else listed.resolved_at
    return {
        "status": listed.status.value,
        "labels": labels,
        "annotations": _annotations(listed.alert),
        "startsAt": iso_time(_started(listed)),
        "endsAt": NEVER if listed.firing else iso_time(ended),
        "generatorURL": listed.alert.generator_url,
        "fingerprint": fingerprint(labels),
    }


def _started(listed: ListedAlert) -> float:
    """When it began: as its source says, where that came with the labels; other sources say when they saw it last."""
    alert = listed.alert
    came = alert.alert_id == fingerprint(alert.labels)
    return alert.timestamp if came and alert.timestamp is not None else listed.fired_at


def _annotations(alert: PerformanceAlert) -> dict[str, str]:
    """The alert's annotations; its message joins them under the first of the usual names that is free."""
    annotations = dict(alert.annotations)
    if alert.message and alert.message not in annotations.values():
        free = next((name for name in ("summary", "description", "message") if name not in annotations), None)
        if free is not None:
            annotations[free] = alert.message
    return annotations


def _common(maps: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What is equal in all *maps*."""
    first, *others = [*maps] or [{}]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
