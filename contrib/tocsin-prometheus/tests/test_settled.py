"""What fired before a restart is over once it was judged again: not before, and not twice."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_peer import Submitted

from tocsin import AlertFired, AlertResolved, PerformanceThresholds
from tocsin.testing.samples import make_alert
from tocsin_prometheus.answer import Answer
from tocsin_prometheus.collector import Round
from tocsin_prometheus.settled import Settled
from tocsin_prometheus.source import _settle


def a_round(**numbers: float) -> Round:
    return Round({field: Answer({"a": number}) for field, number in numbers.items()})


def test_each_alert_is_settled_once_and_with_its_own_number() -> None:
    settled = Settled(PerformanceThresholds())
    assert settled.take(a_round(cpu_usage_percent=1.0)) == ["a:cluster_silent", "a:cpu_usage"]
    assert settled.take(a_round(cpu_usage_percent=1.0, p99_latency_ms=5.0)) == ["a:latency"]
    assert settled.take(a_round(cpu_usage_percent=1.0, avg_latency_ms=5.0)) == []


def test_throughput_is_judged_once_its_baseline_is_learnt() -> None:
    settled = Settled(PerformanceThresholds(baseline_min_samples=3))
    taken = [settled.take(a_round(throughput_rps=5.0)) for _ in range(6)]
    assert taken == [["a:cluster_silent"], [], [], ["a:throughput"], [], []]


def test_too_few_requests_judge_nothing_that_is_made_of_them() -> None:
    settled = Settled(PerformanceThresholds(min_requests=100))
    few = a_round(requests=99.0, p95_latency_ms=5.0, error_rate_percent=0.0, health_score=100.0)
    assert settled.take(few) == ["a:cluster_silent", "a:health_score"]
    enough = a_round(requests=100.0, p95_latency_ms=5.0, error_rate_percent=0.0)
    assert settled.take(enough) == ["a:latency", "a:error_rate"]


def test_a_cluster_that_is_not_watched_settles_nothing() -> None:
    crowded = Round({"cpu_usage_percent": Answer({"a": 1.0, "b": 1.0})}, frozenset({"b"}))
    assert Settled(PerformanceThresholds()).take(crowded) == ["a:cluster_silent", "a:cpu_usage"]


class Metrics:
    """A metrics service of which an alert begins to fire while it is asked."""

    def __init__(self, *firing: list[Any]) -> None:
        self._firing = list(firing)

    def get_active_alerts(self) -> list[Any]:
        return self._firing.pop(0)


@pytest.mark.anyio
async def test_what_fires_is_not_ended_and_what_fires_meanwhile_fires_again() -> None:
    fires, begins = make_alert(alert_id="a:latency"), make_alert(alert_id="a:cpu_usage")
    submitted = Submitted()
    metrics: Any = Metrics([fires], [fires, begins])
    await _settle(metrics, submitted, ["a:latency", "a:cpu_usage", "a:disk_usage"], [])
    assert submitted.facts == [AlertResolved("a:cpu_usage"), AlertResolved("a:disk_usage"), AlertFired(begins)]
