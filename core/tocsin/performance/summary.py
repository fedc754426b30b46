"""The summary that people and dashboards read: plain data, with numbers even where nothing was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import attrs

from tocsin.model.severity import AlertSeverity
from tocsin.performance.federation import FederationMetrics, worst_first
from tocsin.performance.metrics import NUMBERS
from tocsin.performance.watch import ClusterWatch

__all__ = ["WORST", "describe_alerts", "describe_clusters", "describe_federation"]

WORST: Final = 5
"""How many of the worst clusters a summary lists."""


def describe_federation(metrics: FederationMetrics) -> dict[str, float]:
    """Return the aggregate as numbers; what no cluster tells is 0.0."""
    return {name: 0.0 if value is None else value for name, value in attrs.asdict(metrics).items()}


def describe_alerts(clusters: Sequence[ClusterWatch]) -> dict[str, int]:
    """Return how many alerts of each severity fire."""
    counted = Counter(alert.severity for cluster in clusters for alert in cluster.firing.values())
    return {severity.value: counted[severity] for severity in AlertSeverity}


def describe_clusters(clusters: Sequence[ClusterWatch]) -> list[dict[str, Any]]:
    """Return the worst clusters, worst first: what is known of them, and which of their metrics fire."""
    return [_describe_cluster(cluster) for cluster in worst_first(clusters)[:WORST]]


def _describe_cluster(cluster: ClusterWatch) -> dict[str, Any]:
    severity = cluster.severity
    known = {name: value for name in NUMBERS if (value := getattr(cluster.latest, name)) is not None}
    return {
        "cluster_id": cluster.latest.cluster_id,
        "severity": None if severity is None else severity.value,
        "alerts": sorted(cluster.firing),
        **known,
    }
