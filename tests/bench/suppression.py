"""What 10,000 silences cost, and 100 inhibition rules over 10,000 sources; and whether they keep anything back."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from tests.bench.daemons import Broken, Daemon, running
from tests.bench.figures import Figure, Run
from tests.bench.flight import Trip, listener
from tests.bench.load import Order

KEPT: Final = "kept"
"""The job whose alerts are kept back."""
_KEPT_BACK: Final = 20
_FAR: Final = 1_000_000
"""Numbers of alerts that one daemon is posted at different times begin so far apart."""
_WARMING: Final = 20


@attrs.frozen
class _Size:
    """How many there are of everything."""

    silences: int
    rules: int
    sources: int
    alerts: Mapping[str, int]


_FULL: Final = {
    "tocsin": _Size(10_000, 100, 10_000, {"nothing": 1_000, "silences": 1_000, "inhibition": 1_000}),
    "alertmanager": _Size(10_000, 100, 10_000, {"nothing": 1_000, "silences": 500, "inhibition": 60}),
}
_QUICK: Final = _Size(50, 5, 50, {"nothing": 50, "silences": 50, "inhibition": 50})


def configuration(rules: int, port: int) -> str:
    """Every alert is its own group and told at once; sources are told in an hour.

    Every rule has to look at every source: they differ in a label only that no alert has.
    """
    source, target = "['job=\"source\"']", f"['job=~\"load|{KEPT}\"']"
    inhibits = (
        f"  {{source_matchers: {source}, target_matchers: {target}, equal: [zone, absent{rule}]}},"
        for rule in range(rules)
    )
    return "\n".join(
        [
            "route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1h, repeat_interval: 4h,",
            f"  routes: [{{receiver: hook, matchers: {source}, group_by: [job], group_wait: 1h}}]}}",
            f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{port}/'}}]}}]",
            "inhibit_rules: [",
            *inhibits,
            "]",
        ]
    )


def measure(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure how fast alerts are told without any of it, with silences, and with inhibition rules and sources.

    What it costs is counted in CPU time, which other processes disturb less.
    """
    size = _QUICK if quick else _FULL[daemon]
    told: dict[str, Run] = {}
    runs: dict[Figure, Run] = {}
    with listener() as server:
        fd, port = server.fileno(), server.getsockname()[1]
        with running(daemon, configuration(0, port), folder / "silences") as one:
            told["nothing"] = _told(one, fd, size.alerts["nothing"], 0)
            one.take(Order(0, size.silences, 1, 32, silences=True))
            expect_kept_back(one, "silences")
            told["silences"] = _told(one, fd, size.alerts["silences"], _FAR)
        with running(daemon, configuration(size.rules, port), folder / "inhibition") as one:
            one.take(Order(0, size.sources, 100, 4, name="source", zone="z"))
            expect_kept_back(one, "inhibition")
            told["inhibition"] = _told(one, fd, size.alerts["inhibition"], 0)
    names = {
        "nothing": "suppression: told, with nothing to suppress",
        "silences": f"suppression: told, with {size.silences:,} silences",
        "inhibition": f"suppression: told, with {size.rules:,} inhibition rules over {size.sources:,} sources",
    }
    for what, name in names.items():
        runs[Figure(name, "alerts/s")] = told[what]
    if daemon == "tocsin":
        for what in ("silences", "inhibition"):
            figure = Figure(f"suppression: cost of {what}", "times", 2.0, more_is_better=False, absolute=True)
            runs[figure] = attrs.evolve(told[what], value=_cost(told[what]) / _cost(told["nothing"]))
    return runs


def _cost(run: Run) -> float:
    """CPU seconds of the daemon for an alert."""
    return run.daemon / run.value


def _told(daemon: Daemon, server: int, alerts: int, first: int) -> Run:
    """Have so many alerts told, after a few whose time is not measured."""
    daemon.fly(Trip(server, _WARMING, first=first, kept_back=KEPT))
    flown = daemon.fly(Trip(server, alerts, first=first + _WARMING, kept_back=KEPT))
    return Run(alerts / flown.landed.seconds, flown.daemon, flown.load)


def expect_kept_back(daemon: Daemon, what: str) -> None:
    """Post alerts that have to be kept back, and look whether the daemon says that they are.

    :raises Broken: when it would tell of one.
    """
    daemon.take(Order(0, _KEPT_BACK, _KEPT_BACK, 1, name=KEPT, zone="z"))
    asked = urllib.parse.urlencode({"filter": f'job="{KEPT}"'})
    found: list[dict[str, Any]] = json.loads(daemon.get(f"/api/v2/alerts?{asked}"))
    by = {"silences": "silencedBy", "inhibition": "inhibitedBy"}[what]
    kept = sum(alert["status"]["state"] == "suppressed" and bool(alert["status"][by]) for alert in found)
    if kept != _KEPT_BACK:
        raise Broken(f"{daemon.name} keeps back {kept} of {_KEPT_BACK} alerts that {what} are there for")
