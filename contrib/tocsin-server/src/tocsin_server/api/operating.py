"""What people do to an alert: acknowledge, resolve, snooze, escalate, note. Each is committed when it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import Acknowledged, AlertResolved, Escalated, Fact, FederationAlertingService, Noted, Snoozed
from tocsin_server.api.bodies import LONGEST_SECONDS, LONGEST_TEXT, Body
from tocsin_server.api.operation import PREFIX, Answer, Operation
from tocsin_server.api.reported import OWN
from tocsin_server.api.single_alert import ALERT_ID, alert_id_of, no_such_alert
from tocsin_server.intake import Submit
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused

__all__ = ["CHANGED", "Operating"]

CHANGED: Final = {200: Answer("Whether it changed anything.", "Changed", {"changed": True})}
_SHORTEST: Final = 0.001

Do = Callable[[Request], Awaitable[Response]]


class Operating:
    """Hands what people do in.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, submit: Submit, largest: int) -> None:
        self._alerting = alerting
        self._submit = submit
        self._largest = largest

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            self._operation(
                "acknowledge",
                "Somebody has taken the alert, or the incident of that id: it escalates no further, and nothing more "
                "is sent unless it grows worse.",
                self._acknowledge,
                {"by": "maria", "comment": "on it", "for_seconds": 3600},
            ),
            self._operation("resolve", "The alert is well again.", self._resolve, {"by": "maria"}, needed=False),
            self._operation(
                "snooze", "Put the alert, or the incident of that id, off.", self._snooze, {"seconds": 900, "by": "li"}
            ),
            self._operation(
                "escalate",
                "Tell the next level of the running escalation now, before its time.",
                self._escalate,
                {"by": "li", "comment": "I cannot get there"},
                needed=False,
            ),
            self._operation(
                "note", "Write something into the alert's timeline.", self._note, {"by": "li", "text": "disk replaced"}
            ),
        ]

    def _operation(self, verb: str, text: str, do: Do, example: Any, *, needed: bool = True) -> Operation:
        return Operation(
            f"{verb}_alert",
            "POST",
            f"{PREFIX}/alerts/{{alert_id}}/{verb}",
            "operate",
            text,
            do,
            CHANGED,
            (ALERT_ID,),
            (400, 404),
            body=verb.capitalize(),
            body_example=example,
            body_needed=needed,
        )

    async def _changed(self, fact: Fact) -> bool:
        (answer,) = await self._submit(fact)
        return bool(answer)

    async def _or_404(self, request: Request, fact: Fact, what: str) -> Response:
        if not await self._changed(fact):
            raise Refused(404, f"no alert and no incident {what} by the id {alert_id_of(request)!r:.200}")
        return Json({"changed": True})

    async def _if_known(self, request: Request, fact: Fact) -> Response:
        alert_id, changed = alert_id_of(request), await self._changed(fact)
        if not changed and not await anyio.to_thread.run_sync(self._alerting.alert_states, [alert_id]):
            raise no_such_alert(alert_id)
        return Json({"changed": changed})

    async def _acknowledge(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("by", "comment", "for_seconds"))
        seconds = body.number("for_seconds", _SHORTEST, LONGEST_SECONDS)
        comment = body.text("comment", "", LONGEST_TEXT)
        return await self._or_404(
            request, Acknowledged(alert_id_of(request), body.text("by"), comment, seconds), "fires"
        )

    async def _resolve(self, request: Request) -> Response:
        body, alert_id = await Body.read(request, self._largest, ("by",), needed=False), alert_id_of(request)
        if alert_id.startswith(OWN):
            raise Refused(400, f"alerts whose ids begin with {OWN!r} are tocsin's own, and resolve by themselves")
        return await self._if_known(request, AlertResolved(alert_id, body.text("by", "")))

    async def _snooze(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("seconds", "by"))
        seconds = body.number("seconds", _SHORTEST, LONGEST_SECONDS)
        if seconds is None:
            raise Refused(400, "seconds is required: for how long it is put off")
        return await self._or_404(request, Snoozed(alert_id_of(request), seconds, body.text("by", "")), "fires")

    async def _escalate(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("by", "comment"), needed=False)
        fact = Escalated(alert_id_of(request), body.text("by", ""), body.text("comment", "", LONGEST_TEXT))
        return await self._if_known(request, fact)

    async def _note(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("by", "text"))
        fact = Noted(alert_id_of(request), body.text("by"), body.text("text", longest=LONGEST_TEXT))
        return await self._or_404(request, fact, "is known")
