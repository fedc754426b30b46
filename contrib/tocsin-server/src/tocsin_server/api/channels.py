"""Channels: what is configured of each, without its settings, and a test of one."""

from __future__ import annotations

from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import Clock, FederationAlertingService, UnknownReferenceError
from tocsin_server.api.bodies import Body
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.paging import PAGING, Page
from tocsin_server.api.shown import instant
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused

__all__ = ["Channels", "shown_channels"]

_ID: Final = Parameter("channel_id", "The channel's id.", {"type": "string", "minLength": 1}, "path", required=True)


class Channels:
    """The channels of a service.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, clock: Clock, largest: int) -> None:
        self._alerting = alerting
        self._clock = clock
        self._largest = largest

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "list_channels",
                "GET",
                f"{PREFIX}/channels",
                "read",
                "The channels in order of their ids; never the settings of their backends.",
                self._list,
                {200: Answer("A page of channels.", "ChannelPage")},
                PAGING,
                (400,),
            ),
            Operation(
                "test_channel",
                "POST",
                f"{PREFIX}/channels/{{channel_id}}/test",
                "operate",
                "Send a test notification through the channel now, and say how that ended. Nothing of it is kept.",
                self._test,
                {200: Answer("How it ended.", "Trial")},
                (_ID,),
                (400, 404),
                body="Nothing",
                body_example={},
                body_needed=False,
            ),
        ]

    async def _list(self, request: Request) -> Response:
        page = Page.wanted(request, str)
        documents = await anyio.to_thread.run_sync(shown_channels, self._alerting, self._clock)

        def key(document: dict[str, Any]) -> tuple[Any, ...]:
            return (document["channel_id"],)

        return Json(page.document(page.rest(documents, key), key, lambda document: document))

    async def _test(self, request: Request) -> Response:
        await Body.read(request, self._largest, (), needed=False)
        started = self._clock.now()
        try:
            outcome = await self._alerting.send_test(request.path_params["channel_id"])
        except UnknownReferenceError as error:
            raise Refused(404, error.problem) from None
        return Json(
            {
                "status": outcome.status.value,
                "detail": outcome.detail,
                "code": outcome.code,
                "seconds": self._clock.now() - started,
            }
        )


def shown_channels(alerting: FederationAlertingService, clock: Clock) -> list[dict[str, Any]]:
    """Return the channels of a service, never with the settings of their backends."""
    circuits, ahead = alerting.open_circuits, clock.wall() - clock.now()
    specs = alerting.registry.backends
    documents = []
    for channel_id, channel in alerting.channels.items():
        probe_at = circuits.get(channel_id)
        registered = specs.get(str(channel.backend))
        human = channel.human
        if human is None:
            human = registered is not None and registered.spec.human
        documents.append(
            {
                "channel_id": channel_id,
                "backend": str(channel.backend),
                "min_severity": channel.min_severity.value,
                "enabled": channel.enabled,
                "human": human,
                "rate_limit_per_minute": channel.rate_limit_per_minute,
                "fallback": channel.fallback,
                "send_resolved": channel.send_resolved,
                "circuit": "closed" if probe_at is None else "open",
                "probe_at": None if probe_at is None else instant(probe_at + ahead),
            }
        )
    return documents
