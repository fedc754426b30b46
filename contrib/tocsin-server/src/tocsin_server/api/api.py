"""tocsin's own API and what belongs beside it: all of its operations, their routes and their description."""

from __future__ import annotations

import attrs
from starlette.routing import BaseRoute

from tocsin import Clock, FederationAlertingService
from tocsin_server.alertmanager.posted import Bounds
from tocsin_server.api.alerts import Alerts
from tocsin_server.api.channels import Channels
from tocsin_server.api.deliveries import Deliveries
from tocsin_server.api.event_stream import EventStream
from tocsin_server.api.figures import Figures
from tocsin_server.api.heartbeat_ingress import HeartbeatIngress
from tocsin_server.api.heartbeats import Heartbeats
from tocsin_server.api.hiding import Hiding
from tocsin_server.api.openapi import OpenApi
from tocsin_server.api.operating import Operating
from tocsin_server.api.operation import Operation, route
from tocsin_server.api.preview import Preview
from tocsin_server.api.pulse import Pulse
from tocsin_server.api.reported import Reported
from tocsin_server.api.silences import Silences
from tocsin_server.api.single_alert import SingleAlert
from tocsin_server.intake import Intakes, Submit
from tocsin_server.pagerduty.ingress import PagerDutyIngress
from tocsin_server.web.scopes import Guard

__all__ = ["TocsinApi"]


@attrs.frozen(slots=True)
class TocsinApi:
    """tocsin's own API over one service.

    :param started_at: when the daemon began, on the clock's engine time.
    :param largest_body: bytes. :param most_alerts: alerts of a request.
    """

    alerting: FederationAlertingService
    submit: Submit
    clock: Clock
    guard: Guard
    intakes: Intakes
    heartbeats: Heartbeats
    pulse: Pulse
    bounds: Bounds
    started_at: float
    largest_body: int
    most_alerts: int

    def operations(self) -> list[Operation]:
        """Return everything that it answers."""
        alerting, clock, largest = self.alerting, self.clock, self.largest_body
        openapi = OpenApi()
        parts = (
            Reported(alerting, self.intakes.tocsin, self.bounds, largest, self.most_alerts),
            Alerts(alerting),
            SingleAlert(alerting, clock),
            Operating(alerting, self.submit, largest),
            Deliveries(alerting, self.submit, largest),
            Channels(alerting, clock, largest),
            Preview(alerting, Hiding(alerting, clock), largest),
            Silences(alerting, self.submit, clock, largest),
            Figures(alerting, clock, self.started_at),
            EventStream(alerting, clock, self.pulse),
            HeartbeatIngress(self.heartbeats),
            PagerDutyIngress(self.intakes.pagerduty, self.guard, self.bounds),
            openapi,
        )
        found = [operation for part in parts for operation in part.operations()]
        openapi.describe(found)
        return found

    def routes(self) -> list[BaseRoute]:
        """Return the routes of all operations."""
        return [route(operation, self.guard) for operation in self.operations()]
