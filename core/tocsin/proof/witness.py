"""A concrete alert that has given strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.proof.strings import Words

__all__ = ["alert_of"]

_ANY: Final = {"alert_id": "example", "cluster_id": "other", "metric_name": "other", "node_id": ""}


def alert_of(words: Mapping[str, Words], severity: AlertSeverity) -> PerformanceAlert:
    """Return an alert with the strings that were found; what may be anything is filled: its severity is *severity*."""
    own = dict(_ANY)
    labels: dict[str, str] = {}
    for subject, found in words.items():
        if found.own is not None and subject in own:
            own[subject] = found.own
        elif found.own is not None and subject == "severity":
            severity = AlertSeverity.parse(found.own)
        if found.label is not None:
            labels[subject] = found.label
    return PerformanceAlert(
        alert_id=own["alert_id"],
        cluster_id=own["cluster_id"],
        severity=severity,
        metric_name=own["metric_name"],
        node_id=own["node_id"] or None,
        labels=labels,
    )
