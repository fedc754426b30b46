"""The collector, against a Prometheus that answers well, badly or not at all."""

from __future__ import annotations

import base64
import json
from typing import Any

import anyio
import pytest
from prometheus_peer import PrometheusPeer, config, measured, vector

from tocsin import PerformanceMetricsService
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Bytes, Hang, Reply, Reset
from tocsin_prometheus import NothingAnswered, PrometheusCollector
from tocsin_prometheus.collector import ANSWER_BYTES, MOST_CLUSTERS, Round

pytestmark = pytest.mark.anyio
SECRET = "s3cretT0ken"


async def collected(peer: PrometheusPeer, **changes: Any) -> tuple[dict[str, dict[str, float]], Round]:
    """Ask once; return what was measured, and the round."""
    rounds: list[Round] = []
    collector = PrometheusCollector(config(peer.url, **changes), told=rounds.append)
    try:
        found = measured(await collector.collect())
    except NothingAnswered:
        found = {}
    return found, rounds[0]


async def test_what_is_said_of_a_cluster_is_put_together(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 10, "b": 20}, "lat": {"a": 100}}
    found, over = await collected(peer, labels={"team": "sre"})
    assert found == {"a": {"cpu_usage_percent": 10.0, "p95_latency_ms": 100.0}, "b": {"cpu_usage_percent": 20.0}}
    assert not over.failed


async def test_labels_go_with_every_cluster(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 10}}
    (one,) = await PrometheusCollector(config(peer.url, labels={"team": "sre"})).collect()
    assert (one.labels, one.timestamp, one.error_rate_percent) == ({"team": "sre"}, None, None)


async def test_a_query_may_name_its_clusters_in_a_label_of_its_own(peer: PrometheusPeer) -> None:
    peer.answers["site"] = {
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {"site": "a", "cluster": "x"}, "value": [1, "5"]}]},
    }
    queries = {"cpu_usage_percent": {"query": "site", "cluster_label": "site"}}
    found, _ = await collected(peer, queries=queries)
    assert found == {"a": {"cpu_usage_percent": 5.0}}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(400, b'{"status":"error","errorType":"bad_data","error":"parse error"}'), "400 Bad Request: "),
        (Reply(401), "401 Unauthorized"),
        (Reply(302, b"", {"Location": "/login"}), "302 Found: redirects are not followed"),
        (Reply(204), "204 No Content"),
        (Reply(503, b"x" * 3_000_000), "503 Service Unavailable: xxx"),
        (Reply(200, b"<html>login</html>"), "no JSON"),
        (Reply(200, b'{"a":' + b'"' + b"x" * (ANSWER_BYTES + 10) + b'"}'), "no JSON, or is too long"),
        (Bytes(b"SSH-2.0-OpenSSH\r\n"), "no HTTP answer"),
        (Bytes(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"status":"success"'), "broke off"),
        (Reset(), "it may have arrived"),
        (vector({"a": 1}, at=1.0) | {"status": "error"}, "no answer of Prometheus' query API"),
    ],
    ids=str,
)
async def test_a_query_that_fails_takes_nothing_from_the_others(peer: PrometheusPeer, answer: Any, said: str) -> None:
    peer.values = {"cpu": {"a": 10}}
    peer.answers["lat"] = answer
    found, over = await collected(peer)
    assert found == {"a": {"cpu_usage_percent": 10.0}}
    failed = over.answers["p95_latency_ms"].failed
    assert failed is not None
    assert said in failed
    assert len(failed) < 400


async def test_a_query_that_hangs_is_given_up_alone(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 10}}
    peer.answers["lat"] = Hang()
    clock, rounds, results = VirtualClock(), list[Round](), list[Any]()
    async with PrometheusCollector(config(peer.url), clock=clock, told=rounds.append) as collector:

        async def collect() -> None:
            results.extend(await collector.collect())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect)
            await clock.until(lambda: "cpu_usage_percent" in collector._evaluated)
            await clock.advance(10.5)
    assert measured(results) == {"a": {"cpu_usage_percent": 10.0}}
    assert rounds[0].answers["p95_latency_ms"].failed == "no answer within 10 s"


