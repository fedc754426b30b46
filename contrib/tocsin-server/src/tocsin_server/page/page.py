"""The page: all of its routes."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from tocsin import Clock, FederationAlertingService
from tocsin_server.api.pulse import Pulse
from tocsin_server.page.changes import Changes
from tocsin_server.page.looks import Looks
from tocsin_server.page.now import Now
from tocsin_server.page.statics import static_route
from tocsin_server.page.visitors import Visitors

__all__ = ["page_routes"]


def page_routes(
    alerting: FederationAlertingService, visitors: Visitors, looks: Looks, pulse: Pulse, clock: Clock
) -> list[BaseRoute]:
    """Return the routes of everything that a browser shows."""
    now = Now(looks, alerting, clock)
    changes = Changes(looks, visitors, pulse, clock)
    return [
        Route("/", visitors.see("read", now.show), methods=["GET"]),
        Route("/changes", visitors.see("read", changes.listen), methods=["GET"]),
        *visitors.routes(),
        static_route(),
    ]
