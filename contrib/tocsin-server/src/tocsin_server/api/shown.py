"""How the API shows an alert, an instant and a number."""

from __future__ import annotations

import math
from typing import Any

from tocsin import AlertState, iso_time

__all__ = ["instant", "number", "shown_alert"]


def instant(seconds: float | None) -> str | None:
    """Return an instant (wall time) as RFC 3339, or None."""
    return None if seconds is None else iso_time(seconds)


def number(value: float | None) -> float | None:
    """Return a number that JSON has a form for; None for what is none."""
    return value if value is not None and math.isfinite(value) else None


def shown_alert(state: AlertState) -> dict[str, Any]:
    """Return the document of an alert."""
    alert = state.alert
    taken = state.acknowledged_by is not None
    return {
        "alert_id": alert.alert_id,
        "cluster_id": alert.cluster_id,
        "node_id": alert.node_id,
        "severity": alert.severity.value,
        "metric_name": alert.metric_name,
        "current_value": number(alert.current_value),
        "threshold_value": number(alert.threshold_value),
        "message": alert.message,
        "timestamp": instant(alert.timestamp),
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "generator_url": alert.generator_url,
        "episode": state.episode,
        "incident_id": state.incident_id,
        "status": "firing" if state.firing else "resolved",
        "fired_at": instant(state.fired_at),
        "resolved_at": instant(state.resolved_at),
        "rule_ids": list(state.rule_ids),
        "channels": list(state.channels),
        "receivers": list(state.receivers),
        "policy_id": state.policy_id,
        "acknowledged": {
            "by": state.acknowledged_by,
            "at": instant(state.acknowledged_at),
            "until": instant(state.acknowledged_until),
            "comment": state.comment,
        }
        if taken
        else None,
        "snoozed_until": instant(state.snoozed_until),
        "suppressed": state.suppressed,
        "silenced_by": list(state.silenced_by),
        "inhibited_by": list(state.inhibited_by),
        "muted_by": list(state.muted_by),
    }
