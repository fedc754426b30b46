"""What is judged of a measurement: one reading per metric, each on a scale on which more is worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from tocsin.performance.baseline import Baseline
from tocsin.performance.level import Level, Limits
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.thresholds import PerformanceThresholds

__all__ = ["Reading", "readings"]


def _as_is(limit: float) -> float:
    return limit


@attrs.frozen(slots=True)
class Reading:
    """One metric of one measurement.

    ``value`` is in the metric's own ``unit``, as people read it; ``badness`` is what is compared with ``limits``.
    ``shown`` turns a limit into the metric's own unit; ``low_is_bad`` says on which side of it the trouble is.
    """

    metric_name: str
    value: float
    unit: str
    badness: float
    limits: Limits
    shown: Callable[[float], float] = _as_is
    low_is_bad: bool = False

    def threshold(self, level: Level) -> float:
        """Return the limit of *level* in the metric's own unit."""
        return self.shown(self.limits.of(level))

    def text(self, level: Level) -> str:
        """Say in one clause what is wrong at *level*."""
        side = "below" if self.low_is_bad else "above"
        where = side if self.badness > self.limits.of(level) else "not yet well clear of"
        return f"{self.metric_name} is {self.value:.4g}{self.unit}, {where} {self.threshold(level):.4g}{self.unit}"


def readings(metrics: ClusterMetrics, thresholds: PerformanceThresholds, baseline: Baseline) -> Iterator[Reading]:
    """Yield a reading for each metric that *metrics* tells and that can be judged."""
    yield from _of_requests(metrics, thresholds)
    yield from _of_throughput(metrics, thresholds, baseline)
    yield from _of_health(metrics, thresholds)
    yield from _of_resources(metrics, thresholds)


def _of_requests(metrics: ClusterMetrics, t: PerformanceThresholds) -> Iterator[Reading]:
    if metrics.requests is not None and metrics.requests < t.min_requests:
        return
    latency, errors = metrics.latency_ms, metrics.error_rate_percent
    if latency is not None:
        limits = Limits(t.latency_warning_ms, t.latency_critical_ms)
        yield Reading("latency", latency, " ms", latency, limits)
    if errors is not None:
        limits = Limits(t.error_rate_warning_percent, t.error_rate_critical_percent)
        yield Reading("error_rate", errors, " %", errors, limits)


def _of_throughput(metrics: ClusterMetrics, t: PerformanceThresholds, baseline: Baseline) -> Iterator[Reading]:
    rps = metrics.throughput_rps
    if rps is None:
        return
    drop = baseline.drop_percent(rps, t.baseline_min_samples, t.baseline_min_rps)
    if drop is None:
        return
    limits = Limits(t.throughput_warning_drop_percent, t.throughput_critical_drop_percent)

    def shown(limit: float) -> float:
        return baseline.rps * (1.0 - limit / 100.0)

    yield Reading("throughput", rps, " requests/s", drop, limits, shown, low_is_bad=True)


def _short_of_well(score: float) -> float:
    """Turn a score into how much it lacks, and back."""
    return 100.0 - score


def _of_health(metrics: ClusterMetrics, t: PerformanceThresholds) -> Iterator[Reading]:
    score = metrics.health_score
    if score is None:
        return
    warning, critical = (
        None if limit is None else _short_of_well(limit) for limit in (t.health_score_warning, t.health_score_critical)
    )
    limits = Limits(warning, critical)
    yield Reading("health_score", score, "", _short_of_well(score), limits, _short_of_well, low_is_bad=True)


def _of_resources(metrics: ClusterMetrics, t: PerformanceThresholds) -> Iterator[Reading]:
    for name, value, warning, critical in (
        ("cpu_usage", metrics.cpu_usage_percent, t.cpu_warning_percent, t.cpu_critical_percent),
        ("memory_usage", metrics.memory_usage_percent, t.memory_warning_percent, t.memory_critical_percent),
        ("disk_usage", metrics.disk_usage_percent, t.disk_warning_percent, t.disk_critical_percent),
    ):
        if value is not None:
            yield Reading(name, value, " %", value, Limits(warning, critical))
