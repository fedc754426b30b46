"""The page: all of its routes."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from tocsin import Clock, FederationAlertingService
from tocsin_server.api.hiding import Hiding
from tocsin_server.api.pulse import Pulse
from tocsin_server.intake import Submit
from tocsin_server.page.alert import AlertPage
from tocsin_server.page.changes import Changes
from tocsin_server.page.deeds import Deeds
from tocsin_server.page.deliveries import DeliveriesPage
from tocsin_server.page.health import Health, Parts
from tocsin_server.page.looks import Looks
from tocsin_server.page.now import Now
from tocsin_server.page.silences import SilencesPage
from tocsin_server.page.silencing import Silencing
from tocsin_server.page.statics import static_route
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.routes import ExactRoute

__all__ = ["page_routes"]


def page_routes(
    alerting: FederationAlertingService,
    submit: Submit,
    visitors: Visitors,
    looks: Looks,
    pulse: Pulse,
    clock: Clock,
    parts: Parts,
) -> list[BaseRoute]:
    """Return the routes of everything that a browser shows."""
    now = Now(looks, alerting, clock)
    silences = SilencesPage(alerting, submit, looks, clock)
    deliveries = DeliveriesPage(alerting, submit, clock)
    health = Health(alerting, looks, clock, parts)
    silencing = Silencing(Hiding(alerting, clock), submit, clock)
    changes = Changes(looks, visitors, pulse, clock)
    return [
        Route("/", visitors.see("read", now.show), methods=["GET"]),
        Route("/changes", visitors.see("read", changes.listen), methods=["GET"]),
        ExactRoute("/alerts/{alert_id}", visitors.see("read", AlertPage(alerting, clock).show), methods=["GET"]),
        ExactRoute("/alerts/{alert_id}/{deed}", visitors.see("operate", Deeds(submit).do), methods=["POST"]),
        Route("/silences", visitors.see("read", silences.show), methods=["GET"]),
        Route("/silences/new", visitors.see("operate", silencing.ask), methods=["GET"]),
        Route("/silences/new", visitors.see("operate", silencing.make), methods=["POST"]),
        ExactRoute("/silences/{silence_id}/end", visitors.see("operate", silences.end), methods=["POST"]),
        Route("/deliveries", visitors.see("read", deliveries.show), methods=["GET"]),
        ExactRoute("/deliveries/{delivery}/redrive", visitors.see("operate", deliveries.redrive), methods=["POST"]),
        ExactRoute("/channels/{channel_id}/test", visitors.see("operate", deliveries.test), methods=["POST"]),
        Route("/health", visitors.see("read", health.show), methods=["GET"]),
        *visitors.routes(),
        static_route(),
    ]
