"""The guide's own snippets about metrics, as they stand there: no ``async with``, on asyncio and on trio."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.performance import ClusterMetrics, create_performance_metrics_service, create_production_thresholds
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


class Alerting:
    """What the guide's callback calls."""

    def __init__(self) -> None:
        self.processed: list[PerformanceAlert] = []

    async def process_alert(self, alert: PerformanceAlert) -> None:
        self.processed.append(alert)


async def test_quick_start(clock: VirtualClock) -> None:
    """Create, add a callback, start; an alert reaches the alerting service."""
    alerting = Alerting()
    metrics = create_performance_metrics_service(collection_interval=30.0, clock=clock)

    async def alert_callback(alert: PerformanceAlert) -> None:
        await alerting.process_alert(alert)

    metrics.add_alert_callback(alert_callback)
    await metrics.start_collection()

    metrics.ingest_cluster_metrics(ClusterMetrics("prod-web-01", cpu_usage_percent=85.0))
    await clock.settle()
    (alert,) = alerting.processed
    assert (alert.metric_name, alert.severity) == ("cpu_usage", AlertSeverity.WARNING)


async def test_the_complete_example(clock: VirtualClock, capsys: pytest.CaptureFixture[str]) -> None:
    """Production thresholds, a handler that prints, and the interval to print."""
    alerting = Alerting()
    metrics = create_performance_metrics_service(
        collection_interval=30.0, custom_thresholds=create_production_thresholds(), clock=clock
    )
    lines: list[str] = []

    async def alert_handler(alert: PerformanceAlert) -> None:
        await alerting.process_alert(alert)
        lines.append(f"Alert processed: {alert.alert_id} - {alert.message}")

    metrics.add_alert_callback(alert_handler)
    await metrics.start_collection()
    assert f"Metrics collection: {metrics.collection_interval}s interval" == "Metrics collection: 30.0s interval"

    metrics.ingest_cluster_metrics(
        ClusterMetrics("prod-db-1", health_score=40.0, error_rate_percent=7.0, p95_latency_ms=300.0)
    )
    await clock.settle()
    found: dict[str, Any] = {alert.metric_name: alert.severity.value for alert in alerting.processed}
    assert found == {"health_score": "critical", "error_rate": "critical", "latency": "warning"}
    assert "Alert processed: prod-db-1:latency - prod-db-1: latency is 300 ms, above 250 ms" in lines
