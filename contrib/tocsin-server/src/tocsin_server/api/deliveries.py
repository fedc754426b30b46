"""Deliveries: what became of notifications, those that were given up first; and sending these again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import (
    FederationAlertingService,
    NotificationDelivery,
    NotificationState,
    OutgoingNotification,
    Redriven,
    UndeliveredNotification,
)
from tocsin_server.api.bodies import Body
from tocsin_server.api.operating import CHANGED
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.paging import PAGING, Key, Page
from tocsin_server.api.shown import instant
from tocsin_server.intake import Submit
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused

__all__ = ["Deliveries", "ShownDelivery", "shown_deliveries"]

_STATES: Final = tuple(state.value for state in NotificationState)
_ENDED: Final = {"delivered": NotificationState.DELIVERED, "rejected": NotificationState.REJECTED}
"""The states of notifications that have ended by the outcomes of their latest attempts; others were called off."""

_ORDER: Final = {"dead": 0, "rejected": 0, "unknown": 0, "retrying": 1, "held": 1, "queued": 1, "sending": 1}
_LAST: Final = 2
_PARAMETERS: Final = (
    Parameter("state", "In one of these states.", {"type": "string", "enum": list(_STATES)}, repeated=True),
    Parameter("channel", "To one of these channels.", {"type": "string"}, repeated=True),
    *PAGING,
)
_ID: Final = Parameter(
    "notification_id", "The notification's id.", {"type": "string", "minLength": 1}, "path", required=True
)


@attrs.frozen(slots=True)
class ShownDelivery:
    """A notification, as its latest attempt or its end left it; ``ended_at`` is wall time, 0 where there was none."""

    document: Mapping[str, Any]
    ended_at: float

    @property
    def failed(self) -> bool:
        """Whether it was given up, or its end is unknown: it can be sent again."""
        return _ORDER.get(self.document["state"]) == 0

    @property
    def key(self) -> Key:
        """Those that failed first, then those that have not ended; of each the newest."""
        return _ORDER.get(self.document["state"], _LAST), -self.ended_at, self.document["notification_id"]


class Deliveries:
    """The deliveries of a service.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, submit: Submit, largest: int) -> None:
        self._alerting = alerting
        self._submit = submit
        self._largest = largest

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "list_deliveries",
                "GET",
                f"{PREFIX}/deliveries",
                "read",
                "Notifications and what became of them: those that failed or whose end is unknown first, then those "
                "that have not ended, then the newest. Attempts before the daemon's last start stand in the "
                "timelines of their alerts.",
                self._list,
                {200: Answer("A page of deliveries.", "DeliveryPage")},
                _PARAMETERS,
                (400,),
            ),
            Operation(
                "redrive_delivery",
                "POST",
                f"{PREFIX}/deliveries/{{notification_id}}/redrive",
                "operate",
                "Send a notification that was given up again, under its own id.",
                self._redrive,
                CHANGED,
                (_ID,),
                (400, 404),
                body="By",
                body_example={"by": "maria"},
                body_needed=False,
            ),
        ]

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        states, channels = set(query.getlist("state")), set(query.getlist("channel"))
        for state in sorted(states.difference(_STATES)):
            raise Refused(400, f"no state is called {state!r:.60}; there are {', '.join(_STATES)}")
        page = Page.wanted(request, int, float, str)

        def read() -> dict[str, Any]:
            found = [
                one
                for one in shown_deliveries(self._alerting)
                if (not states or one.document["state"] in states)
                and (not channels or one.document["channel_id"] in channels)
            ]
            return page.document(page.rest(found, lambda one: one.key), lambda one: one.key, lambda one: one.document)

        return Json(await anyio.to_thread.run_sync(read))

    async def _redrive(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("by",), needed=False)
        notification_id = request.path_params["notification_id"]
        (changed,) = await self._submit(Redriven(notification_id, body.text("by", "")))
        if not changed:
            all_of_them = await anyio.to_thread.run_sync(shown_deliveries, self._alerting)
            if notification_id not in {one.document["notification_id"] for one in all_of_them}:
                raise Refused(404, f"no notification is known by the id {notification_id!r:.200}")
        return Json({"changed": changed})


def shown_deliveries(alerting: FederationAlertingService) -> Collection[ShownDelivery]:
    """Return the notifications of a service: those of the newest attempts, those under way, those given up."""
    found = {one.notification_id: _attempted(one) for one in alerting.delivery_history}
    found |= {one.notification_id: _live(one, found.get(one.notification_id)) for one in alerting.outgoing}
    found |= {one.notification_id: _given_up(one) for one in alerting.undelivered}
    return found.values()


def _given_up(one: UndeliveredNotification) -> ShownDelivery:
    document = {
        "notification_id": one.notification_id,
        "incident_id": one.incident_id,
        "channel_id": one.channel_id,
        "kind": one.kind.value,
        "state": one.state.value,
        "reason": None if one.reason is None else one.reason.value,
        "detail": one.detail,
        "attempts": one.attempts,
        "alert_ids": list(one.alert_ids),
        "ended_at": instant(one.ended_at),
    }
    return ShownDelivery(document, one.ended_at)


def _live(one: OutgoingNotification, attempted: ShownDelivery | None) -> ShownDelivery:
    document = {
        "notification_id": one.notification_id,
        "incident_id": one.incident_id,
        "channel_id": one.channel_id,
        "kind": one.kind.value,
        "state": one.state.value,
        "reason": None if one.reason is None else one.reason.value,
        "detail": "" if attempted is None else attempted.document["detail"],
        "attempts": one.attempts,
        "alert_ids": list(one.alert_ids),
        "ended_at": None,
    }
    return ShownDelivery(document, 0.0 if attempted is None else attempted.ended_at)


def _attempted(one: NotificationDelivery) -> ShownDelivery:
    document = {
        "notification_id": one.notification_id,
        "incident_id": one.incident_id,
        "channel_id": one.channel_id,
        "kind": one.kind,
        "state": _ENDED.get(one.outcome, NotificationState.CANCELLED).value,
        "reason": None,
        "detail": one.response_message,
        "attempts": one.retry_count + 1,
        "alert_ids": list(one.alert_ids),
        "ended_at": instant(one.timestamp),
    }
    return ShownDelivery(document, one.timestamp)
