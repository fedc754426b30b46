"""All clusters as one."""

from __future__ import annotations

import pytest

from tocsin.performance import ClusterMetrics, FederationMetrics, PerformanceThresholds
from tocsin.performance.federation import federate, worst_first
from tocsin.performance.history import History
from tocsin.performance.summary import WORST, describe_clusters, describe_federation
from tocsin.performance.watch import ClusterWatch, Watch


def clusters(*measurements: ClusterMetrics) -> list[ClusterWatch]:
    """Clusters that reported these."""
    watch = Watch(PerformanceThresholds())
    for metrics in measurements:
        watch.report(metrics)
    return list(watch.clusters.values())


def test_of_nothing_nothing_is_known_and_the_summary_says_zero() -> None:
    """No division by the number of clusters."""
    empty = federate([], 5.0)
    assert empty == FederationMetrics(timestamp=5.0)
    assert all(isinstance(value, (int, float)) for value in describe_federation(empty).values())


def test_latency_and_errors_are_weighted_by_throughput() -> None:
    """A busy cluster counts for what it serves; totals are totals; the rest is plain."""
    one = federate(
        clusters(
            ClusterMetrics("a", throughput_rps=90.0, avg_latency_ms=10.0, error_rate_percent=1.0, health_score=100.0),
            ClusterMetrics("b", throughput_rps=10.0, avg_latency_ms=110.0, error_rate_percent=0.0, health_score=90.0),
        ),
        5.0,
    )
    assert one.avg_latency_ms == pytest.approx(20.0)
    assert one.error_rate_percent == pytest.approx(0.9)
    assert (one.total_throughput_rps, one.health_score, one.min_health_score) == (100.0, 95.0, 90.0)
    assert (one.clusters, one.healthy_clusters, one.silent_clusters) == (2, 2, 0)


def test_an_unknown_throughput_weighs_as_the_others_do_on_average() -> None:
    """And where none is known, or all are idle, the average is plain."""
    known = (
        ClusterMetrics("a", throughput_rps=10.0, avg_latency_ms=10.0),
        ClusterMetrics("b", throughput_rps=30.0, avg_latency_ms=10.0),
        ClusterMetrics("c", avg_latency_ms=40.0),
    )
    assert federate(clusters(*known), 0.0).avg_latency_ms == pytest.approx(20.0)
    assert federate(clusters(known[2], ClusterMetrics("d", avg_latency_ms=20.0)), 0.0).avg_latency_ms == 30.0
    idle = (ClusterMetrics("a", throughput_rps=0.0, avg_latency_ms=10.0), ClusterMetrics("b", avg_latency_ms=20.0))
    assert federate(clusters(*idle), 0.0).avg_latency_ms == 15.0


def test_silent_clusters_are_counted_and_their_numbers_left_out() -> None:
    """What they last said is not true any more."""
    watch = Watch(PerformanceThresholds(silent_after_intervals=1))
    watch.report(ClusterMetrics("dead", cpu_usage_percent=50.0))
    watch.period_ended(0.0)
    watch.report(ClusterMetrics("alive", cpu_usage_percent=10.0))
    watch.period_ended(0.0)
    one = federate(tuple(watch.clusters.values()), 0.0)
    assert (one.clusters, one.silent_clusters, one.healthy_clusters, one.cpu_usage_percent) == (2, 1, 1, 10.0)


def test_the_worst_come_first() -> None:
    """By severity, then health, errors and latency; the summary lists a few."""
    some = clusters(
        ClusterMetrics("fine"),
        ClusterMetrics("slow", avg_latency_ms=400.0),
        ClusterMetrics("failing", error_rate_percent=1.0),
        ClusterMetrics("ailing", health_score=90.0),
        ClusterMetrics("hot", cpu_usage_percent=90.0),
        ClusterMetrics("burning", cpu_usage_percent=99.0),
    )
    order = [cluster.latest.cluster_id for cluster in worst_first(some)]
    assert order == ["burning", "hot", "ailing", "failing", "slow", "fine"]
    described = describe_clusters(some)
    assert len(described) == WORST
    assert described[0] == {
        "cluster_id": "burning",
        "severity": "critical",
        "alerts": ["cpu_usage"],
        "cpu_usage_percent": 99.0,
    }


def test_the_history_is_bounded() -> None:
    """Per cluster, and for the federation."""
    history = History(2)
    for number in range(5):
        history.add(ClusterMetrics("a", timestamp=float(number)))
        history.add_federation(FederationMetrics(timestamp=float(number)))
    history.add(ClusterMetrics("b", timestamp=9.0))
    assert [one.timestamp for one in history.of("a")] == [3.0, 4.0]
    assert [one.timestamp for one in history.federation()] == [3.0, 4.0]
    assert len(history) == 3
    history.forget("a")
    assert (history.of("a"), len(history)) == ((), 1)
