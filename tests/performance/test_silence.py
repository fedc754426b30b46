"""A dead cluster reports nothing: that is noticed, and what is not its fault does not count."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin.performance import ClusterMetrics, PerformanceThresholds
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

ALIVE = ClusterMetrics("c", cpu_usage_percent=1.0)


async def test_a_cluster_that_stops_reporting_is_critical_and_resolves_when_it_is_back(
    make_service: Any, clock: VirtualClock, scripted: Any, listener: Any
) -> None:
    """At the end of the third whole interval in which nothing came."""
    ended = type(listener)()
    collector = scripted([ALIVE], [ALIVE], [], [], [], [], [ALIVE])
    service = make_service(collectors=[collector])
    service.add_alert_callback(listener)
    service.add_resolve_callback(ended)
    async with service:
        await clock.advance(149.0)
        assert listener.told == []
        await clock.advance(1.0)
        assert listener.told == [("c:cluster_silent", "critical")]
        assert listener.alerts[0].timestamp == clock.wall()
        assert service.get_performance_summary()["silent_clusters"] == 1
        await clock.advance(29.0)
        assert ended.told == []
        await clock.advance(1.0)
        assert ended.told == [("c:cluster_silent", "critical")]


async def test_a_recording_is_a_sign_of_life(make_service: Any, clock: VirtualClock) -> None:
    """One request per interval is enough."""
    service = make_service(thresholds=PerformanceThresholds(silent_after_intervals=1))
    async with service:
        for _ in range(5):
            service.record_latency("c", 1.0)
            await clock.advance(30.0)
        assert service.get_active_alerts() == []
        await clock.advance(60.0)
        assert [alert.metric_name for alert in service.get_active_alerts()] == ["cluster_silent"]


async def test_time_in_which_the_service_was_stopped_does_not_count(make_service: Any, clock: VirtualClock) -> None:
    """After the next start a cluster has all of its intervals again."""
    service = make_service()
    async with service:
        service.ingest_cluster_metrics(ALIVE)
        await clock.advance(95.0)
    await clock.advance(86_400.0)
    async with service:
        await clock.advance(89.0)
        assert service.get_active_alerts() == []
        await clock.advance(1.0)
        assert [alert.alert_id for alert in service.get_active_alerts()] == ["c:cluster_silent"]


async def test_time_in_which_the_process_stood_still_does_not_count(
    make_service: Any, clock: VirtualClock, scripted: Any
) -> None:
    """A suspended machine is not a dead cluster, and the requests of a frozen interval are no drop of throughput."""
    service = make_service(thresholds=PerformanceThresholds(silent_after_intervals=1, baseline_min_samples=2))
    async with service:
        for _ in range(3):
            service.record_requests("c", 300)
            await clock.advance(30.0)
        service.record_requests("c", 3)
        service.ingest_cluster_metrics(ClusterMetrics("d"))
        await clock.freeze(100_000.0)
        assert service.get_active_alerts() == []
        service.record_requests("c", 300)
        await clock.advance(30.0)
        assert [alert.alert_id for alert in service.get_active_alerts()] == ["d:cluster_silent"]


async def test_rounds_that_were_late_are_not_made_up_for(make_service: Any, clock: VirtualClock) -> None:
    """With a short interval, a second of load is one period, not ten in a row with nothing in them."""
    service = make_service(0.1)
    async with service:
        service.ingest_cluster_metrics(ALIVE)
        for _ in range(3):
            await clock.freeze(1.0)
        assert service.get_performance_summary()["rounds"] == 3
        assert service.get_active_alerts() == []
        await clock.freeze(1.0)
        assert [alert.alert_id for alert in service.get_active_alerts()] == ["c:cluster_silent"]


async def test_a_jump_of_the_wall_clock_means_nothing(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """Silence is counted in intervals, not in dates."""
    collector = scripted(*[[ALIVE]] * 5)
    service = make_service(collectors=[collector])
    async with service:
        clock.jump_wall(1e6)
        await clock.advance(60.0)
        clock.jump_wall(-2e6)
        await clock.advance(60.0)
        assert service.get_active_alerts() == []
