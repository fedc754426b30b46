"""The renderer ``json``: a notification as a JSON document, in a user's form or in the default one.

The default document has these members. Times are seconds since the epoch (UTC); what is unknown is null.

``status`` (firing or resolved), ``severity`` (the highest), ``kind``, ``level``, ``incident_id``, ``notification_id``,
``channel_id``, ``test``, ``alert_count``; those of the first alert: ``alert_id``, ``cluster_id``, ``node_id``,
``metric_name``, ``current_value``, ``threshold_value``, ``message``, ``timestamp``, ``labels``, ``annotations``,
``generator_url``; ``summary`` (``count``, ``firing``, ``resolved``, ``clusters``, ``severities``, ``first``, ``last``);
and ``alerts``: every alert that it tells of, with the same members, its own ``severity``, and ``status``, ``episode``,
``fired_at`` and ``resolved_at``. Where people see it, if there is such a place, stands in ``link``.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from tocsin import (
    ListedAlert,
    Message,
    Notification,
    NotificationTemplate,
    PerformanceAlert,
    RendererRegistrar,
    hookimpl,
    wording,
)
from tocsin.http import json_content
from tocsin_plugins import text

__all__ = ["JSON_TYPE", "document", "render", "tocsin_register_renderers"]

JSON_TYPE: Final = "application/json"


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``json``."""
    registrar.register("json", render)


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* as JSON; a template whose body is no JSON document makes plain text."""
    if template is None:
        body = json_content(document(notification)).decode("utf-8")
        return Message(wording.headline(notification), body, JSON_TYPE)
    filled = text.render(notification, template)
    if not template.is_json:
        return filled
    return Message(filled.subject, filled.body, JSON_TYPE, templated=True)


def document(notification: Notification) -> dict[str, Any]:
    """Return the default document as plain data; see the module's description."""
    alerts = [_listed(listed) for listed in notification.alerts]
    return {
        "status": notification.status.value,
        "kind": notification.kind.value,
        "level": notification.level.value if notification.level is not None else None,
        "incident_id": notification.incident_id,
        "notification_id": notification.notification_id,
        "channel_id": notification.channel_id,
        "test": notification.test,
        **(_alert(notification.alerts[0].alert) if notification.alerts else {}),
        "severity": notification.severity.value,
        "alert_count": len(alerts),
        "summary": _summary(notification),
        "alerts": alerts,
        **({"link": notification.link} if notification.link else {}),
    }


def _alert(alert: PerformanceAlert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "cluster_id": alert.cluster_id,
        "node_id": alert.node_id,
        "severity": alert.severity.value,
        "metric_name": alert.metric_name,
        "current_value": alert.current_value,
        "threshold_value": alert.threshold_value,
        "message": alert.message,
        "timestamp": alert.timestamp,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "generator_url": alert.generator_url,
    }


def _listed(listed: ListedAlert) -> dict[str, Any]:
    return {
        **_alert(listed.alert),
        "status": listed.status.value,
        "episode": listed.episode,
        "fired_at": listed.fired_at,
        "resolved_at": listed.resolved_at,
    }


def _summary(notification: Notification) -> dict[str, Any]:
    severities = Counter(listed.alert.severity.value for listed in notification.alerts)
    fired = [listed.fired_at for listed in notification.alerts]
    return {
        "count": len(notification.alerts),
        "firing": len(notification.firing),
        "resolved": len(notification.resolved),
        "clusters": list(notification.clusters),
        "severities": dict(sorted(severities.items())),
        "first": min(fired, default=None),
        "last": max(fired, default=None),
    }
