"""*Deliveries*: what failed and why, sent again; how each channel goes, and a test of it."""

from __future__ import annotations

from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin import Clock, FederationAlertingService, NotificationState, Outcome, Redriven, UnknownReferenceError
from tocsin_server.api.deliveries import ShownDelivery
from tocsin_server.intake import Submit
from tocsin_server.page.choices import Choices
from tocsin_server.page.delivery_look import DeliveryLook, look_at_deliveries
from tocsin_server.page.forms import author, sent_form
from tocsin_server.page.links import alert_link
from tocsin_server.page.paging import page_number
from tocsin_server.page.rendering import rendered, root_of
from tocsin_server.page.sessions import Session
from tocsin_server.page.shared import Shared
from tocsin_server.web.refusal import Refused

__all__ = ["DeliveriesPage"]

_ON_A_PAGE: Final = 50
_MOST_ALERTS: Final = 3
_STATES: Final = tuple(state.value for state in NotificationState)


@attrs.frozen(slots=True)
class _Trial:
    """A test of a channel: how it ended, when (wall time), and how long it took in seconds."""

    outcome: Outcome
    at: float
    seconds: float


@attrs.frozen(slots=True)
class _Row:
    """A notification as it is shown, with ways to some of its alerts."""

    shown: ShownDelivery
    alerts: tuple[tuple[str, str], ...]
    more: int


class DeliveriesPage:
    """Shows notifications and channels; sends again, and tries out."""

    def __init__(self, alerting: FederationAlertingService, submit: Submit, clock: Clock) -> None:
        self._alerting = alerting
        self._submit = submit
        self._clock = clock
        self._looks: Shared[DeliveryLook] = Shared(lambda: look_at_deliveries(alerting, clock), clock)
        self._trials: dict[str, _Trial] = {}

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        choices = Choices.of(request, {"state": _STATES, "channel": None})
        page, look = page_number(request), await self._looks.get()
        found = [one for one in look.deliveries if choices.allow(state=_state(one), channel=_channel(one))]
        first = (page - 1) * _ON_A_PAGE
        root = root_of(request)
        return rendered(
            request,
            "deliveries.html",
            session=session,
            now=self._clock.wall(),
            look=look,
            choices=choices,
            trials=self._trials,
            rows=[_row(root, one) for one in found[first : first + _ON_A_PAGE]],
            found=len(found),
            page=page,
            more=len(found) > first + _ON_A_PAGE,
        )

    async def redrive(self, request: Request, session: Session) -> Response:
        """Send one again that was given up."""
        fields = await sent_form(request, session)
        (changed,) = await self._submit(Redriven(request.path_params["delivery"], author(session, fields)))
        if not changed:
            raise Refused(409, "nothing changed: it is not among those that were given up, or all of it is over")
        return self._back(request)

    async def test(self, request: Request, session: Session) -> Response:
        """Send a test through a channel now, and keep how that ended until the next one."""
        await sent_form(request, session)
        channel_id, started = request.path_params["channel_id"], self._clock.now()
        try:
            outcome = await self._alerting.send_test(channel_id)
        except UnknownReferenceError as error:
            raise Refused(404, error.problem) from None
        self._trials[channel_id] = _Trial(outcome, self._clock.wall(), self._clock.now() - started)
        return self._back(request)

    def _back(self, request: Request) -> Response:
        self._looks.expire()
        return RedirectResponse(f"{root_of(request)}deliveries", 303)


def _state(one: ShownDelivery) -> str:
    return str(one.document["state"])


def _channel(one: ShownDelivery) -> str:
    return str(one.document["channel_id"])


def _row(root: str, one: ShownDelivery) -> _Row:
    ids = one.document["alert_ids"]
    return _Row(one, tuple((name, alert_link(root, name)) for name in ids[:_MOST_ALERTS]), len(ids[_MOST_ALERTS:]))
