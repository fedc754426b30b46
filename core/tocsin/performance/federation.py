"""All clusters as one: totals, weighted averages, and which of them are worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from tocsin.model.severity import AlertSeverity
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.watch import ClusterWatch

__all__ = ["FederationMetrics", "federate", "worst_first"]


@attrs.frozen(slots=True)
class FederationMetrics:
    """The clusters that report, put together at one moment (``timestamp``, wall time); None: no cluster tells.

    Latency and error rate are averages weighted by throughput (a cluster whose throughput is unknown weighs as much
    as the others do on average); CPU, memory and health are plain averages; throughput and connections are totals.
    """

    timestamp: float
    clusters: int = 0
    silent_clusters: int = 0
    healthy_clusters: int = 0
    avg_latency_ms: float | None = None
    max_p95_latency_ms: float | None = None
    max_p99_latency_ms: float | None = None
    total_throughput_rps: float | None = None
    error_rate_percent: float | None = None
    active_connections: float | None = None
    health_score: float | None = None
    min_health_score: float | None = None
    cpu_usage_percent: float | None = None
    memory_usage_percent: float | None = None


def federate(clusters: Sequence[ClusterWatch], wall: float) -> FederationMetrics:
    """Put the clusters together; silent ones are counted, and their stale numbers left out."""
    reporting = [cluster.latest for cluster in clusters if not cluster.silent]
    healths = _known(reporting, "health_score")
    return FederationMetrics(
        timestamp=wall,
        clusters=len(clusters),
        silent_clusters=len(clusters) - len(reporting),
        healthy_clusters=sum(1 for cluster in clusters if not cluster.firing),
        avg_latency_ms=_weighted(reporting, "avg_latency_ms"),
        max_p95_latency_ms=max(_known(reporting, "p95_latency_ms"), default=None),
        max_p99_latency_ms=max(_known(reporting, "p99_latency_ms"), default=None),
        total_throughput_rps=_total(_known(reporting, "throughput_rps")),
        error_rate_percent=_weighted(reporting, "error_rate_percent"),
        active_connections=_total(_known(reporting, "active_connections")),
        health_score=_mean(healths),
        min_health_score=min(healths, default=None),
        cpu_usage_percent=_mean(_known(reporting, "cpu_usage_percent")),
        memory_usage_percent=_mean(_known(reporting, "memory_usage_percent")),
    )


def worst_first(clusters: Iterable[ClusterWatch]) -> list[ClusterWatch]:
    """Sort clusters: by their most severe alert, then by health, error rate and latency; unknown counts as well."""

    def badness(cluster: ClusterWatch) -> tuple[float, float, float, float, str]:
        metrics = cluster.latest
        severity: AlertSeverity | None = cluster.severity
        return (
            0 if severity is None else -severity.rank,
            100.0 if metrics.health_score is None else metrics.health_score,
            -(metrics.error_rate_percent or 0.0),
            -(metrics.latency_ms or 0.0),
            metrics.cluster_id,
        )

    return sorted(clusters, key=badness)


def _known(metrics: Iterable[ClusterMetrics], name: str) -> list[float]:
    return [value for one in metrics if (value := getattr(one, name)) is not None]


def _total(values: list[float]) -> float | None:
    return sum(values) if values else None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _weighted(metrics: Sequence[ClusterMetrics], name: str) -> float | None:
    telling = [one for one in metrics if getattr(one, name) is not None]
    values = _known(telling, name)
    usual = _mean(_known(telling, "throughput_rps")) or 0.0
    weights = [usual if one.throughput_rps is None else one.throughput_rps for one in telling]
    if not sum(weights):
        return _mean(values)
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
