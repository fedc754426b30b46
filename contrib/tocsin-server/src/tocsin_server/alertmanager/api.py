"""The requests of Alertmanager's API, version 2, and who may make them."""

from __future__ import annotations

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tocsin import Clock, FederationAlertingService
from tocsin_server.alertmanager import status
from tocsin_server.alertmanager.alerts import Shown, Wanted, firing, gettable
from tocsin_server.alertmanager.groups import groups
from tocsin_server.alertmanager.ingest import Ingest
from tocsin_server.alertmanager.reports import Reports
from tocsin_server.alertmanager.routes import Routes
from tocsin_server.alertmanager.silences import Silences
from tocsin_server.web.answers import Json, json_bytes
from tocsin_server.web.filters import matchers
from tocsin_server.web.json_body import read_json
from tocsin_server.web.scopes import Guard

__all__ = ["AlertmanagerApi"]


@attrs.define(slots=True)
class AlertmanagerApi:
    """Alertmanager's API over one service.

    :param largest_body: bytes.
    :param original: the Alertmanager configuration that the daemon's was converted from.
    """

    alerting: FederationAlertingService
    clock: Clock
    ingest: Ingest
    reports: Reports
    silences: Silences
    started_at: float
    largest_body: int
    original: str | None = None
    _routes: Routes | None = None

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Return the requests that it answers."""
        requests = (
            ("POST", "/api/v2/alerts", "ingest", self._post_alerts),
            ("GET", "/api/v2/alerts", "read", self._get_alerts),
            ("GET", "/api/v2/alerts/groups", "read", self._get_groups),
            ("POST", "/api/v2/silences", "operate", self._post_silence),
            ("GET", "/api/v2/silences", "read", self._get_silences),
            ("DELETE", "/api/v2/silence/{silence_id}", "operate", self._delete_silence),
            ("GET", "/api/v2/silence/{silence_id}", "read", self._get_silence),
            ("GET", "/api/v2/receivers", "read", self._get_receivers),
            ("GET", "/api/v2/status", "read", self._get_status),
        )
        return [
            Route(path + slash, guard.needs(scope, answer), methods=[method])
            for method, path, scope, answer in requests
            for slash in ("", "/")  # Alertmanager's router does not tell them apart
        ]

    def _routed(self) -> Routes:
        """Return the routes of the configuration that is in force."""
        configuration = self.alerting.configuration
        if self._routes is None or self._routes.configuration is not configuration:
            self._routes = Routes(configuration)
        return self._routes

    async def _post_alerts(self, request: Request) -> Response:
        await self.ingest.take(await read_json(request, self.largest_body))
        return Response(status_code=200)

    def _document(self, shown: Shown, receivers: list[str]) -> object:
        report = self.reports.get(shown.state.alert.alert_id)
        return gettable(shown, report, receivers, self.clock.wall() + self.reports.resolve_timeout)

    async def _get_alerts(self, request: Request) -> Response:
        wanted, routes = Wanted.by(request.query_params), self._routed()

        def take(shown: Shown) -> tuple[str, bytes] | None:
            receivers = routes.receivers_of(shown)
            if not wanted.takes(shown) or not wanted.receivers(receivers):
                return None
            return shown.fingerprint, json_bytes(self._document(shown, receivers))

        found = await firing(self.alerting, take)
        return Json(b"[" + b",".join([document for _, document in sorted(found)]) + b"]")

    async def _get_groups(self, request: Request) -> Response:
        wanted, routes = Wanted.by(request.query_params), self._routed()
        found = await firing(self.alerting, lambda shown: shown if wanted.takes(shown) else None)

        def document() -> bytes:
            return json_bytes(groups(found, routes, wanted, self._document))

        return Json(await anyio.to_thread.run_sync(document))

    async def _get_silences(self, request: Request) -> Response:
        wanted = matchers(request.query_params)
        return Json(await anyio.to_thread.run_sync(self.silences.listed, wanted))

    async def _get_silence(self, request: Request) -> Response:
        return Json(await anyio.to_thread.run_sync(self.silences.shown, request.path_params["silence_id"]))

    async def _post_silence(self, request: Request) -> Response:
        return Json({"silenceID": await self.silences.set(await read_json(request, self.largest_body))})

    async def _delete_silence(self, request: Request) -> Response:
        await self.silences.end(request.path_params["silence_id"])
        return Response(status_code=200)

    async def _get_receivers(self, request: Request) -> Response:
        return Json(status.receivers(self._routed().receivers))

    async def _get_status(self, request: Request) -> Response:
        return Json(status.status(self.started_at, self._routed().receivers, self.original))
