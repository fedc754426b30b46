"""The metrics service: it watches clusters and tells an alerting service what is wrong with them."""

from tocsin.performance.collector import MetricsCollector
from tocsin.performance.federation import FederationMetrics
from tocsin.performance.host import HostCollector
from tocsin.performance.listener import AlertingService
from tocsin.performance.metrics import ClusterMetrics
from tocsin.performance.service import PerformanceMetricsService, create_performance_metrics_service
from tocsin.performance.thresholds import (
    PerformanceThresholds,
    create_development_thresholds,
    create_production_thresholds,
)

__all__ = [
    "AlertingService",
    "ClusterMetrics",
    "FederationMetrics",
    "HostCollector",
    "MetricsCollector",
    "PerformanceMetricsService",
    "PerformanceThresholds",
    "create_development_thresholds",
    "create_performance_metrics_service",
    "create_production_thresholds",
]
