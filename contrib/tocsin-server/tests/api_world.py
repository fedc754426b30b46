"""A service on a real store, a virtual clock, and the API before it, all in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import attrs
import httpx
from starlette.types import ASGIApp

from tocsin import (
    AlertRoutingRule,
    EscalationPolicy,
    FederationAlertingService,
    NotificationChannel,
    ObserverRegistrar,
    SqliteStore,
    hookimpl,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.recording import RecordingBackend
from tocsin_server.alertmanager.posted import Bounds
from tocsin_server.api.api import TocsinApi
from tocsin_server.api.heartbeat_file import HeartbeatFile
from tocsin_server.api.heartbeats import Heartbeats
from tocsin_server.api.pulse import Pulse
from tocsin_server.daemon.app import application
from tocsin_server.intake import Intakes
from tocsin_server.tracing.traces import Traces
from tocsin_server.web.scopes import Guard, Token
from tocsin_server.web.token_hash import hash_token

__all__ = ["PREFIX", "SCOPES", "SECRET", "World", "alert", "world"]

PREFIX: Final = "/api/tocsin/v1"
SECRET: Final = "hunter2-do-not-show"
SCOPES: Final = ("ingest", "read", "operate", "admin")
_LEVELS: Final = {"first": ["boss"], "second": ["boss", "ops"]}


class _Plugin:
    def __init__(self, pulse: Pulse, traces: Traces | None) -> None:
        self._pulse = pulse
        self._traces = traces

    @hookimpl
    def tocsin_register_observers(self, registrar: ObserverRegistrar) -> None:
        registrar.register("pulse", self._pulse)
        if self._traces is not None:
            registrar.register("traces", self._traces)


def alert(alert_id: str = "a1", **changes: Any) -> dict[str, Any]:
    """Return an alert as it is posted."""
    fields = {"alert_id": alert_id, "cluster_id": "eu", "severity": "error", "metric_name": "cpu", "message": "hot"}
    return fields | changes


@attrs.define
class World:
    """What a test has in hand."""

    alerting: FederationAlertingService
    clock: VirtualClock
    recording: RecordingBackend
    heartbeats: Heartbeats
    pulse: Pulse
    api: TocsinApi
    intakes: Intakes
    app: ASGIApp
    client: httpx.AsyncClient

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int | None = 200,
        token: str = "",
        params: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Make a request of the API, which is answered with *status*; return the decoded answer."""
        url = path if path.startswith("/v2") else PREFIX + path
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        sent = {**({"Content-Type": "application/json"} if isinstance(body, bytes) else {}), **sent}
        content = body if isinstance(body, bytes) else None
        json = None if content is not None else body
        answer = await self.client.request(method, url, json=json, content=content, params=params, headers=sent)
        assert status is None or answer.status_code == status, (answer.status_code, answer.text)
        return answer.json()

    async def report(self, *alerts: dict[str, Any]) -> None:
        """Report alerts, and let what is sent at once be sent."""
        await self.ask("POST", "/alerts", list(alerts), status=202)
        await self.quiet()

    async def quiet(self) -> None:
        """Let what is under way come to its end."""
        await self.clock.advance(0.0)
        await self.clock.until(lambda: all(one.outcome is not None for one in self.recording.attempts))
        for _ in range(3):
            await self.alerting.submit()
            await self.clock.settle()

    async def ids(self, **params: Any) -> list[str]:
        """Return the ids of the alerts that a query gives."""
        found = await self.ask("GET", "/alerts", params=params)
        return [one["alert_id"] for one in found["items"]]


def configure(alerting: FederationAlertingService) -> None:
    """Give the service two channels, whose settings hold a secret, a rule and a policy."""
    for channel_id in ("ops", "boss"):
        alerting.add_channel(NotificationChannel(channel_id, "recording", {"note": SECRET}))
    alerting.add_receiver("team", ["ops"])
    alerting.add_routing_rule(AlertRoutingRule("all", receiver="team", escalation_policy_id="p"))
    alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels=_LEVELS, default_channels=["ops"]))


@asynccontextmanager
async def world(
    folder: Path,
    *,
    clock: VirtualClock | None = None,
    tokens: bool = False,
    most_alerts: int = 50,
    largest_body: int = 100_000,
    traces: Traces | None = None,
) -> AsyncIterator[World]:
    """Run a service and its API on what is kept in *folder*; with *tokens* there is one for each scope, of its name."""
    clock, recording, pulse = clock or VirtualClock(), RecordingBackend(), Pulse()
    alerting = FederationAlertingService(
        store=SqliteStore(folder / "tocsin.db"), clock=clock, plugins=[recording, _Plugin(pulse, traces)], seed=1
    )
    configure(alerting)
    known = [Token(name, hash_token(name), frozenset([name])) for name in SCOPES] if tokens else []
    heartbeats = Heartbeats(alerting, clock, HeartbeatFile(folder / "heartbeats.json"))
    bounds = Bounds(most_labels=8, longest_value=500)
    submit = alerting.submit if traces is None else traces.door(alerting.submit)
    intakes = Intakes.to(submit)
    api = TocsinApi(
        alerting,
        submit,
        clock,
        Guard(known),
        intakes,
        heartbeats,
        pulse,
        bounds,
        clock.now(),
        largest_body,
        most_alerts,
    )
    routes = api.routes()
    app = application(routes, 30.0)
    app = app if traces is None else traces.serving(app, routes)
    transport = httpx.ASGITransport(app=app)
    async with (
        alerting,
        anyio.create_task_group() as tasks,
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        tasks.start_soon(heartbeats.run)
        yield World(alerting, clock, recording, heartbeats, pulse, api, intakes, app, client)
        tasks.cancel_scope.cancel()
