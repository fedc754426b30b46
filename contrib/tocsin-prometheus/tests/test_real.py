"""Against a real Prometheus, which scrapes an exporter of ours on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from prometheus_peer import Exporter, Prometheus, Submitted, measured, prometheus

from tocsin import AlertFired, AlertResolved, AlertSeverity
from tocsin.testing.clock import VirtualClock
from tocsin_prometheus import NothingAnswered, PrometheusCollector, PrometheusConfig, PrometheusSource
from tocsin_prometheus.collector import Round

pytestmark = pytest.mark.anyio
PASSWORD = "s3cretPassw0rd"
WEB = """
basic_auth_users:
  ops: $2b$04$e7.BrtMX0ihguDm9az5pxubLiCf7tUrOKShNIOHb/aXGhI8ka8nxK
"""
"""The password's hash: https://prometheus.io/docs/prometheus/latest/configuration/https/."""

QUERIES = {
    "cpu_usage_percent": "max by (cluster) (demo_cpu)",
    "p95_latency_ms": "1000 * demo_latency_seconds",
    "error_rate_percent": {"query": "100 * demo_errors / demo_requests", "optional": True},
}


METRICS = {
    'demo_cpu{cluster="a",core="0"}': 97,
    'demo_cpu{cluster="a",core="1"}': 20,
    'demo_cpu{cluster="b",core="0"}': 10,
    'demo_latency_seconds{cluster="a"}': 0.25,
    'demo_latency_seconds{cluster="b"}': 0.1,
    'demo_errors{cluster="a"}': 0,
    'demo_requests{cluster="a"}': 0,
    'demo_errors{cluster="b"}': 1,
    'demo_requests{cluster="b"}': 100,
}


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    with Exporter(METRICS) as running:
        yield running


@contextmanager
def started(folder: Path, exporter: Exporter) -> Iterator[Prometheus]:
    """Run one that asks for a password, and has scraped."""
    web = folder / "web.yml"
    web.write_text(WEB)
    with prometheus(folder, exporter, f"--web.config.file={web}", auth=("ops", PASSWORD)) as running:
        running.wait_for('demo_cpu{cluster="b"}', 10, exporter)
        yield running


@pytest.fixture(scope="module")
def real(exporter: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with started(tmp_path_factory.mktemp("prometheus"), exporter) as running:
        yield running


def settings(real: Prometheus, **changes: Any) -> PrometheusConfig:
    who = {"username": "ops", "password": PASSWORD}
    return PrometheusConfig(**{"url": real.url, "queries": QUERIES, "name": "fleet", **who, **changes})


async def test_it_is_asked_for_each_cluster(real: Prometheus) -> None:
    """0/0 is NaN there, and not measured here."""
    found = measured(await PrometheusCollector(settings(real)).collect())
    assert found == {
        "a": {"cpu_usage_percent": 97.0, "p95_latency_ms": 250.0},
        "b": {"cpu_usage_percent": 10.0, "p95_latency_ms": 100.0, "error_rate_percent": 1.0},
    }


async def test_what_is_wrong_with_a_query_is_said(real: Prometheus) -> None:
    rounds: list[Round] = []
    queries = {
        "cpu_usage_percent": "demo_cpu",
        "p95_latency_ms": "rate(",
        "throughput_rps": "42",
        "requests": "sum(demo_requests)",
        "load_average": "demo_cpu[5m]",
        "health_score": "no_such_metric",
        "active_connections": "demo_requests",
    }
    collector = PrometheusCollector(settings(real, queries=queries), told=rounds.append)
    (one, other) = sorted(await collector.collect(), key=lambda metrics: metrics.cluster_id)
    assert (one.active_connections, other.active_connections) == (0.0, 100.0)
    assert one.cpu_usage_percent is None
    answers = rounds[0].answers
    assert answers["cpu_usage_percent"].problems["twice a"].startswith("several series for a")
    assert "400 Bad Request" in str(answers["p95_latency_ms"].failed)
    assert "bad_data" in str(answers["p95_latency_ms"].failed)
    assert "a scalar" in str(answers["throughput_rps"].failed)
    assert set(answers["requests"].problems) == {"label"}
    assert "a matrix" in str(answers["load_average"].failed)
    assert answers["health_score"].values == {}


async def test_a_password_is_needed(real: Prometheus) -> None:
    rounds: list[Round] = []
    others = settings(real, username=None, password=None, bearer_token=PASSWORD)
    with pytest.raises(NothingAnswered):
        await PrometheusCollector(others, told=rounds.append).collect()
    assert "401 Unauthorized" in str(rounds[0].answers["cpu_usage_percent"].failed)
    assert PASSWORD not in repr(rounds)


async def test_what_it_knows_is_watched_until_it_is_gone(tmp_path: Path, anyio_backend: object) -> None:
    if anyio_backend != ("trio", {}):
        pytest.skip("a Prometheus takes seconds to start, and the rest is no matter of the event loop")
    with Exporter(dict(METRICS)) as exporter, started(tmp_path, exporter) as real:
        clock, submitted = VirtualClock(), Submitted()
        source = PrometheusSource(settings(real), clock=clock)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(source.run, submitted)
            await clock.until(lambda: source.rounds == 1)
            await clock.settle()
            assert fired(submitted) == {"a:cpu_usage"}
            exporter.metrics['demo_cpu{cluster="a",core="0"}'] = 10
            real.wait_for('max(demo_cpu{cluster="a"})', 20, exporter)
            await passed(clock, source, 1)
            assert AlertResolved("a:cpu_usage") in submitted.facts
            real.stop()
            submitted.taken()
            await passed(clock, source, 5)
            alerts = {fact.alert.alert_id: fact.alert for fact in submitted.facts if isinstance(fact, AlertFired)}
            tasks.cancel_scope.cancel()
    assert set(alerts) == {"a:cluster_silent", "b:cluster_silent", "fleet:metrics_missing"}
    missing = alerts["fleet:metrics_missing"]
    assert missing.severity is AlertSeverity.CRITICAL
    assert "the connection was refused" in missing.message


async def passed(clock: VirtualClock, source: PrometheusSource, count: int) -> None:
    """Let *count* rounds go by."""
    for _ in range(count):
        due = source.rounds + 1
        await clock.advance(30)
        while source.rounds < due:
            await clock.settle()
        await clock.settle()


def fired(submitted: Submitted) -> set[str]:
    return {fact.alert.alert_id for fact in submitted.taken() if isinstance(fact, AlertFired)}
