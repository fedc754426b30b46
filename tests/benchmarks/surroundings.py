"""What it costs to keep an entry and to render a notification, and what the whole way of an embedded alert costs."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from tests.benchmarks.meter import Case
from tests.benchmarks.steps import BATCH, Stepped, alert

from tocsin import (
    AlertRoutingRule,
    Entry,
    FederationAlertingService,
    MemoryStore,
    NotificationChannel,
    PerformanceAlert,
    SqliteStore,
)
from tocsin.journal import entry_to_plain
from tocsin.stores.interface import Store
from tocsin.stores.json_text import encode
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_listed, make_notification
from tocsin_plugins import json as json_renderer
from tocsin_plugins import text as text_renderer

__all__ = ["CASES"]

_ENTRIES: Final = 8
_RENDERED: Final = 128
_LISTED: Final = 20
_EMBEDDED: Final = 64 * BATCH
_METRICS: Final = 8


def _entries() -> list[Entry]:
    """Return entries of as many new alerts each as come in one request, of which one is told."""
    stepped = Stepped("window")
    made = []
    for number in range(_ENTRIES):
        facts = [alert(number * BATCH + one) for one in range(BATCH)]
        events = stepped.step(facts).events
        made.append(Entry(number + 1, stepped.now, stepped.now, tuple(facts), events, "", 1))
    return made


def _encoded() -> Callable[[], object]:
    entries = _entries()
    return lambda: [encode(entry_to_plain(entry), finite=True) for entry in entries]


def _kept(store: Callable[[], Store]) -> Callable[[], object]:
    entries, kept_by = _entries(), store()

    def run() -> None:
        for entry in entries:
            kept_by.commit(entry)

    return run


def _sqlite() -> Store:
    """Return a store in a new file; the one before it is done with."""
    _close_the_last()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = SqliteStore(Path(folder) / "tocsin.db")
        stack.callback(store.close)
        _last.append(stack.pop_all())
    return store


def _close_the_last() -> None:
    while _last:
        _last.pop().close()


_last: Final[list[ExitStack]] = []
atexit.register(_close_the_last)


def _rendered(render: Callable[..., object], listed: int) -> Callable[[], object]:
    notification = make_notification(*(make_listed(alert_id=f"alert-{number}") for number in range(listed)))
    return lambda: [render(notification, None) for _ in range(_RENDERED)]


def _embedded() -> Callable[[], object]:
    service = FederationAlertingService(plugins=[RecordingBackend()], seed=1)
    service.add_channel(NotificationChannel("ops", "recording"))
    service.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"]))
    alerts = [alert(number, f"metric-{number % _METRICS}").alert for number in range(_EMBEDDED)]
    first, rest = alerts[:_METRICS], alerts[_METRICS:]
    batches: Sequence[Sequence[PerformanceAlert]] = [rest[at : at + BATCH] for at in range(0, len(rest), BATCH)]

    async def process() -> None:
        async with service:
            await service.process_alerts(first)
            for batch in batches:
                await service.process_alerts(batch, wait=False)

    return lambda: anyio.run(process)


CASES: Final = (
    Case(f"entry: one of {BATCH} alerts as JSON", _ENTRIES * BATCH, _encoded),
    Case(f"entry: one of {BATCH} alerts committed to memory", _ENTRIES * BATCH, partial(_kept, MemoryStore)),
    Case(f"entry: one of {BATCH} alerts committed to SQLite", _ENTRIES * BATCH, partial(_kept, _sqlite)),
    Case("render: one alert as text", _RENDERED, partial(_rendered, text_renderer.render, 1)),
    Case("render: one alert as JSON", _RENDERED, partial(_rendered, json_renderer.render, 1)),
    Case(f"render: {_LISTED} alerts as text", _RENDERED, partial(_rendered, text_renderer.render, _LISTED)),
    Case(f"render: {_LISTED} alerts as JSON", _RENDERED, partial(_rendered, json_renderer.render, _LISTED)),
    Case(f"embedded: one of {BATCH} alerts, in memory, folded", _EMBEDDED, _embedded),
)
