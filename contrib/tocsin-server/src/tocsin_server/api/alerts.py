"""``GET /alerts``: the alerts that are known, filtered, the most severe first, in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any, Final

import anyio.to_thread
import attrs
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertSeverity, AlertState, FederationAlertingService, PerformanceAlert
from tocsin_server.api.matching import matching, read_matchers
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.paging import PAGING, Key, Page
from tocsin_server.api.shown import shown_alert
from tocsin_server.web.answers import Json
from tocsin_server.web.filters import receiver_filter
from tocsin_server.web.refusal import Refused

__all__ = ["FILTER", "Alerts", "alert_key", "choice", "in_slices", "states_of"]

_TOGETHER: Final = 500
"""Nothing is taken in while so many are looked at."""

FILTER: Final = Parameter(
    "filter", 'A matcher over the labels, such as `team="db"`; all have to hold.', {"type": "string"}, repeated=True
)
_YES_OR_NO: Final = {"type": "string", "enum": ["true", "false"]}
_PARAMETERS: Final = (
    Parameter(
        "severity",
        "One of these severities.",
        {"type": "string", "enum": [one.value for one in AlertSeverity]},
        repeated=True,
    ),
    Parameter("cluster", "In one of these clusters.", {"type": "string"}, repeated=True),
    Parameter("status", "Whether they fire.", {"type": "string", "enum": ["firing", "resolved"]}),
    Parameter("acknowledged", "Whether somebody has taken them.", _YES_OR_NO),
    Parameter("suppressed", "Whether something keeps them from being told.", _YES_OR_NO),
    Parameter("receiver", "A pattern that the whole name of one of their receivers matches.", {"type": "string"}),
    FILTER,
    *PAGING,
)


def choice(query: QueryParams, name: str, choices: Iterable[str]) -> str | None:
    """Return what a query says of *name*, one of the *choices*; None where it says nothing."""
    value, known = query.get(name), list(choices)
    if value is not None and value not in known:
        raise Refused(400, f"{name} is {' or '.join(known)}, not {value!r:.60}")
    return value


def _flag(query: QueryParams, name: str) -> bool | None:
    value = choice(query, name, ("true", "false"))
    return None if value is None else value == "true"


def alert_key(alert: PerformanceAlert) -> Key:
    """Return what orders alerts: the most severe first, then by id."""
    return -alert.severity.rank, alert.alert_id


async def in_slices(
    alerts: list[PerformanceAlert], wanted: Callable[[PerformanceAlert], bool]
) -> list[PerformanceAlert]:
    """Return those that are wanted; between some hundreds, others have their turn."""
    found: list[PerformanceAlert] = []
    for start in range(0, len(alerts), _TOGETHER):
        some = alerts[start : start + _TOGETHER]
        found += await anyio.to_thread.run_sync(lambda of: list(filter(wanted, of)), some)
    return found


async def states_of(alerting: FederationAlertingService, alerts: list[PerformanceAlert]) -> AsyncIterator[AlertState]:
    """Yield where the alerts stand, in their order; those that were forgotten meanwhile are left out."""
    for start in range(0, len(alerts), _TOGETHER):
        ids = [one.alert_id for one in alerts[start : start + _TOGETHER]]
        for state in await anyio.to_thread.run_sync(alerting.alert_states, ids):
            yield state


@attrs.frozen(slots=True)
class _Wanted:
    """What a query wants to see."""

    status: str | None
    alert: Callable[[PerformanceAlert], bool]
    state: Callable[[AlertState], bool]

    @classmethod
    def by(cls, query: QueryParams) -> _Wanted:
        severities = set(query.getlist("severity"))
        for severity in sorted(severities - {one.value for one in AlertSeverity}):
            known = ", ".join(one.value for one in AlertSeverity)
            raise Refused(400, f"no severity is called {severity!r:.60}; there are {known}")
        clusters = set(query.getlist("cluster"))
        meets = matching(read_matchers(query.getlist("filter"), "filter"))
        taken, suppressed = _flag(query, "acknowledged"), _flag(query, "suppressed")
        received = receiver_filter(query)

        def of_alert(alert: PerformanceAlert) -> bool:
            if severities and alert.severity.value not in severities:
                return False
            return (not clusters or alert.cluster_id in clusters) and meets(alert)

        def of_state(state: AlertState) -> bool:
            if taken is not None and (state.acknowledged_by is not None) is not taken:
                return False
            if suppressed is not None and state.suppressed is not suppressed:
                return False
            return "receiver" not in query or received(state.receivers)

        return cls(choice(query, "status", ("firing", "resolved")), of_alert, of_state)


class Alerts:
    """The alerts of a service, to be read."""

    def __init__(self, alerting: FederationAlertingService) -> None:
        self._alerting = alerting

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "list_alerts",
                "GET",
                f"{PREFIX}/alerts",
                "read",
                "The alerts that fire, and those that resolved not long ago; the most severe first, then by id.",
                self._list,
                {200: Answer("A page of alerts.", "AlertPage")},
                _PARAMETERS,
                (400,),
            )
        ]

    async def known(self, status: str | None) -> list[PerformanceAlert]:
        """Return the alerts that are known: those that fire, those that resolved, or all."""
        read = self._alerting
        firing = [] if status == "resolved" else await anyio.to_thread.run_sync(read.get_active_alerts)
        resolved = [] if status == "firing" else await anyio.to_thread.run_sync(read.get_resolved_alerts)
        return firing + resolved

    async def _list(self, request: Request) -> Response:
        page, wanted = Page.wanted(request, int, str), _Wanted.by(request.query_params)
        known = await in_slices(await self.known(wanted.status), wanted.alert)
        rest = await anyio.to_thread.run_sync(partial(page.rest, known, alert_key))
        found: list[AlertState] = []
        async for state in states_of(self._alerting, rest):
            if wanted.state(state):
                found.append(state)
            if len(found) > page.limit:
                break

        def key(state: AlertState) -> Key:
            return alert_key(state.alert)

        document: dict[str, Any] = page.document(found, key, shown_alert)
        return Json(document)
