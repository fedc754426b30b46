"""The service as an application uses it: measurements in, alerts out, numbers to read."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import anyio
import anyio.to_thread
import pytest

from tocsin.errors import ConfigurationError
from tocsin.performance import (
    ClusterMetrics,
    PerformanceMetricsService,
    PerformanceThresholds,
    create_performance_metrics_service,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

HOT = ClusterMetrics("c", cpu_usage_percent=90.0)
FINE = ClusterMetrics("c", cpu_usage_percent=10.0)


def test_the_factory_sets_what_it_is_given() -> None:
    """The guide's arguments, and any other of the service's."""
    thresholds = PerformanceThresholds(cpu_warning_percent=1.0)
    service = create_performance_metrics_service(15.0, custom_thresholds=thresholds, history_limit=3)
    assert (service.collection_interval, service.thresholds) == (15.0, thresholds)
    assert create_performance_metrics_service().thresholds == PerformanceThresholds()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"collection_interval": 0.0}, "collection_interval must be greater than zero"),
        ({"thresholds": {"cpu": 80}}, "thresholds must be PerformanceThresholds, not dict"),
        ({"collector_timeout": -1.0}, "collector_timeout must be greater than zero"),
        ({"callback_patience": 0}, "callback_patience must be greater than zero"),
        ({"drain_seconds": -1.0}, "drain_seconds must not be negative"),
        ({"history_limit": 0}, "history_limit must be a whole number of at least 1"),
        ({"collectors": ["host"]}, "a collector needs an async method collect.*; str has none"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], problem: str) -> None:
    """When the service is made, with the name of the setting."""
    with pytest.raises(ConfigurationError, match=problem):
        PerformanceMetricsService(**options)


def test_what_is_not_a_measurement_or_a_callback_is_refused() -> None:
    """At once, where the mistake is."""
    service = PerformanceMetricsService()
    wrong: Any = {"cluster_id": "c"}
    with pytest.raises(ConfigurationError, match="expected ClusterMetrics, not dict"):
        service.ingest_cluster_metrics(wrong)
    with pytest.raises(ConfigurationError, match="a callback must be a function or coroutine function, not dict"):
        service.add_alert_callback(wrong)
    with pytest.raises(ConfigurationError, match="a callback must be"):
        service.add_resolve_callback(wrong)


def test_the_summary_of_nothing_has_numbers() -> None:
    """A dashboard can format them before the first measurement."""
    summary = PerformanceMetricsService().get_performance_summary()
    assert summary["collecting"] is False
    for key in ("clusters", "silent_clusters", "active_alerts", "measurements", "rounds"):
        assert summary[key] == 0
    assert f"{summary['federation']['avg_latency_ms']:.1f}" == "0.0"
    assert summary["alerts_by_severity"] == dict.fromkeys(("info", "warning", "error", "critical", "emergency"), 0)
    assert (summary["worst_clusters"], summary["collectors"], summary["callbacks"]) == ([], [], [])


def test_an_ingested_measurement_is_judged_at_once(clock: VirtualClock) -> None:
    """Also while nothing is collected, and outside of any event loop; without a timestamp it is of now."""
    service = PerformanceMetricsService(clock=clock)
    clock.jump_wall(-100.0)
    service.ingest_cluster_metrics(HOT)
    (alert,) = service.get_active_alerts()
    assert (alert.alert_id, alert.timestamp) == ("c:cpu_usage", clock.wall())
    assert service.get_cluster_metrics("c") == ClusterMetrics("c", timestamp=clock.wall(), cpu_usage_percent=90.0)
    assert service.get_cluster_metrics("d") is None
    assert list(service.get_all_cluster_metrics()) == ["c"]
    service.ingest_cluster_metrics(ClusterMetrics("c", timestamp=5.0, cpu_usage_percent=91.0))
    assert service.get_active_alerts()[0].timestamp == 5.0
    service.ingest_cluster_metrics(FINE)
    assert service.get_active_alerts() == []
    assert [one.cpu_usage_percent for one in service.get_history("c")] == [90.0, 91.0, 10.0]


def test_active_alerts_come_most_severe_first(clock: VirtualClock) -> None:
    """Then by id."""
    service = PerformanceMetricsService(clock=clock)
    service.ingest_cluster_metrics(ClusterMetrics("a", cpu_usage_percent=90.0))
    service.ingest_cluster_metrics(ClusterMetrics("c", cpu_usage_percent=99.0))
    service.ingest_cluster_metrics(ClusterMetrics("b", cpu_usage_percent=99.0))
    assert [alert.cluster_id for alert in service.get_active_alerts()] == ["b", "c", "a"]
    assert service.get_performance_summary()["active_alerts"] == 3
    assert service.get_federation_metrics().cpu_usage_percent == pytest.approx(96.0)


async def test_recordings_are_judged_at_the_end_of_the_interval(make_service: Any, clock: VirtualClock) -> None:
    """Put together: percentiles of the latencies, rates of the counts."""
    service = make_service()
    async with service:
        for _ in range(60):
            service.record_latency("c", 3000.0)
        service.record_error("c", 3)
        service.record_requests("d", 90)
        service.record_throughput("e", 12.5)
        await clock.advance(29.0)
        assert service.get_active_alerts() == []
        await clock.advance(1.0)
    alerts = {alert.alert_id: alert for alert in service.get_active_alerts()}
    assert alerts["c:latency"].severity.value == "critical"
    assert alerts["c:error_rate"].current_value == 5.0
    rates = {one.cluster_id: one.throughput_rps for one in service.get_all_cluster_metrics().values()}
    assert rates == {"c": 2.0, "d": 3.0, "e": 12.5}


async def test_what_was_recorded_before_the_start_counts_and_the_time_before_it_does_not(
    make_service: Any, clock: VirtualClock
) -> None:
    """Nobody knows how long the first counts took, so they make no throughput."""
    service = make_service()
    service.record_latency("c", 3000.0)
    await clock.advance(1000.0)
    async with service:
        await clock.settle()
        assert [alert.alert_id for alert in service.get_active_alerts()] == ["c:latency"]
        assert service.get_cluster_metrics("c").throughput_rps is None


async def test_collectors_are_asked_at_once_and_after_every_interval(
    make_service: Any, clock: VirtualClock, scripted: Any, listener: Any
) -> None:
    """What they return is judged as it comes."""
    collector = scripted([FINE], [HOT], [FINE])
    service = make_service(collectors=[collector])
    service.add_alert_callback(listener)
    async with service:
        await clock.settle()
        assert (collector.asked, listener.told) == (1, [])
        await clock.advance(30.0)
        assert (collector.asked, listener.told) == (2, [("c:cpu_usage", "warning")])
        await clock.advance(30.0)
        assert service.get_active_alerts() == []
    assert service.get_performance_summary()["rounds"] == 2
    assert len(service.get_federation_history()) == 2
    await clock.advance(300.0)
    assert collector.asked == 3


class Broken:
    """A collector that cannot reach its cluster, for a secret reason."""

    async def collect(self) -> Iterable[ClusterMetrics]:
        raise ConnectionError("https://user:hunter2@cluster")


class Hanging:
    """A collector that hears nothing."""

    async def collect(self) -> Iterable[ClusterMetrics]:
        await anyio.sleep_forever()
        return ()


async def test_a_collector_that_raises_or_hangs_harms_no_other(
    make_service: Any, clock: VirtualClock, scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is logged once, counted and shown, without the text of its error; the hanging one is given up."""
    good = scripted([FINE], [FINE], [FINE], [FINE])
    service = make_service(collectors=[Broken(), Hanging(), good], collector_timeout=20.0)
    async with service:
        await clock.advance(110.0)
    assert good.asked == 4
    shown = {one["name"]: one for one in service.get_performance_summary()["collectors"]}
    assert (shown["Broken"]["failures"], shown["Hanging"]["failures"], shown["Scripted"]["failures"]) == (4, 4, 0)
    assert shown["Hanging"]["problem"] == "took longer than 20 s"
    assert shown["Broken"]["problem"].startswith("ConnectionError at test_service.py:")
    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(messages) == 2
    assert not any("hunter2" in message for message in messages)


