"""What is measured: each scenario posts to one fresh daemon after the other, and gives a run per figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import attrs
from tests.bench import delivery, listing, parts, suppression
from tests.bench.daemons import Posted, running
from tests.bench.figures import Figure, Run
from tests.bench.load import Order

RECEIVER: Final = "receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}]\n"
TIMERS: Final = "group_by: [job], group_wait: 1h, group_interval: 1h, repeat_interval: 4h"
"""Nothing is sent while ingest is measured."""

Measure = Callable[[str, Path, bool], Mapping[Figure, Run]]


@attrs.frozen
class Scenario:
    """A name for the command line, and what measures one daemon: its name, a folder, whether it is to be quick.

    *turns* is how often that is done unless somebody says otherwise.
    """

    name: str
    measure: Measure
    turns: int = 3


def configuration(rules: int, pattern: str = "node{}-.*") -> str:
    """A tree of so many rules, each with a pattern for the label ``node``."""
    lines = [f"route: {{receiver: hook, {TIMERS}, routes: ["]
    lines += [f"  {{receiver: hook, matchers: ['node=~\"{pattern.format(rule)}\"']}}," for rule in range(rules)]
    return "\n".join([*lines, "]}", RECEIVER])


def _rate(posted: Posted, alerts: int) -> Run:
    return Run(alerts / posted.seconds, posted.daemon, posted.load)


def _ingest(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    runs: dict[Figure, Run] = {}
    alerts = 1_000 if quick else 50_000
    shapes = ((64, 4, 1.2, 2.0), (1, 32, 0.7, None), (1000, 4, 1.5, 2.0))
    for batch, connections, new, again in shapes[:2] if quick else shapes:
        count = alerts if batch > 1 else alerts // 5
        order = Order(0, count, batch, connections)
        how = f"batches of {batch:,}" if batch > 1 else f"one by one, {connections} connections"
        with running(daemon, configuration(10), folder / f"batch-{batch}") as measured:
            runs[Figure(f"ingest: new, {how}", "alerts/s", new)] = _rate(measured.take(order), count)
            refreshed = measured.take(attrs.evolve(order, round_number=1))
            runs[Figure(f"ingest: refreshed, {how}", "alerts/s", again)] = _rate(refreshed, count)
    return runs


def _routing(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    runs: dict[Figure, Run] = {}
    many = 100 if quick else 10_000
    kinds = (("without a prefix", ".*-rack{}-.*", 30.0), ("with a prefix", "node{}-.*", 12.0))
    for what, pattern, target in kinds[:1] if quick else kinds:
        for rules in (many,) if quick else (10, many):
            alerts = 500 if quick else 5_000 if rules == many else 20_000
            place = folder / f"{what}-{rules}".replace(" ", "-")
            with running(daemon, configuration(rules, pattern), place) as measured:
                posted = measured.take(Order(0, alerts, 64, 4, values=rules))
            figure = Figure(f"routing: {rules:,} rules {what}", "alerts/s", target if rules == many else None)
            runs[figure] = _rate(posted, alerts)
    return runs


def _memory(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    alerts = 1_000 if quick else 100_000
    with running(daemon, configuration(10), folder / "memory") as measured:
        before = measured.memory()
        posted = measured.take(Order(0, alerts, 1000, 4))
        grown = measured.memory() - before
        listed = listing.listed(measured, alerts)
    figure = Figure(f"memory: {alerts:,} firing alerts", "bytes/alert", 1.0, more_is_better=False)
    return {figure: Run(grown / alerts, posted.daemon, posted.load), **listed}


def _restart(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Only tocsin's: after ``kill -9`` none of Alertmanager's alerts is left."""
    if daemon != "tocsin":
        return {}
    alerts = 1_000 if quick else 100_000
    with running(daemon, configuration(10), folder / "restart") as measured:
        measured.take(Order(0, alerts, 1000, 4))
        ready = measured.restart(alerts)
    figure = Figure(f"restart: {alerts:,} firing alerts, after kill -9", "s", 5.0, more_is_better=False, absolute=True)
    return {figure: Run(ready.seconds, ready.daemon, ready.load)}


SCENARIOS: Final = (
    Scenario("ingest", _ingest),
    Scenario("routing", _routing),
    Scenario("suppression", suppression.measure, turns=2),
    Scenario("latency", delivery.measure_latency, turns=2),
    Scenario("hardship", delivery.measure_hardship, turns=2),
    Scenario("memory", _memory),
    Scenario("restart", _restart),
    Scenario("deadlines", parts.deadlines, turns=2),
    Scenario("embedded", parts.embedded),
    Scenario("sending", parts.sending),
    Scenario("replay", parts.replay),
)
