"""The long form: ``make scale``. A real service on an SQLite file, and how long things take.

So many alerts fire under a silence, a tenth of them with an escalation policy. Then the silence ends, while new alerts
come in: each has to be accepted within 100 ms. The escalations' first level comes due for all at once, likewise. Then
the process is taken for dead, and another one begins on what its file held.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import attrs
from tests.scale.crowd import alert

from tocsin import (
    Aggregation,
    AlertFired,
    AlertRoutingRule,
    BackendContext,
    BackendRegistrar,
    EscalationPolicy,
    FederationAlertingService,
    LabelMatcher,
    MatchOperator,
    Notification,
    NotificationChannel,
    Outcome,
    Silence,
    SilenceExpired,
    SilenceSet,
    SqliteStore,
    hookimpl,
)

_LEVEL_SECONDS = 90.0
_PROBE_SECONDS = 0.02
_SETTLE_SECONDS = 2.0
_AFTERWARDS = 10**7


@attrs.frozen(slots=True)
class _NoSettings:
    """A backend without settings."""


class _Receivers:
    """Takes everything at once, and counts how often each alert was told on each channel."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], int] = {}
        self.sent = 0

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        registrar.register("crowd", self._backend, config_class=_NoSettings)

    def _backend(self, config: Any, context: BackendContext, /) -> _Receivers:
        return self

    async def send(self, notification: Notification) -> Outcome:
        """Take it."""
        self.sent += 1
        for listed in notification.firing:
            key = (notification.channel_id, listed.alert.alert_id)
            self.told[key] = self.told.get(key, 0) + 1
        return Outcome.delivered()

    def count(self, channel_id: str) -> int:
        """Return how many alerts the channel was told of."""
        return sum(channel == channel_id for channel, _ in self.told)


class _Probe:
    """Reports one new alert after another, and knows how long the slowest took to be accepted."""

    def __init__(self, alerting: FederationAlertingService) -> None:
        self._alerting = alerting
        self._number = 10**6
        self.seconds: list[float] = []

    async def once(self) -> None:
        """Report one."""
        began = time.perf_counter()
        await self._alerting.submit(AlertFired(alert(self._number)))
        self.seconds.append(time.perf_counter() - began)
        self._number += 1
        await anyio.sleep(_PROBE_SECONDS)  # the load, and nothing that is waited for

    def report(self, what: str, seconds: float) -> None:
        """Print what was measured, and begin anew."""
        if not self.seconds:
            print(f"{what}: that was so already, {seconds:.1f} s after the silence ended", flush=True)
            return
        ordered = sorted(self.seconds)
        percentiles = {p: ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 99)}
        late = sum(one > 0.1 for one in ordered)
        print(
            f"{what}: {seconds:.1f} s; {len(ordered)} new alerts meanwhile accepted in "
            f"{percentiles[50] * 1000:.1f} ms (median), {percentiles[99] * 1000:.1f} ms (p99), "
            f"{ordered[-1] * 1000:.1f} ms (the slowest); {late} took more than 100 ms",
            flush=True,
        )
        self.seconds.clear()


def _service(path: Path, receivers: _Receivers, *, together: bool) -> FederationAlertingService:
    aggregation = Aggregation("window", {"window_seconds": 1e6}) if together else Aggregation("none")
    alerting = FederationAlertingService(store=SqliteStore(path), plugins=[receivers], aggregation=aggregation)
    for channel_id in ("ops", "boss"):
        alerting.add_channel(NotificationChannel(channel_id, "crowd"))
    alerting.add_escalation_policy(
        EscalationPolicy(
            "levels",
            escalation_levels={"first": ["boss"], "final": ["boss"]},
            level_delays_seconds={"first": _LEVEL_SECONDS},
            default_channels=["ops"],
        )
    )
    alerting.add_routing_rule(
        AlertRoutingRule(
            "escalated",
            conditions={"labels": {"team": "escalated"}},
            target_channels=["ops"],
            escalation_policy_id="levels",
            priority=1,
        )
    )
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"], priority=2))
    return alerting