async def test_a_slow_collector_is_not_asked_again_before_it_answered(make_service: Any, clock: VirtualClock) -> None:
    """With a timeout beyond the interval, it is left alone meanwhile; when it has answered, all is well."""
    asked: list[float] = []

    class Slow:
        async def collect(self) -> Iterable[ClusterMetrics]:
            asked.append(clock.now())
            await clock.sleep_until(clock.now() + 45.0)
            return [FINE]

    service = make_service(collectors=[Slow()], collector_timeout=100.0)
    began = clock.now()
    async with service:
        await clock.advance(100.0)
    assert [instant - began for instant in asked] == [0.0, 60.0]
    assert service.get_performance_summary()["collectors"][0]["collections"] == 1


async def test_a_collector_added_later_is_asked_from_the_next_round_on(
    make_service: Any, clock: VirtualClock, scripted: Any
) -> None:
    """While the collection runs."""
    collector = scripted([FINE])
    service = make_service()
    async with service:
        await clock.advance(10.0)
        service.add_collector(collector)
        await clock.advance(20.0)
    assert collector.asked == 1


async def test_measurements_may_come_from_any_thread(make_service: Any, clock: VirtualClock, listener: Any) -> None:
    """The callbacks run in the event loop, soon, and not only at the next round."""
    service = make_service()
    service.add_alert_callback(listener)
    async with service:
        await anyio.to_thread.run_sync(service.ingest_cluster_metrics, HOT)
        await clock.settle()
        assert listener.told == [("c:cpu_usage", "warning")]


async def test_a_forgotten_cluster_is_resolved_and_not_missed(
    make_service: Any, clock: VirtualClock, listener: Any
) -> None:
    """Taken out of service, it is silent for good, and that is nobody's business."""
    service = make_service()
    service.add_resolve_callback(listener)
    async with service:
        service.ingest_cluster_metrics(HOT)
        service.record_latency("c", 1.0)
        assert service.forget_cluster("c")
        assert not service.forget_cluster("c")
        await clock.advance(300.0)
    assert listener.told == [("c:cpu_usage", "warning")]
    assert (service.get_active_alerts(), list(service.get_history("c"))) == ([], [])


async def test_the_throughput_alert_learns_what_is_usual(make_service: Any, clock: VirtualClock) -> None:
    """Recorded second by second, over half an hour of health and a minute of trouble."""
    service = make_service(thresholds=PerformanceThresholds(baseline_min_samples=10))
    async with service:
        for _ in range(20):
            service.record_requests("c", 3000)
            await clock.advance(30.0)
        assert service.get_active_alerts() == []
        service.record_requests("c", 300)
        await clock.advance(30.0)
        (alert,) = service.get_active_alerts()
        assert (alert.alert_id, alert.severity.value, alert.current_value) == ("c:throughput", "critical", 10.0)
        service.record_requests("c", 3000)
        await clock.advance(30.0)
        assert service.get_active_alerts() == []
