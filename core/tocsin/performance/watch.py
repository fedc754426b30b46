"""The evaluation: measurements in, notices out. Pure: no clock, no I/O, no threads; the same calls, the same answers.

A *period* is one collection interval. A cluster's view is put together from all that was measured of it in this period
and, where that leaves gaps, in the last period in which it reported.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.performance.baseline import Baseline
from tocsin.performance.level import Level, level_of
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.notice import Change, Notice
from tocsin.performance.reading import Reading, readings
from tocsin.performance.thresholds import PerformanceThresholds

__all__ = ["CLUSTER_SILENT", "ClusterWatch", "Watch"]

CLUSTER_SILENT = "cluster_silent"
"""The metric name of the alert about a cluster that stopped reporting."""

_SEVERITY = {Level.WARNING: AlertSeverity.WARNING, Level.CRITICAL: AlertSeverity.CRITICAL}


def _alert(
    metrics: ClusterMetrics,
    metric_name: str,
    severity: AlertSeverity,
    value: float,
    threshold: float,
    message: str,
    timestamp: float | None,
) -> PerformanceAlert:
    """Make the one alert that this cluster and metric can have."""
    region = {} if metrics.region is None else {"region": metrics.region}
    return PerformanceAlert(
        alert_id=f"{metrics.cluster_id}:{metric_name}",
        cluster_id=metrics.cluster_id,
        severity=severity,
        metric_name=metric_name,
        current_value=value,
        threshold_value=threshold,
        message=f"{metrics.cluster_name or metrics.cluster_id}: {message}",
        node_id=metrics.node_id,
        timestamp=timestamp,
        labels={**region, **metrics.labels},
    )


@attrs.define(slots=True)
class ClusterWatch:
    """What is known of one cluster: its view, its baseline, its alerts, and for how many periods it has been silent."""

    latest: ClusterMetrics
    baseline: Baseline = attrs.field(factory=Baseline)
    firing: dict[str, PerformanceAlert] = attrs.field(factory=dict)
    missed: int = 0
    _levels: dict[str, Level] = attrs.field(factory=dict)
    _this_period: ClusterMetrics | None = None
    _last_period: ClusterMetrics | None = None

    @property
    def silent(self) -> bool:
        """Whether it counts as dead."""
        return CLUSTER_SILENT in self.firing

    @property
    def severity(self) -> AlertSeverity | None:
        """The highest severity of its alerts; None: all is well."""
        return max((alert.severity for alert in self.firing.values()), default=None)

    def report(self, metrics: ClusterMetrics, thresholds: PerformanceThresholds) -> list[Notice]:
        """Take a measurement into account."""
        self._remember(metrics)
        self.missed = 0
        notices = self._end(CLUSTER_SILENT)
        for reading in readings(metrics, thresholds, self.baseline):
            notices += self._judge(reading, thresholds.hysteresis)
        if metrics.throughput_rps is not None:
            in_trouble = "throughput" in self.firing
            self.baseline = self.baseline.learn(metrics.throughput_rps, thresholds.baseline_weight, in_trouble)
        return notices

    def period_ended(self, wall: float, counted: bool, thresholds: PerformanceThresholds) -> list[Notice]:
        """Begin the next period; if this one is *counted* and brought nothing, it was a silent one."""
        if self._this_period is not None:
            self._last_period, self._this_period = self._this_period, None
            return []
        allowed = thresholds.silent_after_intervals
        if not counted or allowed is None:
            return []
        self.missed += 1
        return self._silence(wall, allowed) if self.silent or self.missed >= allowed else []

    def resume(self) -> None:
        """Begin a period afresh; a cluster that counts as dead stays so until it reports."""
        if self._this_period is not None:
            self._last_period, self._this_period = self._this_period, None
        if not self.silent:
            self.missed = 0

    def all_over(self) -> list[Notice]:
        """End every alert, because nobody watches the cluster any more."""
        return [notice for metric_name in tuple(self.firing) for notice in self._end(metric_name)]

    def _remember(self, metrics: ClusterMetrics) -> None:
        self._this_period = metrics if self._this_period is None else metrics.over(self._this_period)
        earlier = self._last_period
        self.latest = self._this_period if earlier is None else self._this_period.over(earlier)

    def _judge(self, reading: Reading, hysteresis: float) -> list[Notice]:
        name = reading.metric_name
        before = self._levels.get(name, Level.FINE)
        level = level_of(reading.badness, reading.limits, before, hysteresis)
        if level is Level.FINE:
            return self._end(name)
        alert = _alert(
            self.latest,
            name,
            _SEVERITY[level],
            reading.value,
            reading.threshold(level),
            reading.text(level),
            self.latest.timestamp,
        )
        return [self._keep(alert, level)]

    def _silence(self, wall: float, allowed: int) -> list[Notice]:
        intervals = "interval" if self.missed == 1 else "intervals"
        message = f"has not reported for {self.missed} collection {intervals}"
        alert = _alert(self.latest, CLUSTER_SILENT, AlertSeverity.CRITICAL, self.missed, allowed, message, wall)
        return [self._keep(alert, Level.CRITICAL)]

    def _keep(self, alert: PerformanceAlert, level: Level) -> Notice:
        before = self._levels.get(alert.metric_name, Level.FINE)
        self._levels[alert.metric_name] = level
        self.firing[alert.metric_name] = alert
        if before is Level.FINE:
            return Notice(Change.FIRED, alert)
        if before is level:
            return Notice(Change.CONTINUES, alert)
        return Notice(Change.WORSENED if level > before else Change.IMPROVED, alert)

    def _end(self, metric_name: str) -> list[Notice]:
        self._levels.pop(metric_name, None)
        alert = self.firing.pop(metric_name, None)
        return [] if alert is None else [Notice(Change.RESOLVED, alert)]


class Watch:
    """All clusters that ever reported and were not forgotten."""

    def __init__(self, thresholds: PerformanceThresholds) -> None:
        self.thresholds = thresholds
        self.clusters: dict[str, ClusterWatch] = {}

    def report(self, metrics: ClusterMetrics) -> list[Notice]:
        """Take a measurement into account, and return what it changes."""
        cluster = self.clusters.get(metrics.cluster_id)
        if cluster is None:
            cluster = self.clusters[metrics.cluster_id] = ClusterWatch(metrics)
        return cluster.report(metrics, self.thresholds)

    def period_ended(self, wall: float, counted: bool = True) -> list[Notice]:
        """Begin the next period, and return what became of the silent clusters.

        :param wall: wall time, for the timestamps of alerts.
        :param counted: False when the collection itself was held up: then nobody's silence means anything.
        """
        return [
            notice
            for cluster in self.clusters.values()
            for notice in cluster.period_ended(wall, counted, self.thresholds)
        ]

    def resume(self) -> None:
        """Begin anew after the collection stood still: silence is counted from here; what fires goes on firing."""
        for cluster in self.clusters.values():
            cluster.resume()

    def forget(self, cluster_id: str) -> list[Notice]:
        """Stop watching a cluster: its alerts end, and its silence says nothing."""
        cluster = self.clusters.pop(cluster_id, None)
        return [] if cluster is None else cluster.all_over()

    def active(self) -> Iterator[PerformanceAlert]:
        """Yield every alert that fires."""
        for cluster in self.clusters.values():
            yield from cluster.firing.values()
