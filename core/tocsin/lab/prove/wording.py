"""How instants and alerts are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tocsin.model.alert import PerformanceAlert

__all__ = ["alert_fields", "instant", "moment"]


def instant(wall: float) -> str:
    """Return an instant as ISO 8601 has it, in UTC."""
    found = datetime.fromtimestamp(wall, UTC)
    return found.isoformat(timespec="milliseconds" if found.microsecond else "seconds").replace("+00:00", "Z")


def moment(wall: float) -> str:
    """Return an instant with its day of the week."""
    return f"{datetime.fromtimestamp(wall, UTC):%A}, {instant(wall)}"


def alert_fields(alert: PerformanceAlert) -> dict[str, Any]:
    """Return an alert as plain data: the fields that route it, as a report has them."""
    fields: dict[str, Any] = {
        "alert_id": alert.alert_id,
        "cluster_id": alert.cluster_id,
        "severity": alert.severity.value,
        "metric_name": alert.metric_name,
    }
    if alert.node_id is not None:
        fields["node_id"] = alert.node_id
    if alert.labels:
        fields["labels"] = dict(alert.labels)
    return fields
