"""The source, in virtual time: what it submits of clusters, and of itself when Prometheus says less than it should."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from prometheus_peer import PrometheusPeer, Submitted, config, vector

from tocsin import (
    AlertFired,
    AlertResolved,
    AlertSeverity,
    Fact,
    GapFound,
    GapKind,
    PerformanceThresholds,
    StoreError,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Hang, Reply
from tocsin_prometheus import PrometheusConfig, PrometheusSource

pytestmark = pytest.mark.anyio
INTERVAL = 30.0


class World:
    """A source that runs, round by round."""

    def __init__(self, peer: PrometheusPeer, settings: PrometheusConfig) -> None:
        self.peer = peer
        self.clock = VirtualClock()
        self.submitted = Submitted()
        self.source = PrometheusSource(settings, clock=self.clock)
        self.queries = len(settings.queries)
        self.rounds = 0

    async def round(self, *, asked: bool = True) -> list[Fact]:
        """Let the next round go by, to its end, and return what came of it."""
        if self.rounds:
            await self.clock.advance(INTERVAL)
        self.rounds += 1
        await self.clock.until(lambda: self.source.rounds == self.rounds)
        await self.clock.settle()
        return self.submitted.taken()


@asynccontextmanager
async def running(peer: PrometheusPeer, **changes: Any) -> AsyncIterator[World]:
    world = World(peer, config(peer.url, **changes))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.source.run, world.submitted)
        yield world
        tasks.cancel_scope.cancel()


def ids(facts: list[Fact]) -> set[str]:
    """What fires (+) and what is over (-)."""
    found = set()
    for fact in facts:
        if isinstance(fact, AlertFired):
            found.add(f"+{fact.alert.alert_id}")
        elif isinstance(fact, AlertResolved):
            found.add(f"-{fact.alert_id}")
    return found


def gaps(facts: list[Fact]) -> list[str]:
    found = [fact for fact in facts if isinstance(fact, GapFound)]
    assert all(gap.kind is GapKind.PLUGIN_FAILED and gap.subject == "prometheus fleet" for gap in found)
    return [gap.detail for gap in found]


def well(*clusters: str) -> dict[str, Mapping[str, Any]]:
    return {"cpu": dict.fromkeys(clusters, 10), "lat": dict.fromkeys(clusters, 100)}


async def test_what_is_wrong_with_a_cluster_fires_and_ends(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 97, "b": 10}, "lat": {"a": 100, "b": 100}}
    async with running(peer) as world:
        assert "+a:cpu_usage" in ids(await world.round())
        peer.values = well("a", "b")
        assert "-a:cpu_usage" in ids(await world.round())


async def test_what_fired_before_a_restart_is_over_once_it_was_judged_again(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 97, "b": "NaN"}, "lat": {"a": 100, "b": 100}}
    async with running(peer) as world:
        assert not {one for one in ids(await world.round()) if one.startswith("-a")}
        second = ids(await world.round())
        assert {"-a:latency", "-a:cluster_silent", "-b:latency", "-b:cluster_silent"} <= second
        assert not {"-a:cpu_usage", "-b:cpu_usage", "-a:throughput", "-a:disk_usage"} & second
        peer.values = {"cpu": {"a": 97, "b": 10}, "lat": {"a": 100, "b": 100}}
        assert "-b:cpu_usage" not in ids(await world.round())
        assert "-b:cpu_usage" in ids(await world.round()), "what was missing is judged when it comes"


async def test_a_metric_that_goes_missing_ends_no_alert_and_is_said(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 97, "b": 10}, "lat": {"a": 100, "b": 100}}
    async with running(peer) as world:
        await world.round()
        peer.values = {"cpu": {"b": 10}, "lat": {"a": 100, "b": 100}}
        facts = await world.round()
        assert gaps(facts) == ["cpu_usage_percent: a has no value"]
        facts += await world.round()
        assert "-a:cpu_usage" not in ids(facts)
        assert "+fleet:metrics_missing" not in ids(facts)
        facts = await world.round()
        assert ids(facts) == {"+fleet:metrics_missing"}
        (alert,) = [fact.alert for fact in facts if isinstance(fact, AlertFired)]
        assert (alert.severity, alert.metric_name, alert.cluster_id) == (
            AlertSeverity.WARNING,
            "metrics_missing",
            "fleet",
        )
        assert alert.message.endswith("cpu_usage_percent: a has no value")
        assert (await world.round()) == [], "it is told once"
        peer.values = well("a", "b")
        assert ids(await world.round()) >= {"-fleet:metrics_missing", "-a:cpu_usage"}


async def test_what_is_optional_may_be_missing(peer: PrometheusPeer) -> None:
    peer.values = {"cpu": {"a": 10, "b": 10}, "err": {"a": "NaN"}}
    queries = {"cpu_usage_percent": "cpu", "error_rate_percent": {"query": "err", "optional": True}}
    async with running(peer, queries=queries) as world:
        for _ in range(5):
            facts = await world.round()
            assert gaps(facts) == []
            assert "+fleet:metrics_missing" not in ids(facts)


async def test_a_cluster_in_no_answer_is_silent(peer: PrometheusPeer) -> None:
    peer.values = well("a", "b")
    async with running(peer) as world:
        await world.round()
        peer.values = {"cpu": {"b": 10, "a": "NaN"}, "lat": {"b": 100}}
        facts = [fact for _ in range(5) for fact in await world.round()]
        assert "+a:cluster_silent" in ids(facts)
        assert "+b:cluster_silent" not in ids(facts)
        peer.values = well("a", "b")
        assert "-a:cluster_silent" in ids(await world.round())


async def test_a_prometheus_that_is_gone_never_looks_like_health(peer: PrometheusPeer) -> None:
    peer.values = well("a", "b")
    async with running(peer) as world:
        await world.round()
        await world.round()
        peer.answers = {"cpu": Reply(503, b"starting"), "lat": Reply(503, b"starting")}
        facts = await world.round()
        assert gaps(facts) == [
            "cpu_usage_percent: 503 Service Unavailable: starting; p95_latency_ms: 503 Service Unavailable: starting"
        ]
        facts = [fact for _ in range(4) for fact in await world.round()]
        assert ids(facts) == {"+fleet:metrics_missing", "+a:cluster_silent", "+b:cluster_silent"}
        severities = {fact.alert.severity for fact in facts if isinstance(fact, AlertFired)}
        assert severities == {AlertSeverity.CRITICAL}
        peer.answers = {}
        assert ids(await world.round()) >= {"-fleet:metrics_missing", "-a:cluster_silent", "-b:cluster_silent"}


async def test_one_that_was_never_there_is_told_as_well(peer: PrometheusPeer) -> None:
    peer.answers = {"cpu": Reply(401), "lat": Reply(401)}
    async with running(peer) as world:
        facts = [fact for _ in range(3) for fact in await world.round()]
        assert ids(facts) == {"+fleet:metrics_missing"}
        assert "401 Unauthorized" in gaps(facts)[0]


async def test_a_query_that_finds_nothing_is_told(peer: PrometheusPeer) -> None:
    """A misspelt metric gives an empty vector, which is a success."""
    peer.values = {"cpu": {"a": 10}}
    async with running(peer) as world:
        facts = [fact for _ in range(3) for fact in await world.round()]
        assert gaps(facts) == ["p95_latency_ms: no cluster has a value"]
        assert "+fleet:metrics_missing" in ids(facts)


async def test_a_cluster_that_has_to_be_there_is_missed_from_the_start(peer: PrometheusPeer) -> None:
    peer.values = well("a")
    async with running(peer, clusters=("a", "b")) as world:
        facts = [fact for _ in range(3) for fact in await world.round()]
        assert gaps(facts) == ["nothing is known of b"]
        assert "+fleet:metrics_missing" in ids(facts)
        peer.values = well("a", "b")
        assert "-fleet:metrics_missing" in ids(await world.round())


async def test_a_warning_is_told_though_there_are_numbers(peer: PrometheusPeer) -> None:
    """With it a part of the clusters may be missing: a store of Thanos that does not answer, say."""
    async with running(peer) as world:
        facts: list[Fact] = []
        for number in range(4):
            both = {name: vector({"a": 97}, at=2.0 + number, warnings=["store down"]) for name in ("cpu", "lat")}
            peer.answers = dict(both)
            facts += await world.round()
        assert {"+a:cpu_usage", "+fleet:metrics_missing"} <= ids(facts)
        assert gaps(facts) == [
            "cpu_usage_percent: answered with a warning: store down;"
            " p95_latency_ms: answered with a warning: store down"
        ]


async def test_a_problem_that_comes_and_goes_is_a_gap_and_no_alert(peer: PrometheusPeer) -> None:
    peer.values = well("a")
    async with running(peer) as world:
        facts: list[Fact] = []
        for number in range(8):
            peer.answers = {"cpu": Reply(503)} if number % 2 else {}
            facts += await world.round()
        assert "+fleet:metrics_missing" not in ids(facts)
        assert len(gaps(facts)) == 4


async def test_more_clusters_than_can_be_watched_are_told(
    peer: PrometheusPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin_prometheus.collector.MOST_CLUSTERS", 2)
    peer.values = well("a", "b", "c")
    async with running(peer) as world:
        facts = [fact for _ in range(3) for fact in await world.round()]
        assert "is 'cluster' their label?" in gaps(facts)[0]
        assert "+fleet:metrics_missing" in ids(facts)


async def test_a_round_in_which_nothing_is_answered_is_told_though_it_takes_almost_the_interval(
    peer: PrometheusPeer,
) -> None:
    peer.answers = {"cpu": Hang(), "lat": Hang()}
    async with running(peer, interval_seconds=10.0, timeout_seconds=9.9) as world:
        for number in range(1, 4):
            asked = 2 * number
            await world.clock.until(lambda asked=asked: len(peer.requests) == asked)  # type: ignore[misc]  # bound
            await world.clock.advance(10.0)
        assert world.source.rounds == 3
        facts = world.submitted.taken()
    assert "no answer within 9.9 s" in gaps(facts)[0]
    assert "+fleet:metrics_missing" in ids(facts)


async def test_where_silence_is_off_the_source_is_watched_still(peer: PrometheusPeer) -> None:
    peer.answers = {"cpu": Reply(503), "lat": Reply(503)}
    async with running(peer, thresholds=PerformanceThresholds(silent_after_intervals=None)) as world:
        facts = [fact for _ in range(3) for fact in await world.round()]
        assert ids(facts) == {"+fleet:metrics_missing"}


async def test_a_store_that_fails_ends_the_run_with_its_own_error_and_it_can_run_again(peer: PrometheusPeer) -> None:
    """So the daemon, which catches that one, begins again."""
    peer.answers = {"cpu": Reply(503), "lat": Reply(503)}
    source = PrometheusSource(config(peer.url), clock=VirtualClock())

    async def broken(*facts: Fact) -> None:
        raise StoreError("the disk is full")

    for _ in range(2):
        with pytest.raises(StoreError):
            await source.run(broken)


async def test_it_is_left_without_anything_open(peer: PrometheusPeer) -> None:
    peer.values = well("a")
    async with running(peer) as world:
        await world.round()
    assert await anyio.to_thread.run_sync(peer.wait_until, lambda: peer.still_open == 0, 30)