async def test_nothing_answered_is_a_failure_of_the_collector(peer: PrometheusPeer) -> None:
    peer.stop()
    collector = PrometheusCollector(config(peer.url))
    with pytest.raises(NothingAnswered):
        await collector.collect()


async def test_an_answer_that_somebody_kept_is_no_answer(peer: PrometheusPeer) -> None:
    """A proxy's copy says the same numbers for ever; the instant at which it was evaluated stands still."""
    peer.values = {"cpu": {"a": 10}, "lat": {"a": 1}}
    collector = PrometheusCollector(config(peer.url))
    assert measured(await collector.collect())
    assert measured(await collector.collect())
    peer.stands = True
    with pytest.raises(NothingAnswered):
        await collector.collect()
    peer.stands = False
    assert measured(await collector.collect())


async def test_there_is_an_end_to_clusters(peer: PrometheusPeer) -> None:
    """Those that were there first are watched on; names that change without end take no memory without end."""
    peer.values = {"cpu": {f"c{n:04}": 1 for n in range(MOST_CLUSTERS - 1)}}
    rounds: list[Round] = []
    collector = PrometheusCollector(config(peer.url), told=rounds.append)
    assert len(await collector.collect()) == MOST_CLUSTERS - 1
    peer.values = {"cpu": {"c0000": 2, "x": 1, "y": 1, "z": 1}}
    assert set(measured(await collector.collect())) == {"c0000", "x"}
    peer.values = {"cpu": {"z": 1, "x": 1}}
    assert set(measured(await collector.collect())) == {"x"}
    assert [sorted(over.crowded_out) for over in rounds] == [[], ["y", "z"], ["z"]]


async def test_at_most_four_queries_are_asked_at_the_same_time(peer: PrometheusPeer) -> None:
    fields = ["avg_latency_ms", "p95_latency_ms", "p99_latency_ms", "throughput_rps", "requests", "load_average"]
    peer.values = {field: {"a": 1} for field in fields}
    async with PrometheusCollector(config(peer.url, queries={field: field for field in fields})) as collector:
        (one,) = await collector.collect()
    assert one.load_average == 1.0
    assert peer.connections <= 4
    assert len(peer.requests) == 6


async def test_a_cancellation_passes(peer: PrometheusPeer) -> None:
    peer.answers = {"cpu": Hang(), "lat": Hang()}
    async with PrometheusCollector(config(peer.url)) as collector, anyio.create_task_group() as tasks:
        tasks.start_soon(collector.collect)
        await anyio.to_thread.run_sync(peer.wait_for_request)
        tasks.cancel_scope.cancel()
    assert await anyio.to_thread.run_sync(peer.wait_until, lambda: peer.still_open == 0, 30)


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"bearer_token": SECRET}, "authorization", f"Bearer {SECRET}"),
        (
            {"username": "ops", "password": SECRET},
            "authorization",
            "Basic " + base64.b64encode(f"ops:{SECRET}".encode()).decode(),
        ),
        ({"headers": {"X-Scope-OrgID": SECRET}}, "x-scope-orgid", SECRET),
    ],
)
async def test_who_asks_is_said_and_shown_nowhere(
    peer: PrometheusPeer, settings: dict[str, Any], header: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    peer.answers = {"cpu": Reply(403, f"who is {value}? {SECRET}".encode())}
    _, over = await collected(peer, **settings)
    assert all(request.headers[header] == value for request in peer.requests)
    assert SECRET not in f"{over!r} {caplog.text}"


async def test_it_is_a_collector_of_the_metrics_service(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 97}, "lat": {"a": 100}}
    clock = VirtualClock()
    metrics = PerformanceMetricsService(
        30.0, collectors=[PrometheusCollector(config(peer.url), clock=clock)], clock=clock
    )
    async with metrics:
        await clock.until(lambda: bool(metrics.get_active_alerts()))
        (alert,) = metrics.get_active_alerts()
    assert (alert.alert_id, alert.current_value) == ("a:cpu_usage", 97.0)
    json.dumps(metrics.get_performance_summary())
