"""A concrete alert that has given strings."""

from __future__ import annotations

from tocsin.model.alert import VIEW_FIELDS, PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.proof.search import Found

__all__ = ["alert_of"]

_ANY = {"alert_id": "example", "cluster_id": "other", "metric_name": "other", "node_id": ""}


def alert_of(found: Found, severity: AlertSeverity) -> PerformanceAlert:
    """Return an alert of *severity* with the strings that were found; the fields that may be anything are filled."""
    own = dict(_ANY)
    labels: dict[str, str] = {}
    for subject, words in found.words.items():
        if words.own is not None and subject in own:
            own[subject] = words.own
        if words.label is not None:
            labels[subject] = words.label
    assert own.keys() < set(VIEW_FIELDS)
    return PerformanceAlert(
        alert_id=own["alert_id"],
        cluster_id=own["cluster_id"],
        severity=severity,
        metric_name=own["metric_name"],
        node_id=own["node_id"] or None,
        labels=labels,
    )
