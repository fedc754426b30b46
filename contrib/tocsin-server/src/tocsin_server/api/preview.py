"""``POST /silences/preview``: what a silence would match now, and what it would have matched lately."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin import FederationAlertingService
from tocsin_server.api.alerts import states_of
from tocsin_server.api.bodies import Body
from tocsin_server.api.hiding import Hiding
from tocsin_server.api.matching import matching
from tocsin_server.api.operation import PREFIX, Answer, Operation
from tocsin_server.api.shown import shown_alert
from tocsin_server.api.silences import silence_matchers
from tocsin_server.web.answers import Json

__all__ = ["Preview"]

_USUAL_HOURS: Final = 24.0
_LONGEST_HOURS: Final = 24.0 * 31
_SHOWN: Final = 100


class Preview:
    """Tries silences out.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, hiding: Hiding, largest: int) -> None:
        self._alerting = alerting
        self._hiding = hiding
        self._largest = largest

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "preview_silence",
                "POST",
                f"{PREFIX}/silences/preview",
                "operate",
                "What a silence would match now, and what it would have matched in the past hours (24 if not said). "
                "`complete` is false where there is more in the journal than is looked at.",
                self._preview,
                {200: Answer("What it would match; a hundred alerts at most are listed.", "SilencePreview")},
                refusals=(400,),
                body="PreviewedSilence",
                body_example={"matchers": ['cluster_id="eu"'], "hours": 24},
            )
        ]

    async def _preview(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, ("matchers", "hours"))
        meets = matching(silence_matchers(body))
        hours = body.number("hours", 0.0, _LONGEST_HOURS)
        hours = _USUAL_HOURS if hours is None else hours
        hidden = await self._hiding.what(meets, hours)
        return Json(
            {
                "now": [shown_alert(state) async for state in states_of(self._alerting, hidden.firing[:_SHOWN])],
                "count": len(hidden.firing),
                "past": {
                    "hours": hours,
                    "count": len(hidden.past),
                    "alert_ids": sorted(hidden.past)[:_SHOWN],
                    "complete": hidden.complete,
                },
            }
        )
