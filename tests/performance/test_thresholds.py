"""Thresholds and metrics: what is accepted, and what is refused with a sentence that helps."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest

from tocsin.errors import ConfigurationError
from tocsin.performance import (
    ClusterMetrics,
    PerformanceThresholds,
    create_development_thresholds,
    create_production_thresholds,
)


def test_production_is_stricter_than_the_default_and_development_more_lenient() -> None:
    """Wherever all three have a limit on the same metric."""
    strict, usual, lenient = create_production_thresholds(), PerformanceThresholds(), create_development_thresholds()
    for field in attrs.fields(PerformanceThresholds):
        values = [getattr(one, field.name) for one in (strict, usual, lenient)]
        if field.name.startswith("health_score"):
            assert values == sorted(values, reverse=True), field.name
        elif "warning" in field.name or "critical" in field.name:
            assert [value or math.inf for value in values] == sorted(value or math.inf for value in values), field.name


def test_the_ready_made_thresholds_take_changes() -> None:
    """One limit can be set, or switched off, without spelling out the others."""
    assert create_production_thresholds(cpu_warning_percent=50.0).cpu_warning_percent == 50.0
    assert create_development_thresholds(silent_after_intervals=None).silent_after_intervals is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"latency_warning_ms": -1.0}, "latency_warning_ms must not be negative"),
        ({"latency_critical_ms": math.nan}, "latency_critical_ms must be a finite number"),
        ({"error_rate_critical_percent": 101.0}, "error_rate_critical_percent is a percentage and must be at most 100"),
        ({"hysteresis": 1.0}, "hysteresis is a fraction and must be below 1"),
        ({"baseline_min_samples": 0}, "baseline_min_samples must be a whole number of at least 1"),
        ({"silent_after_intervals": 2.5}, "silent_after_intervals must be a whole number of at least 1"),
        ({"min_requests": True}, "min_requests must be a whole number of at least 1"),
        ({"cpu_warning_percent": 96.0}, "cpu_critical_percent=95 must not be below cpu_warning_percent=96"),
        ({"health_score_critical": 90.0}, "health_score_critical=90 must not be above health_score_warning=80"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, Any], problem: str) -> None:
    """The message names the setting and what would be right."""
    with pytest.raises(ConfigurationError, match=problem):
        PerformanceThresholds(**changes)


def test_a_limit_that_is_off_is_in_nobodys_way() -> None:
    """None has no order."""
    assert PerformanceThresholds(cpu_warning_percent=None).cpu_warning_percent is None
    assert PerformanceThresholds(health_score_critical=None).health_score_critical is None


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"cluster_id": ""}, "cluster_id must be a non-empty string"),
        ({"avg_latency_ms": -0.1}, "avg_latency_ms must not be negative"),
        ({"error_rate_percent": 100.5}, "error_rate_percent must be at most 100"),
        ({"throughput_rps": math.inf}, "throughput_rps must be a finite number"),
        ({"timestamp": "now"}, "timestamp must be a finite number"),
        ({"labels": {"a": 1}}, "mapping of strings to strings"),
    ],
)
def test_what_cannot_have_been_measured_is_refused(fields: dict[str, Any], problem: str) -> None:
    """A measurement is checked when it is made."""
    with pytest.raises(ConfigurationError, match=problem):
        ClusterMetrics(**{"cluster_id": "c", **fields})


def test_the_latency_that_is_judged() -> None:
    """The 95th percentile where known, else the average, else the 99th."""
    assert ClusterMetrics("c", avg_latency_ms=1.0, p95_latency_ms=2.0, p99_latency_ms=3.0).latency_ms == 2.0
    assert ClusterMetrics("c", avg_latency_ms=1.0, p99_latency_ms=3.0).latency_ms == 1.0
    assert ClusterMetrics("c", p99_latency_ms=3.0).latency_ms == 3.0
    assert ClusterMetrics("c").latency_ms is None


def test_parts_of_a_measurement_are_put_together() -> None:
    """The later one wins; what it does not tell is taken from the earlier one; a zero is told."""
    earlier = ClusterMetrics("c", cpu_usage_percent=50.0, active_connections=7, labels={"a": "1", "b": "1"})
    later = ClusterMetrics("c", throughput_rps=9.0, active_connections=0, labels={"b": "2"})
    assert later.over(earlier) == ClusterMetrics(
        "c", cpu_usage_percent=50.0, throughput_rps=9.0, active_connections=0, labels={"a": "1", "b": "2"}
    )
