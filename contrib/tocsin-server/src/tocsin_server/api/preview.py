"""``POST /silences/preview``: what a silence would match now, and what it would have matched lately."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertFired, Clock, Entry, FederationAlertingService, PerformanceAlert
from tocsin_server.api.alerts import Alerts, in_slices, states_of
from tocsin_server.api.bodies import Body
from tocsin_server.api.matching import matching
from tocsin_server.api.operation import PREFIX, Answer, Operation
from tocsin_server.api.shown import shown_alert
from tocsin_server.api.silences import silence_matchers
from tocsin_server.web.answers import Json

__all__ = ["Preview"]

_USUAL_HOURS: Final = 24.0
_LONGEST_HOURS: Final = 24.0 * 31
_SHOWN: Final = 100
_TOGETHER: Final = 200
_MOST_ENTRIES: Final = 100_000
"""So many of the newest entries are looked at; they are read in slices, between which others have their turn."""

Meets = Callable[[PerformanceAlert], bool]


class Preview:
    """Tries silences out.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, alerts: Alerts, clock: Clock, largest: int) -> None:
        self._alerting = alerting
        self._alerts = alerts
        self._clock = clock
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
        since = self._clock.wall() - 3600.0 * hours
        firing = await in_slices(await self._alerts.known("firing"), meets)
        now = [shown_alert(state) async for state in states_of(self._alerting, firing[:_SHOWN])]
        past, complete = await self._past(meets, since)
        past |= {alert.alert_id for alert in firing}
        resolved = await in_slices(await self._alerts.known("resolved"), meets)
        async for state in states_of(self._alerting, resolved):
            if state.resolved_at is not None and state.resolved_at >= since:
                past.add(state.alert.alert_id)
        return Json(
            {
                "now": now,
                "count": len(firing),
                "past": {
                    "hours": hours,
                    "count": len(past),
                    "alert_ids": sorted(past)[:_SHOWN],
                    "complete": complete,
                },
            }
        )

    async def _past(self, meets: Meets, since: float) -> tuple[set[str], bool]:
        """Return the ids of the alerts that were reported since then and meet, and whether all were looked at."""
        newest = await anyio.to_thread.run_sync(lambda: self._alerting.journal_ordinal)
        after = await self._last_before(since, newest)
        first = max(after, newest - _MOST_ENTRIES)
        found: set[str] = set()
        complete, after = first == after, first
        while after < newest:
            entries = await self._alerting.journal(after, _TOGETHER)
            if not entries:
                break
            found |= await anyio.to_thread.run_sync(_fired, entries, meets, since)
            after = entries[-1].ordinal
        return found, complete

    async def _last_before(self, since: float, newest: int) -> int:
        """Return the ordinal of an entry before which all are older, as far as the clock was never set back."""
        low, high = 0, newest
        while low < high:
            middle = (low + high) // 2
            entries = await self._alerting.journal(middle, 1)
            if entries and entries[0].wall_time < since:
                low = entries[0].ordinal
            else:
                high = middle
        return low


def _fired(entries: tuple[Entry, ...], meets: Meets, since: float) -> set[str]:
    return {
        item.alert.alert_id
        for entry in entries
        if entry.wall_time >= since
        for item in entry.inputs
        if isinstance(item, AlertFired) and meets(item.alert)
    }
