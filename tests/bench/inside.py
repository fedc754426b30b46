"""What is measured without a daemon, each in a process of its own: deadlines, embedding, replay, and sending.

A job comes as JSON from standard input; values by name go as JSON to standard output, with the CPU share of what stood
at the other end. All of it is counted in this process' own CPU time: what else the machine does changes it little.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import attrs
import httpx
import psutil  # type: ignore[import-untyped]  # it has no types
from tests.bench.flight import listener
from tests.benchmarks.steps import alert
from tests.lab import month

from tocsin import AlertRoutingRule, BackendContext, FederationAlertingService, Notification, NotificationChannel
from tocsin.engine.agenda import Agenda, Deadline
from tocsin.engine.transaction import Transaction
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_notification
from tocsin_plugins import json as json_renderer
from tocsin_plugins.webhook import WebhookBackend, WebhookConfig

_STEP: Final = 1_000
"""So many deadlines are set, cancelled or met in one step of an engine."""
_BATCH: Final = 64
_METRICS: Final = 8
_SENDERS: Final = 16


@attrs.frozen
class Job:
    """What to measure, and how much of it."""

    what: str
    size: int


@attrs.frozen
class Done:
    """Values by name, and cores that the other end used at most."""

    values: Mapping[str, float]
    load: float = 0.0


def deadlines(size: int) -> Done:
    """Microseconds to set, cancel and meet one of so many deadlines, and to ask for the next one of them."""
    agenda, names = Agenda("agenda"), [f"incident-{number * 7919 % size:07d}" for number in range(size)]
    values = {}
    for what, change in (("set", _set), ("cancel", _cancel), ("set again", _set), ("meet", partial(_meet, size))):
        began = time.process_time()
        for start in range(0, size, _STEP):
            change(agenda, Transaction(), names[start : start + _STEP])
        values[what] = (time.process_time() - began) / size * 1e6
        if what == "set":
            began = time.process_time()
            for _ in range(_STEP):
                agenda.next_instant()
            values["idle"] = (time.process_time() - began) / _STEP * 1e6
    if agenda:
        raise RuntimeError(f"{len(agenda)} deadlines were not met")
    return Done(values)


def _set(agenda: Agenda, tx: Transaction, names: Sequence[str]) -> None:
    for name in names:
        agenda.set(tx, Deadline.REPEAT, name, float(name[-7:]))


def _cancel(agenda: Agenda, tx: Transaction, names: Sequence[str]) -> None:
    for name in names:
        agenda.cancel(tx, Deadline.REPEAT, name)


def _meet(size: int, agenda: Agenda, tx: Transaction, names: Sequence[str]) -> None:
    for _ in names:
        agenda.pop_due(tx, float(size))


def embedded(size: int) -> Done:
    """Alerts a second of CPU time through ``process_alerts`` in batches, with the memory store."""
    service = FederationAlertingService(plugins=[RecordingBackend()], seed=1)
    service.add_channel(NotificationChannel("ops", "recording"))
    service.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"]))
    alerts = [alert(number, f"metric-{number % _METRICS}").alert for number in range(size)]

    async def process() -> float:
        async with service:
            await service.process_alerts(alerts[:_METRICS])
            began = time.process_time()
            for start in range(_METRICS, size, _BATCH):
                await service.process_alerts(alerts[start : start + _BATCH], wait=False)
            return time.process_time() - began

    return Done({"alerts": (size - _METRICS) / anyio.run(process)})


def replay(size: int) -> Done:
    """Events of a history a second of CPU time, reading included."""
    with tempfile.TemporaryDirectory() as folder:
        _, seconds = month.run(size, Path(folder))
    return Done({"events": size / seconds})


def sending(size: int) -> Done:
    """Notifications a second of CPU time: the webhook backend, httpx's client, and Apprise where it is installed."""
    notification = make_notification()
    message = json_renderer.render(notification, None)
    notification = attrs.evolve(notification, message=message)
    values, shares = {}, []
    with _sink() as (port, process):
        url = f"http://127.0.0.1:{port}/"
        ways: dict[str, Callable[[int], float]] = {
            "webhook": lambda count: anyio.run(_by_webhook, url, notification, count),
            "httpx": lambda count: anyio.run(_by_httpx, url, message.body.encode(), count),
        }
        if importlib.util.find_spec("apprise"):
            ways["apprise"] = lambda count: _by_apprise(port, message.body, count // 4)
        for name, way in ways.items():
            way(_SENDERS * 8)  # what is made once is made
            began, busy = time.perf_counter(), sum(process.cpu_times()[:2])
            values[name] = way(size)
            shares.append((sum(process.cpu_times()[:2]) - busy) / (time.perf_counter() - began))
    return Done(values, max(shares))


@contextmanager
def _sink() -> Any:
    with listener() as server:
        server.setblocking(True)
        command = [sys.executable, "-m", "tests.bench.sink", str(server.fileno())]
        with subprocess.Popen(command, pass_fds=[server.fileno()]) as process:
            try:
                yield server.getsockname()[1], psutil.Process(process.pid)
            finally:
                process.kill()


async def _by_webhook(url: str, notification: Notification, count: int) -> float:
    async with WebhookBackend(WebhookConfig(webhook_url=url), BackendContext("ops")) as backend:

        async def send(number: int) -> None:
            outcome = await backend.send(attrs.evolve(notification, notification_id=f"ntf-{number}"))
            if not outcome.success:
                raise RuntimeError(f"the webhook backend failed: {outcome.detail}")

        return await _together([send] * _SENDERS, count)


async def _by_httpx(url: str, body: bytes, count: int) -> float:
    """A client for each sender, so that each has one connection, and no pool is searched."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(httpx.AsyncClient(trust_env=False)) for _ in range(_SENDERS)]

        async def send(client: httpx.AsyncClient, number: int) -> None:
            headers = {"Content-Type": "application/json", "Idempotency-Key": f"ntf-{number}"}
            (await client.post(url, content=body, headers=headers)).raise_for_status()

        return await _together([partial(send, client) for client in clients], count)


async def _together(senders: Sequence[Callable[[int], Awaitable[None]]], count: int) -> float:
    """Have all of them send one after the other, and return how many that are a second of CPU time."""
    numbers = iter(range(count))

    async def work(send: Callable[[int], Awaitable[None]]) -> None:
        for number in numbers:
            await send(number)

    began = time.process_time()
    async with anyio.create_task_group() as group:
        for send in senders:
            group.start_soon(work, send)
    return count / (time.process_time() - began)


def _by_apprise(port: int, body: str, count: int) -> float:
    apprise: Any = importlib.import_module("apprise")
    service = apprise.Apprise()
    service.add(f"json://127.0.0.1:{port}/")
    began = time.process_time()
    for _ in range(count):
        if not service.notify(title="alert", body=body):
            raise RuntimeError("Apprise failed")
    return count / (time.process_time() - began)


JOBS: Final[Mapping[str, Callable[[int], Done]]] = {job.__name__: job for job in (deadlines, embedded, replay, sending)}


def main() -> int:
    """Do the job that standard input orders."""
    logging.disable(logging.CRITICAL)
    job = Job(**json.load(sys.stdin))
    json.dump(attrs.asdict(JOBS[job.what](job.size)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
