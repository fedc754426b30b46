"""One alert: where it stands with its timeline, and what would happen to it now."""

from __future__ import annotations

from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertState, Clock, Explanation, FederationAlertingService
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.shown import instant, shown_alert
from tocsin_server.api.timeline import future, past
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused

__all__ = ["ALERT_ID", "SingleAlert", "alert_id_of", "no_such_alert"]

ALERT_ID: Final = Parameter(
    "alert_id",
    "The alert's id; any characters, percent-encoded, a slash as `%2F`.",
    {"type": "string", "minLength": 1},
    "path",
    required=True,
)

_INSTANTS: Final = frozenset({"at", "due", "next_deadline", "opened_at", "until"})


def alert_id_of(request: Request) -> str:
    """Return the id in the path of a request."""
    return str(request.path_params["alert_id"])


def no_such_alert(alert_id: str) -> Refused:
    """Return the refusal of a request for an alert that nobody knows."""
    return Refused(404, f"no alert is known by the id {alert_id!r:.200}")


class SingleAlert:
    """The alerts of a service, each for itself."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock) -> None:
        self._alerting = alerting
        self._clock = clock

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        place = f"{PREFIX}/alerts/{{alert_id}}"
        return [
            Operation(
                "show_alert",
                "GET",
                place,
                "read",
                "Where one alert stands, what happened to it, and what comes next by itself.",
                self._show,
                {200: Answer("The alert and its timeline.", "AlertWithTimeline")},
                (ALERT_ID,),
                (400, 404),
            ),
            Operation(
                "explain_alert",
                "GET",
                f"{place}/explain",
                "read",
                "What would happen if the alert were reported again now, and why: which rules apply, who is told when.",
                self._explain,
                {200: Answer("The explanation.", "Explanation")},
                (ALERT_ID,),
                (400, 404),
            ),
        ]

    async def _state(self, request: Request) -> AlertState:
        alert_id = alert_id_of(request)
        states = await anyio.to_thread.run_sync(self._alerting.alert_states, [alert_id])
        if not states:
            raise no_such_alert(alert_id)
        return states[0]

    async def _show(self, request: Request) -> Response:
        state = await self._state(request)
        alert_id = state.alert.alert_id
        lines = await self._alerting.ledger(alert_id)
        coming = await anyio.to_thread.run_sync(self._alerting.upcoming, alert_id)
        return Json({"alert": shown_alert(state), "timeline": {"past": past(lines), "future": future(coming)}})

    async def _explain(self, request: Request) -> Response:
        state = await self._state(request)
        explained = await anyio.to_thread.run_sync(self._alerting.explain, state.alert)
        return Json(_explanation(explained, self._clock.wall()))


def _explanation(explained: Explanation, wall: float) -> dict[str, Any]:
    """Return the document: as the explanation has it, with instants in wall time."""
    document = explained.by_the_wall(wall - explained.at).as_dict()
    escalation = document["escalation"] or {"levels": []}
    dated = [document, document["incident"], *document["channels"], *escalation["levels"]]
    for part in dated:
        part |= {name: instant(part[name]) for name in _INSTANTS & part.keys()}
    return document