async def _fire(alerting: FederationAlertingService, numbers: range, escalated: int, batch: int) -> None:
    began = time.perf_counter()
    for start in range(0, len(numbers), batch):
        together = numbers[start : start + batch]
        await alerting.submit(*[AlertFired(alert(n, escalated=n < escalated)) for n in together])
    seconds = time.perf_counter() - began
    print(f"{len(numbers)} alerts taken in, {batch} at a time: {len(numbers) / seconds:.0f} a second", flush=True)


async def _measure(folder: Path, alerts: int, *, together: bool) -> None:
    print(f"-- {alerts} alerts, {'all in one incident' if together else 'each an incident of its own'}")
    receivers = _Receivers()
    path = folder / f"{together}.db"
    quiet = Silence("everything", (LabelMatcher("metric_name", MatchOperator.EQUAL, "cpu_usage"),), 0.0, 1e10)
    async with _service(path, receivers, together=together) as alerting:
        await alerting.submit(SilenceSet(quiet))
        await _fire(alerting, range(alerts // 2), alerts // 10, 64)
        await _fire(alerting, range(alerts // 2, alerts), alerts // 10, 1000)
        probe = _Probe(alerting)
        began = time.perf_counter()
        await alerting.submit(SilenceExpired("everything"))
        while receivers.count("ops") < alerts:
            await probe.once()
        probe.report("the silence ends, until all are told", time.perf_counter() - began)
        while receivers.count("boss") < alerts // 10:
            await probe.once()
        probe.report(f"a level {_LEVEL_SECONDS:g} s later, until all are told", time.perf_counter() - began)
        await anyio.sleep(_SETTLE_SECONDS)  # what was told last is committed, so that nothing may be told again
        left = folder / f"killed-{together}.db"
        for suffix in ("", "-wal"):
            _copy(Path(f"{path}{suffix}"), Path(f"{left}{suffix}"))
    print(f"{receivers.sent} notifications; told more than once: {sum(n > 1 for n in receivers.told.values())}")
    await anyio.to_thread.run_sync(partial(_in_a_new_process, left, together=together))


def _copy(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    with target.open("rb+") as copied:  # a process that was killed leaves few pages that the disk has not
        os.fsync(copied.fileno())


def _in_a_new_process(left: Path, *, together: bool) -> None:
    command = [sys.executable, "-m", "tests.scale", "--restart", str(left), "--together" if together else "--apart"]
    subprocess.run(command, check=True)


async def _restart(left: Path, began: float, *, together: bool) -> None:
    """Go on with what a killed process left; *began* is when this one did."""
    imported = time.time() - began
    receivers = _Receivers()
    async with _service(left, receivers, together=together) as alerting:
        read = time.time() - began
        counts = alerting.get_alerting_statistics()
        await alerting.submit(AlertFired(alert(_AFTERWARDS)))
        ready = time.time() - began
        await anyio.sleep(_SETTLE_SECONDS)  # the time in which it would tell somebody again
    again = sum(alert_id != alert(_AFTERWARDS).alert_id for _, alert_id in receivers.told)
    print(
        f"restart with {counts['active_alerts']} firing and {counts['pending_escalations']} escalations running: "
        f"everything is imported after {imported:.2f} s, the file is read "
        f"after {read:.2f} s, the first alert is accepted after {ready:.2f} s; {again} told again",
        flush=True,
    )


def main(arguments: Sequence[str]) -> None:
    """Measure both shapes of a crowd, with the collector as docs/how-to/keep-alerts-durable.md has it."""
    began = time.time() - time.process_time()  # a little late, by what the system took to start it
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("alerts", nargs="?", type=int, default=100_000, help="how many fire (default: 100000)")
    parser.add_argument("--restart", type=Path, metavar="FILE", help="only go on with what is in this file")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--together", action="store_true", help="only all in one incident")
    shape.add_argument("--apart", action="store_true", help="only each an incident of its own")
    chosen = parser.parse_args(arguments)
    gc.set_threshold(10_000, 10, 1_000_000)
    if chosen.restart is not None:
        anyio.run(partial(_restart, chosen.restart, began, together=chosen.together))
        return
    for together in (False, True):
        if not (chosen.apart if together else chosen.together):
            with tempfile.TemporaryDirectory() as folder:
                anyio.run(partial(_measure, Path(folder), chosen.alerts, together=together))


if __name__ == "__main__":
    main(sys.argv[1:])
