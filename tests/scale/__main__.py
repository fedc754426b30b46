"""The long form: ``make scale``. A real service on an SQLite file, and how long things take.

So many alerts fire under a silence or a maintenance, a tenth of them with an escalation policy; each is an incident of
its own (``none``), or all are one (``window``, ``grouping``). Then the silence ends, while new alerts come in at fixed
instants. The escalations' first level comes due for all at once, likewise, and a repeat. Then the process is taken for
dead, and another one begins on what its file held.

How long a new alert took to be accepted counts from the instant at which it was to be reported, so that what kept it
from being reported counts as well. The end is 1 if one took more than 100 ms, if the restart took more than 5 s, or if
anything was sent again.
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
from collections.abc import Callable, Sequence
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
    NotificationKind,
    Outcome,
    Silence,
    SilenceExpired,
    SilenceSet,
    SqliteStore,
    hookimpl,
)
from tocsin.engine.machine import Engine, Step

_LEVEL_SECONDS = 90.0
_REPEAT_SECONDS = 150.0
_PROBE_SECONDS = 0.02
_SETTLE_SECONDS = 7.0
"""More than from one flush to the next."""
_PROBES = 10**6
_AFTERWARDS = 10**7
_LONGEST_ACCEPTANCE = 0.1
_LONGEST_RESTART = 5.0
_TOLD_AGAIN = frozenset({NotificationKind.REPEAT, NotificationKind.ESCALATION})
_SHAPES = {
    "none": Aggregation("none"),
    "window": Aggregation("window", {"window_seconds": 1e6, "repeat_interval_seconds": _REPEAT_SECONDS}),
    "grouping": Aggregation(
        "grouping",
        {"group_wait_seconds": 1.0, "group_interval_seconds": 5.0, "repeat_interval_seconds": _REPEAT_SECONDS},
    ),
}


@attrs.frozen(slots=True)
class _NoSettings:
    """A backend without settings."""


class _Receivers:
    """Takes everything at once, and knows which alerts each channel was told of, and what was sent for nothing."""

    def __init__(self) -> None:
        self.told: dict[str, set[str]] = {"ops": set(), "boss": set()}
        self.sent: list[Notification] = []
        self.again = 0
        self.repeats = 0

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        registrar.register("crowd", self._backend, config_class=_NoSettings)

    def _backend(self, config: Any, context: BackendContext, /) -> _Receivers:
        return self

    async def send(self, notification: Notification) -> Outcome:
        """Take it."""
        told = self.told[notification.channel_id]
        before = len(told)
        told.update(listed.alert.alert_id for listed in notification.firing)
        self.repeats += notification.kind is NotificationKind.REPEAT
        self.again += notification.kind not in _TOLD_AGAIN and len(told) == before and bool(notification.firing)
        self.sent.append(attrs.evolve(notification, alerts=notification.alerts[:1]))
        return Outcome.delivered()


class _Steps:
    """Knows how long the longest step took."""

    def __init__(self) -> None:
        self.longest = 0.0

    def watch(self) -> None:
        """Measure every step of every engine from now on."""
        step: Callable[..., Step] = Engine.step

        def measured(*given: Any, **options: Any) -> Step:
            began = time.perf_counter()
            made = step(*given, **options)
            self.longest = max(self.longest, time.perf_counter() - began)
            return made

        Engine.step = measured  # type: ignore[method-assign]


class _Probe:
    """Reports new alerts at fixed instants, and knows how long after those they were accepted."""

    def __init__(self, alerting: FederationAlertingService, steps: _Steps) -> None:
        self._alerting = alerting
        self._steps = steps
        self._number = _PROBES
        self.failed = False

    async def until(self, case: str, done: Callable[[], bool]) -> None:
        """Report until something is done, and print one line."""
        self._steps.longest, began = 0.0, time.perf_counter()
        seconds: list[float] = []
        at = began
        async with anyio.create_task_group() as reporters:
            while not done() or at == began:
                await anyio.sleep(max(0.0, at - time.perf_counter()))  # the load, and nothing that is waited for
                reporters.start_soon(self._report_one, at, seconds)
                at += _PROBE_SECONDS
        self._report(case, sorted(seconds), time.perf_counter() - began)

    async def _report_one(self, at: float, seconds: list[float]) -> None:
        """Report an alert that was to be reported at an instant, whatever became of those before it."""
        self._number += 1
        await self._alerting.submit(AlertFired(alert(self._number)))
        seconds.append(time.perf_counter() - at)

    def _report(self, case: str, seconds: list[float], whole: float) -> None:
        self.failed |= seconds[-1] > _LONGEST_ACCEPTANCE
        late = sum(one > _LONGEST_ACCEPTANCE for one in seconds)
        print(
            f"{case}: {whole:.1f} s, {len(seconds)} new alerts accepted meanwhile, the slowest in "
            f"{seconds[-1] * 1000:.1f} ms, p99 {seconds[len(seconds) * 99 // 100] * 1000:.1f} ms, {late} in more than "
            f"100 ms; the longest step {self._steps.longest * 1000:.1f} ms",
            flush=True,
        )


def _service(path: Path, receivers: _Receivers, shape: str) -> FederationAlertingService:
    alerting = FederationAlertingService(store=SqliteStore(path), plugins=[receivers], aggregation=_SHAPES[shape])
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


async def _measure(folder: Path, alerts: int, shape: str, steps: _Steps, *, maintenance: bool) -> bool:
    """Measure one shape; return whether it kept what is promised."""
    what = "maintenance" if maintenance else "silence"
    receivers, path = _Receivers(), folder / f"{shape}.db"
    everyone = (LabelMatcher("metric_name", MatchOperator.EQUAL, "cpu_usage"),)
    async with _service(path, receivers, shape) as alerting:
        await alerting.submit(SilenceSet(Silence("everything", everyone, 0.0, 1e10, maintenance=maintenance)))
        await _fire(alerting, range(alerts // 2), alerts // 10, 64)
        await _fire(alerting, range(alerts // 2, alerts), alerts // 10, 1000)
        probe = _Probe(alerting, steps)
        everybody = {alert(number).alert_id for number in range(alerts)}
        await alerting.submit(SilenceExpired("everything"))
        await probe.until(f"{shape}, a {what} ends", lambda: _heard(receivers, "ops", everybody))
        if maintenance:
            await anyio.sleep(_SETTLE_SECONDS)  # what was told last has ended
            return not (probe.failed or receivers.again)
        escalated = {alert(number).alert_id for number in range(alerts // 10)}
        await probe.until(f"{shape}, {len(escalated)} levels", lambda: _heard(receivers, "boss", escalated))
        if shape != "none":
            await probe.until(f"{shape}, a repeat", lambda: receivers.repeats > 0)
        await anyio.sleep(_SETTLE_SECONDS)  # what was told last is committed, so that nothing may be told again
        left = folder / f"killed-{shape}.db"
        for suffix in ("", "-wal"):
            _copy(Path(f"{path}{suffix}"), Path(f"{left}{suffix}"))
    print(f"{shape}: {len(receivers.sent)} notifications, of which {receivers.again} told nothing new")
    restarted = await anyio.to_thread.run_sync(partial(_in_a_new_process, left, shape))
    return restarted and not (probe.failed or receivers.again)


def _heard(receivers: _Receivers, channel_id: str, names: set[str]) -> bool:
    told = receivers.told[channel_id]
    return len(told) >= len(names) and names <= told


def _copy(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    with target.open("rb+") as copied:  # a process that was killed leaves few pages that the disk has not
        os.fsync(copied.fileno())


def _in_a_new_process(left: Path, shape: str) -> bool:
    command = [sys.executable, "-m", "tests.scale", "--restart", str(left), "--shape", shape]
    return subprocess.run(command, check=False).returncode == 0


async def _restart(left: Path, began: float, shape: str, steps: _Steps) -> bool:
    """Go on with what a killed process left; *began* is when this one did."""
    receivers, new = _Receivers(), alert(_AFTERWARDS)
    async with _service(left, receivers, shape) as alerting:
        counts = alerting.get_alerting_statistics()
        await alerting.submit(AlertFired(new))
        ready = time.time() - began
        await anyio.sleep(_SETTLE_SECONDS)  # the time in which it would tell somebody again
    again = [one for one in receivers.sent if one.kind is not NotificationKind.REPEAT]
    again = [one for one in again if new.alert_id not in receivers.told[one.channel_id]]
    print(
        f"{shape}, a restart with {counts['active_alerts']} firing and {counts['pending_escalations']} escalations "
        f"running: the first alert is accepted after {ready:.2f} s, the longest step {steps.longest * 1000:.1f} ms; "
        f"{len(again)} sent again",
        flush=True,
    )
    return ready <= _LONGEST_RESTART and not again


async def _all(alerts: int, shapes: Sequence[str], steps: _Steps) -> bool:
    kept = True
    for shape in shapes:
        for maintenance in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                kept &= await _measure(Path(folder), alerts, shape, steps, maintenance=maintenance)
    return kept


def main(arguments: Sequence[str]) -> int:
    """Measure every shape of a crowd, with the collector as docs/how-to/keep-alerts-durable.md has it."""
    began = time.time() - time.process_time()  # a little late, by what the system took to start it
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("alerts", nargs="?", type=int, default=100_000, help="how many fire (default: 100000)")
    parser.add_argument("--restart", type=Path, metavar="FILE", help="only go on with what is in this file")
    parser.add_argument("--shape", choices=sorted(_SHAPES), help="only this one")
    chosen = parser.parse_args(arguments)
    gc.set_threshold(2_000, 5, 1_000_000)
    steps = _Steps()
    steps.watch()
    if chosen.restart is not None:
        return 0 if anyio.run(_restart, chosen.restart, began, chosen.shape, steps) else 1
    shapes = [chosen.shape] if chosen.shape else list(_SHAPES)
    return 0 if anyio.run(_all, chosen.alerts, shapes, steps) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
