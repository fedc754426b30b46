"""tocsin's metrics service, under the guide's module name; the logger of this module's name steers the logger
``tocsin.performance``."""

from __future__ import annotations

from mpreg._loggers import steer
from tocsin import (
    AlertSeverity,
    ClusterMetrics,
    MetricsCollector,
    PerformanceAlert,
    PerformanceMetricsService,
    PerformanceThresholds,
    create_development_thresholds,
    create_performance_metrics_service,
    create_production_thresholds,
)

__all__ = [
    "AlertSeverity",
    "ClusterMetrics",
    "MetricsCollector",
    "PerformanceAlert",
    "PerformanceMetricsService",
    "PerformanceThresholds",
    "create_development_thresholds",
    "create_performance_metrics_service",
    "create_production_thresholds",
]

steer("tocsin.performance", by=__name__)
