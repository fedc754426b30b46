"""The process that is killed: a service on an SQLite file, which takes alerts over a socket and answers once committed.

Run as a module it is a *nursery*: it imports everything once, and for each line of settings on its standard input forks
a process that lives until it is killed or its socket is closed. Standard output tells of each life, in order: ``started
PID``, ``load``, ``ready``, ``checkpoint`` and ``prune`` as these begin, ``delivered ID`` for each delivery that is
committed, and ``ended STATUS``.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, NoReturn

import anyio
import anyio.abc
import attrs
from anyio.streams.buffered import BufferedByteReceiveStream

from tocsin import (
    Acknowledged,
    Aggregation,
    AlertFired,
    AlertResolved,
    AlertRoutingRule,
    AttemptFinished,
    BackendRegistrar,
    Checkpoint,
    Entry,
    Event,
    Fact,
    FederationAlertingService,
    MemoryStore,
    NotificationChannel,
    ObserverRegistrar,
    PerformanceAlert,
    RetryPolicy,
    SqliteStore,
    hookimpl,
)
from tocsin.runtime import saver
from tocsin_plugins.webhook import WebhookBackend, WebhookConfig

__all__ = ["CHANNELS", "channels_of"]

CHANNELS: Final = {"all": "info", "urgent": "critical"}
"""The channels, and the least severity that each of them is told of."""

_REQUEST_BYTES: Final = 2**20
_QUICK: Final = RetryPolicy(base_seconds=0.02, cap_seconds=0.3, max_attempts=1000)


def channels_of(alert: Mapping[str, Any]) -> list[str]:
    """Return the channels that have to be told of *alert*."""
    return [name for name, least in CHANNELS.items() if least == "info" or alert["severity"] == least]


def _say(*words: object) -> None:
    """Tell the parent, in one piece, from any thread."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class _TellingStore(SqliteStore):
    """Says where it is, so that it can be killed there."""

    def stream(self) -> Checkpoint | None:
        _say("load")
        return super().stream()

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        _say("checkpoint")
        super().checkpoint(checkpoint)

    def prune(self, before: float, limit: int) -> int:
        _say("prune")
        return super().prune(before, limit)


class _HastyStore(_TellingStore):
    """Says that it has kept an entry, and keeps nothing before it is closed: what the ordeal has to notice."""

    def __init__(self, path: str, synchronous: Literal["full", "normal"]) -> None:
        super().__init__(path, synchronous)
        self._late: list[Entry] = []

    def commit(self, entry: Entry) -> None:
        self._late.append(entry)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        _say("checkpoint")
        if not self._late:
            super().checkpoint(checkpoint)

    def close(self) -> None:
        for entry in self._late:
            super().commit(entry)
        super().close()


class _Plugin:
    """The bundled webhook, with little patience between attempts and no circuit; and what is delivered, told."""

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        registrar.register(
            "quick_webhook",
            WebhookBackend,
            config_class=WebhookConfig,
            renderer="json",
            retry=_QUICK,
            circuit=None,
        )

    @hookimpl
    def tocsin_register_observers(self, registrar: ObserverRegistrar) -> None:
        registrar.register("delivered", self.observe)

    @staticmethod
    def observe(event: Event) -> None:
        """Say that a delivery is committed."""
        if isinstance(event, AttemptFinished) and event.delivery.success:
            _say("delivered", event.delivery.notification_id)


def _service(settings: Mapping[str, Any]) -> FederationAlertingService:
    opened = _HastyStore if settings["hasty"] else _TellingStore
    alerting = FederationAlertingService(
        store=opened(settings["path"], settings["synchronous"]),
        plugins=[_Plugin()],
        aggregation=Aggregation(settings["strategy"], settings["aggregation"]),
        drain_seconds=30.0,
    )
    # what no user can set so low: the journal is let go of at once, where a checkpoint covers it
    alerting._configure(lambda config: attrs.evolve(config, retain_journal_seconds=0.05, retain_resolved_seconds=1.0))
    for channel_id, least in CHANNELS.items():
        url = f"{settings['url']}/{channel_id}/{settings['life']}"
        alerting.add_channel(
            NotificationChannel(channel_id, "quick_webhook", config={"webhook_url": url}, min_severity=least)
        )
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=list(CHANNELS)))
    return alerting


def _facts(request: Mapping[str, Any]) -> list[Fact]:
    match request:
        case {"fire": alerts}:
            return [AlertFired(PerformanceAlert.parse(alert)) for alert in alerts]
        case {"resolve": alert_id}:
            return [AlertResolved(alert_id)]
        case {"acknowledge": alert_id}:
            return [Acknowledged(alert_id, by="the ordeal")]
    return []


async def _answer(
    alerting: FederationAlertingService, stream: anyio.abc.SocketStream, turnstile: anyio.Lock, line: bytes
) -> None:
    request = json.loads(line)
    answer: dict[str, Any] = {"n": request["n"]}
    if "active" in request:
        answer["active"] = [alert.alert_id for alert in alerting.get_active_alerts()]
    else:
        answer["answers"] = await alerting.submit(*_facts(request))
    async with turnstile:
        await stream.send(json.dumps(answer).encode() + b"\n")


async def _serve(settings: Mapping[str, Any]) -> None:
    """Take requests until the parent closes the socket, then leave in good order."""
    async with (
        _service(settings) as alerting,
        await anyio.connect_tcp("127.0.0.1", settings["port"]) as stream,
        anyio.create_task_group() as tasks,
    ):
        _say("ready")
        lines = BufferedByteReceiveStream(stream)
        turnstile = anyio.Lock()
        while True:
            try:
                line = await lines.receive_until(b"\n", _REQUEST_BYTES)
            except (anyio.EndOfStream, anyio.IncompleteRead):
                return
            tasks.start_soon(_answer, alerting, stream, turnstile, line)


def _live(settings: Mapping[str, Any]) -> NoReturn:
    saver._RECORDS, saver._SECONDS = 60, 0.2  # type: ignore[misc]  # checkpoints have to be hit
    status = 1
    try:
        anyio.run(partial(_serve, settings), backend=settings["loop"])
        status = 0
    except BaseException:  # shown, and told by the status
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _nurse() -> None:
    logging.getLogger("tocsin").setLevel(logging.ERROR)  # that receivers fail is no news here
    FederationAlertingService(store=MemoryStore(volatile=True), plugins=[_Plugin()])  # imports what is imported late
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _say("started", os.getpid())
            _live(json.loads(line))
        _say("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    _nurse()
