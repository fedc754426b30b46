"""Notifications that templates are tried with where they are configured: one fires, one does in part, one is over."""

from __future__ import annotations

from typing import Final

from tocsin import AlertSeverity, AlertStatus, ListedAlert, Notification, NotificationKind, PerformanceAlert

__all__ = ["SAMPLES"]

_NOW: Final = 1_700_000_000.0


def _listed(number: int, *, firing: bool) -> ListedAlert:
    alert = PerformanceAlert(
        alert_id=f"sample-{number}",
        cluster_id=f"cluster-{number}",
        severity=AlertSeverity.CRITICAL,
        metric_name="cpu_usage",
        current_value=85.0 + number,
        threshold_value=80.0,
        message="High CPU usage detected",
        node_id="node-7",
        timestamp=_NOW - 90,
        labels={"alertname": "HighCPU", "service": "web", "instance": f"web-{number}"},
        annotations={"summary": "High CPU usage", "runbook": "https://wiki.example/cpu"},
        generator_url="https://prometheus.example/graph?g0.expr=up",
    )
    status = AlertStatus.FIRING if firing else AlertStatus.RESOLVED
    return ListedAlert(alert, status, 1, _NOW - 90, None if firing else _NOW - 10)


def _notification(*listed: ListedAlert, kind: NotificationKind) -> Notification:
    firing = any(one.firing for one in listed)
    return Notification(
        notification_id="ntf-sample",
        incident_id="inc-sample",
        channel_id="sample",
        kind=kind,
        status=AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        severity=AlertSeverity.CRITICAL,
        alerts=listed,
        incidents=(),
        created_at=_NOW,
    )


SAMPLES: Final = (
    _notification(_listed(1, firing=True), kind=NotificationKind.FIRING),
    _notification(_listed(1, firing=True), _listed(2, firing=False), kind=NotificationKind.REPEAT),
    _notification(_listed(1, firing=False), kind=NotificationKind.RESOLVED),
)
