"""Every way in counts what came over it; a real daemon says so at /metrics."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from api_world import World, alert, world
from server_processes import Process, daemon, until

from tocsin import AlertFired, AlertResolved, GapFound, GapKind, PerformanceAlert, StoreError
from tocsin_server.intake import Counts, Intake, Intakes

CONFIG: Final = """
channels: {screen: {backend: console}}
routing_rules: [{rule_id: all, target_channels: [screen]}]
sources: {machine: {source: host, config: {interval_seconds: 1, memory_warning_percent: 1, memory_critical_percent: 2}}}
"""
EVENT: Final = {
    "routing_key": "any",
    "event_action": "trigger",
    "dedup_key": "a",
    "payload": {"summary": "full", "source": "db1", "severity": "error"},
}
SAMPLE: Final = re.compile(r'^tocsin_alerts_(\w+)_total\{interface="(\w+)"(?:,status="(\w+)")?\} (\S+)$', re.MULTILINE)


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the daemon."""
    return "asyncio"


@pytest.mark.anyio
async def test_what_is_committed_is_counted_and_answered() -> None:
    """And nothing else is: neither what failed, nor what is no alert."""
    failing = False

    async def submit(*facts: Any) -> tuple[bool, ...]:
        if failing:
            raise StoreError("the disk is full")
        return (True,) * len(facts)

    intake = Intake(submit)
    fired = AlertFired(PerformanceAlert("a", "eu", "error", "cpu"))
    gap = GapFound(GapKind.PLUGIN_FAILED, "x", "y")
    assert await intake.take(fired, AlertResolved("b"), gap, fired) == (True,) * 4
    failing = True
    with pytest.raises(StoreError):
        await intake.take(fired)
    assert intake.counts == Counts(firing=2, resolved=1)


@pytest.mark.anyio
async def test_each_interface_counts_its_own(anyio_backend: str, tmp_path: Path) -> None:
    """All alerts of a request that are invalid are counted, and of a refused request none as received."""
    async with world(tmp_path) as here:
        await here.ask("POST", "/alerts", [alert("a"), alert("b")], status=202)
        await here.ask("POST", "/alerts", [alert("c"), alert(severity="odd"), {}], status=400)
        await here.ask("POST", "/v2/enqueue", EVENT, status=202)
        await here.ask("POST", "/v2/enqueue", {**EVENT, "event_action": "acknowledge"}, status=202)
        await here.ask("POST", "/v2/enqueue", {**EVENT, "event_action": "resolve"}, status=202)
        await here.ask("POST", "/v2/enqueue", {**EVENT, "payload": None}, status=400)
        assert counts(here) == {"tocsin": Counts(2, 0, 2), "pagerduty": Counts(1, 1, 1)}


def counts(here: World) -> dict[str, Counts]:
    """Return what came in over interfaces that something came over."""
    return {name: one for name, one in here.intakes.by_interface().items() if one != Counts()}


def test_the_names_of_the_ways_are_those_of_their_labels() -> None:
    async def submit(*facts: Any) -> None:
        return

    assert list(Intakes.to(submit).by_interface()) == ["alertmanager", "tocsin", "pagerduty", "source"]


def test_metrics_tell_the_ways_apart(tmp_path: Path) -> None:
    config = tmp_path / "tocsin.yaml"
    config.write_text(CONFIG)
    with daemon(config, tmp_path / "data") as ours:
        ours.client.post("/api/v2/alerts", json=[{"labels": {"alertname": "one"}}, {"labels": {"a-b": "c"}}])
        ours.client.post("/api/tocsin/v1/alerts", json=alert()).raise_for_status()
        ours.client.post("/v2/enqueue", json=EVENT).raise_for_status()
        found = until(lambda: complete(ours))
    received = {one[:-1]: float(one[-1]) for one in found}
    assert received["invalid", "alertmanager", ""] == 1
    assert received["invalid", "tocsin", ""] == 0
    for interface in ("alertmanager", "tocsin", "pagerduty"):
        assert received["received", interface, "firing"] == 1
        assert received["received", interface, "resolved"] == 0


def complete(ours: Process) -> list[tuple[str, ...]]:
    """Return the samples, once the machine's source has found something out too."""
    found = SAMPLE.findall(ours.client.get("/metrics").text)
    looked = any(one[:2] == ("received", "source") and float(one[3]) > 0 for one in found)
    return found if looked else []
