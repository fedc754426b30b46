"""Recorded requests become a measurement."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigurationError
from tocsin.performance import ClusterMetrics
from tocsin.performance.samples import MAX_LATENCIES, Samples, percentile


def closed(samples: Samples, seconds: float | None = 10.0) -> ClusterMetrics:
    """The one measurement that the samples make."""
    (metrics,) = samples.close(1000.0, seconds)
    return metrics


def test_latencies_make_average_percentiles_and_throughput() -> None:
    """A timed request is a request."""
    samples = Samples()
    for value in range(1, 101):
        samples.latency("c", float(value))
    assert closed(samples) == ClusterMetrics(
        "c",
        timestamp=1000.0,
        avg_latency_ms=50.5,
        p95_latency_ms=95.0,
        p99_latency_ms=99.0,
        throughput_rps=10.0,
        error_rate_percent=0.0,
        requests=100,
    )
    assert samples.close(1010.0, 10.0) == []


def test_a_request_that_was_counted_and_timed_is_one_request() -> None:
    """The greater of both numbers holds."""
    samples = Samples()
    samples.latency("c", 5.0)
    samples.requests("c", 40)
    samples.errors("c", 1)
    metrics = closed(samples)
    assert (metrics.requests, metrics.throughput_rps, metrics.error_rate_percent) == (40, 4.0, 2.5)


def test_rates_are_averaged_and_tell_how_many_requests_there_were() -> None:
    """As many as the rate makes in the period."""
    samples = Samples()
    samples.throughput("c", 10.0)
    samples.throughput("c", 30.0)
    samples.errors("c", 2)
    metrics = closed(samples)
    assert (metrics.throughput_rps, metrics.requests, metrics.error_rate_percent) == (20.0, 200.0, 1.0)


def test_a_rate_over_an_unknown_time_tells_no_error_rate() -> None:
    """Of how many requests the errors are is not known then; counted requests tell it."""
    samples = Samples()
    samples.throughput("c", 10.0)
    samples.errors("c", 2)
    metrics = closed(samples, None)
    assert (metrics.throughput_rps, metrics.error_rate_percent) == (10.0, None)
    samples.requests("c", 8)
    samples.errors("c", 2)
    metrics = closed(samples, None)
    assert (metrics.throughput_rps, metrics.error_rate_percent) == (None, 25.0)


def test_errors_alone_are_all_there_is() -> None:
    """Nothing tells of a request that went well."""
    samples = Samples()
    samples.errors("c", 3)
    metrics = closed(samples)
    assert (metrics.error_rate_percent, metrics.requests, metrics.throughput_rps) == (100.0, 3.0, None)


def test_nothing_served_is_a_throughput_of_nothing() -> None:
    """To count zero requests is to report, and has no error rate."""
    samples = Samples()
    samples.requests("c", 0)
    metrics = closed(samples)
    assert (metrics.throughput_rps, metrics.error_rate_percent, metrics.requests) == (0.0, None, 0.0)


def test_it_keeps_the_newest_latencies_only() -> None:
    """Memory is bounded; the average is of all."""
    samples = Samples()
    for _ in range(MAX_LATENCIES):
        samples.latency("c", 1000.0)
    for _ in range(MAX_LATENCIES):
        samples.latency("c", 0.0)
    metrics = closed(samples)
    assert (metrics.p99_latency_ms, metrics.avg_latency_ms, metrics.requests) == (0.0, 500.0, 2 * MAX_LATENCIES)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, 1e300, "5", True, None])
def test_nonsense_is_refused_and_leaves_no_trace(value: Any) -> None:
    """The caller learns of it where it happened, not at the end of the interval."""
    samples = Samples()
    for record in (samples.latency, samples.throughput, samples.requests, samples.errors):
        with pytest.raises(ConfigurationError, match="must be a number from 0 to"):
            record("c", value)
    with pytest.raises(ConfigurationError, match="cluster_id must be a non-empty string"):
        samples.latency("", 1.0)
    assert samples.close(0.0, 1.0) == []


def test_a_forgotten_cluster_has_no_samples() -> None:
    """Also when it never had any."""
    samples = Samples()
    samples.latency("c", 1.0)
    samples.forget("c")
    samples.forget("d")
    assert samples.close(0.0, 1.0) == []


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(0.1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: float) -> None:
    """Nearest rank: at least that share is no greater, and no smaller value has that."""
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert sum(1 for value in ordered if value <= found) >= len(ordered) * percent / 100 - 1e-9
    assert sum(1 for value in ordered if value < found) <= len(ordered) * percent / 100
