"""*Alert*: where one alert stands, what happened to it, what comes next, and why these channels and no others."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import Clock, FederationAlertingService
from tocsin_server.api.operation import LONGEST_ID
from tocsin_server.api.timeline import future, past
from tocsin_server.page.deeds import MINUTES
from tocsin_server.page.labels import matchers_of, usual_matchers
from tocsin_server.page.links import filter_link
from tocsin_server.page.rendering import rendered, root_of
from tocsin_server.page.sessions import Session
from tocsin_server.web.refusal import Refused

__all__ = ["AlertPage"]


class AlertPage:
    """Shows one alert."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock) -> None:
        self._alerting = alerting
        self._clock = clock

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        alert_id = request.path_params["alert_id"]
        if len(alert_id) > LONGEST_ID:
            raise Refused(400, f"the id of an alert has at most {LONGEST_ID} characters")
        values = await anyio.to_thread.run_sync(self._found, alert_id)
        if values is None:
            raise Refused(404, f"No alert is known by the id {alert_id!r:.200}.")
        lines = past(await self._alerting.ledger(alert_id))
        matchers = matchers_of(values["state"].alert)
        usual = usual_matchers(values["state"].alert)
        return rendered(
            request,
            "alert.html",
            session=session,
            past=lines[::-1],
            minutes=MINUTES,
            labels=[(matcher, filter_link(root_of(request), matcher), matcher in usual) for matcher in matchers],
            **values,
        )

    def _found(self, alert_id: str) -> dict[str, Any] | None:
        states = self._alerting.alert_states([alert_id])
        if not states:
            return None
        state, wall = states[0], self._clock.wall()
        explained = self._alerting.explain(state.alert)
        explained = explained.by_the_wall(wall - explained.at)
        same = explained.incident.incident_id == state.incident_id
        return {
            "now": wall,
            "state": state,
            "future": future(self._alerting.upcoming(alert_id)),
            "explained": explained,
            "together": explained.incident.firing_count if same else 1,
        }
