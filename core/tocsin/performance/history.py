"""What was measured lately: the newest measurements of each cluster, and of the federation as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tocsin.performance.federation import FederationMetrics
from tocsin.performance.metrics import ClusterMetrics

__all__ = ["History"]


class History:
    """Bounded: ``limit`` entries per cluster and ``limit`` of the federation; older ones are dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clusters: dict[str, deque[ClusterMetrics]] = {}
        self._federation: deque[FederationMetrics] = deque(maxlen=limit)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._clusters.values())

    def add(self, metrics: ClusterMetrics) -> None:
        """Keep a measurement."""
        entries = self._clusters.get(metrics.cluster_id)
        if entries is None:
            entries = self._clusters[metrics.cluster_id] = deque(maxlen=self._limit)
        entries.append(metrics)

    def add_federation(self, metrics: FederationMetrics) -> None:
        """Keep the aggregate of one period."""
        self._federation.append(metrics)

    def of(self, cluster_id: str) -> Sequence[ClusterMetrics]:
        """Return a cluster's measurements, oldest first."""
        return tuple(self._clusters.get(cluster_id, ()))

    def federation(self) -> Sequence[FederationMetrics]:
        """Return the aggregates, oldest first: one per period."""
        return tuple(self._federation)

    def forget(self, cluster_id: str) -> None:
        """Drop a cluster's measurements."""
        self._clusters.pop(cluster_id, None)
