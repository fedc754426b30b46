"""Figures: statistics, gaps and the daemon's health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import Clock, FederationAlertingService
from tocsin_server.alertmanager.status import version
from tocsin_server.api.operation import PREFIX, Answer, Operation
from tocsin_server.api.paging import PAGING, Key, Page
from tocsin_server.api.shown import instant, number
from tocsin_server.web.answers import Json

__all__ = ["Figures"]


class Figures:
    """The figures of a service.

    :param started_at: when the daemon began, on the clock's engine time.
    """

    def __init__(self, alerting: FederationAlertingService, clock: Clock, started_at: float) -> None:
        self._alerting = alerting
        self._clock = clock
        self._started_at = started_at

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "get_statistics",
                "GET",
                f"{PREFIX}/statistics",
                "read",
                "Counts: of what is there now, and of deliveries since the daemon started.",
                self._statistics,
                {200: Answer("The counts.", "Statistics")},
            ),
            Operation(
                "list_gaps",
                "GET",
                f"{PREFIX}/gaps",
                "read",
                "What was owed and could not be given, and parts that failed; the newest last.",
                self._gaps,
                {200: Answer("A page of gaps.", "GapPage")},
                PAGING,
                (400,),
            ),
            Operation(
                "get_health",
                "GET",
                f"{PREFIX}/health",
                "read",
                "How the daemon is. Degraded: its store fails, a channel's receiver fails, or something was given up.",
                self._health,
                {200: Answer("How it is.", "Health")},
            ),
        ]

    async def _statistics(self, request: Request) -> Response:
        return Json(_sound(await anyio.to_thread.run_sync(self._alerting.get_alerting_statistics)))

    async def _gaps(self, request: Request) -> Response:
        page = Page.wanted(request, float, str, str)
        gaps = await anyio.to_thread.run_sync(lambda: self._alerting.gaps)
        documents = [
            {
                "kind": gap.kind.value,
                "subject": gap.subject,
                "detail": gap.detail,
                "count": gap.count,
                "first_at": instant(gap.first_at),
                "last_at": instant(gap.last_at),
                "key": (float(gap.last_at), gap.kind.value, gap.subject),
            }
            for gap in gaps
        ]

        def key(document: dict[str, Any]) -> Key:
            found: Key = document["key"]
            return found

        def shown(document: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in document.items() if name != "key"}

        return Json(page.document(page.rest(documents, key), key, shown))

    async def _health(self, request: Request) -> Response:
        return Json(await anyio.to_thread.run_sync(self._healthy))

    def _healthy(self) -> Mapping[str, Any]:
        read = self._alerting
        circuits, undelivered, failing = sorted(read.open_circuits), len(read.undelivered), read.store_fails
        return {
            "status": "degraded" if circuits or undelivered or failing else "ok",
            "version": version(),
            "uptime_seconds": max(0.0, self._clock.now() - self._started_at),
            "firing": len(read.active_alert_ids),
            "gaps": len(read.gaps),
            "open_circuits": circuits,
            "undelivered": undelivered,
            "store": "failing" if failing else "ok",
        }


def _sound(value: Any) -> Any:
    """Return statistics in which every number has a form in JSON."""
    if isinstance(value, dict):
        return {name: _sound(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sound(one) for one in value]
    return number(value) if isinstance(value, float) else value
