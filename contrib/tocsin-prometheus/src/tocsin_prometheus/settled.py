"""What fired when an earlier process ended and is well now: it is over once it was judged again, and not before.

Pure: rounds go in, ids of alerts come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tocsin import PerformanceThresholds
from tocsin_prometheus.collector import Round

__all__ = ["Settled"]

_JUDGED: Final[Mapping[str, tuple[str, ...]]] = {
    "latency": ("p95_latency_ms", "avg_latency_ms", "p99_latency_ms"),
    "throughput": ("throughput_rps",),
    "error_rate": ("error_rate_percent",),
    "health_score": ("health_score",),
    "cpu_usage": ("cpu_usage_percent",),
    "memory_usage": ("memory_usage_percent",),
    "disk_usage": ("disk_usage_percent",),
}
"""The alerts of the metrics service, and of which numbers they are made."""

_OF_REQUESTS: Final = ("latency", "error_rate")


class Settled:
    """Which alerts of each cluster were judged for the first time in this process."""

    def __init__(self, thresholds: PerformanceThresholds) -> None:
        self._thresholds = thresholds
        self._rounds: dict[str, int] = {}

    def take(self, over: Round) -> list[str]:
        """Return the ids of the alerts that *over* had judged, and no round before."""
        judged = [f"{cluster}:{name}" for cluster, numbers in over.measured().items() for name in self._judged(numbers)]
        return [alert_id for alert_id in judged if self._first(alert_id)]

    def _first(self, alert_id: str) -> bool:
        count = self._rounds[alert_id] = self._rounds.get(alert_id, 0) + 1
        learning = self._thresholds.baseline_min_samples if alert_id.endswith(":throughput") else 0
        return count == learning + 1

    def _judged(self, numbers: Mapping[str, float]) -> Iterator[str]:
        yield "cluster_silent"
        few = numbers.get("requests", float("inf")) < self._thresholds.min_requests
        for name, fields in _JUDGED.items():
            if any(field in numbers for field in fields) and not (few and name in _OF_REQUESTS):
                yield name
