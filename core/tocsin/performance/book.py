"""The service's state: what was recorded, measured and judged. One lock around it all: callable from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from tocsin.model.alert import PerformanceAlert
from tocsin.performance.federation import FederationMetrics, federate
from tocsin.performance.history import History
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.notice import Notice
from tocsin.performance.samples import Samples
from tocsin.performance.summary import describe_alerts, describe_clusters, describe_federation
from tocsin.performance.thresholds import PerformanceThresholds
from tocsin.performance.watch import Watch

__all__ = ["Book"]


class Book:
    """Samples, watch and history, and one way in for each.

    :param publish: takes the notices of each step, under the lock, so that no thread overtakes another; must be quick.
    """

    def __init__(
        self, thresholds: PerformanceThresholds, history_limit: int, publish: Callable[[Sequence[Notice]], None]
    ) -> None:
        self._lock = threading.Lock()
        self._watch = Watch(thresholds)
        self._samples = Samples()
        self._history = History(history_limit)
        self._publish = publish

    def record(self, take: Callable[[Samples], None]) -> None:
        """Let *take* record something."""
        with self._lock:
            take(self._samples)

    def report(self, metrics: ClusterMetrics) -> None:
        """Judge a measurement (with its timestamp filled in)."""
        with self._lock:
            self._publish(self._judge(metrics))

    def begin(self, wall: float) -> None:
        """The collection begins, or begins again: what was recorded meanwhile counts, the time meanwhile does not."""
        with self._lock:
            self._watch.resume()
            self._publish(self._close_samples(wall, None))

    def end_period(self, wall: float, seconds: float | None) -> None:
        """A period ended; *seconds* is how long it was, or None if the collection was held up in it."""
        with self._lock:
            notices = self._close_samples(wall, seconds)
            notices += self._watch.period_ended(wall, counted=seconds is not None)
            self._history.add_federation(self._federate(wall))
            self._publish(notices)

    def forget(self, cluster_id: str) -> bool:
        """Forget all about a cluster and end its alerts; False when it is unknown."""
        with self._lock:
            known = cluster_id in self._watch.clusters
            self._samples.forget(cluster_id)
            self._history.forget(cluster_id)
            self._publish(self._watch.forget(cluster_id))
            return known

    def latest(self, cluster_id: str) -> ClusterMetrics | None:
        """Return what is known of a cluster."""
        with self._lock:
            cluster = self._watch.clusters.get(cluster_id)
            return None if cluster is None else cluster.latest

    def all_latest(self) -> dict[str, ClusterMetrics]:
        """Return what is known of every cluster, by id."""
        with self._lock:
            return {cluster_id: cluster.latest for cluster_id, cluster in self._watch.clusters.items()}

    def active(self) -> list[PerformanceAlert]:
        """Return the alerts that fire, most severe first."""
        with self._lock:
            return sorted(self._watch.active(), key=lambda alert: (-alert.severity.rank, alert.alert_id))

    def federation(self, wall: float) -> FederationMetrics:
        """Return all clusters as one, now."""
        with self._lock:
            return self._federate(wall)

    def history(self, cluster_id: str) -> Sequence[ClusterMetrics]:
        """Return a cluster's measurements, oldest first."""
        with self._lock:
            return self._history.of(cluster_id)

    def federation_history(self) -> Sequence[FederationMetrics]:
        """Return the federation's aggregates, oldest first."""
        with self._lock:
            return self._history.federation()

    def summary(self, wall: float) -> dict[str, Any]:
        """Return the part of the summary that tells of clusters."""
        with self._lock:
            clusters = tuple(self._watch.clusters.values())
            by_severity = describe_alerts(clusters)
            return {
                "clusters": len(clusters),
                "silent_clusters": sum(1 for cluster in clusters if cluster.silent),
                "active_alerts": sum(by_severity.values()),
                "alerts_by_severity": by_severity,
                "federation": describe_federation(self._federate(wall)),
                "worst_clusters": describe_clusters(clusters),
                "measurements": len(self._history),
            }

    def _judge(self, metrics: ClusterMetrics) -> list[Notice]:
        self._history.add(metrics)
        return self._watch.report(metrics)

    def _close_samples(self, wall: float, seconds: float | None) -> list[Notice]:
        return [notice for metrics in self._samples.close(wall, seconds) for notice in self._judge(metrics)]

    def _federate(self, wall: float) -> FederationMetrics:
        return federate(tuple(self._watch.clusters.values()), wall)
