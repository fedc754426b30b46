"""*Now*: what fires, who has it, what comes next, and whether the daemon can see at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertSeverity, Clock, FederationAlertingService, Upcoming, UpcomingKind
from tocsin_server.page.labels import usual_matchers
from tocsin_server.page.links import alert_link, silencing_link
from tocsin_server.page.looks import Incident, Look, Looks
from tocsin_server.page.query import Query
from tocsin_server.page.rendering import rendered
from tocsin_server.page.sessions import Session

__all__ = ["Now"]

_ON_A_PAGE: Final = 50
_MOST_LABELS: Final = 12
_LONGEST_MESSAGE: Final = 300
_SEVERITIES: Final = tuple(sorted(AlertSeverity, key=lambda one: -one.rank))


@attrs.frozen(slots=True)
class _Counter:
    """One number that filters when it is clicked; ``link`` is a query, ``chosen`` whether it filters already."""

    text: str
    count: int
    link: str
    chosen: bool = False
    severity: str = ""


@attrs.frozen(slots=True)
class _Row:
    """An incident as it is shown."""

    incident: Incident
    coming: Upcoming | None
    labels: tuple[tuple[str, str], ...]

    @property
    def link(self) -> str:
        """The way to the alert that stands for it."""
        return alert_link("./", self.incident.head.alert.alert_id)

    @property
    def silencing(self) -> str:
        """The way to a silence of it."""
        return silencing_link("./", *usual_matchers(self.incident.head.alert))

    @property
    def message(self) -> str:
        """What is said of it, cut."""
        said = self.incident.head.alert.message
        return said if len(said) <= _LONGEST_MESSAGE else f"{said[: _LONGEST_MESSAGE - 1]}…"


class Now:
    """Shows what is going on."""

    def __init__(self, looks: Looks, alerting: FederationAlertingService, clock: Clock) -> None:
        self._looks = looks
        self._alerting = alerting
        self._clock = clock

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        query = Query.of(request)
        look = await self._looks.current()
        found = await anyio.to_thread.run_sync(query.among, look.incidents)
        page = found[query.offset(_ON_A_PAGE) :][:_ON_A_PAGE]
        rows = await anyio.to_thread.run_sync(lambda: [self._row(one, query) for one in page])
        return rendered(
            request,
            "now.html",
            session=session,
            now=self._clock.wall(),
            look=look,
            query=query,
            found=len(found),
            alerts=sum(len(one.states) for one in found),
            waiting=sum(one.waits for one in found),
            rows=rows,
            severities=_severities(look, query),
            table=_table(look, query),
            more=len(found) > query.offset(_ON_A_PAGE) + _ON_A_PAGE,
        )

    def _row(self, incident: Incident, query: Query) -> _Row:
        coming = self._alerting.upcoming(incident.head.alert.alert_id)
        level = next((one for one in coming if one.kind is UpcomingKind.ESCALATION and one.at is not None), None)
        labels: Mapping[str, str] = incident.head.alert.labels
        shared = (
            (name, value)
            for name, value in sorted(labels.items())
            if all(state.alert.labels.get(name) == value for state in incident.states)
        )
        shown = tuple((f"{name}={value}", query.with_label(name, value)) for name, value in shared)
        return _Row(incident, level, shown[:_MOST_LABELS])


def _severities(look: Look, query: Query) -> list[_Counter]:
    """Return the severities, the worst first, each with its alerts in the chosen clusters."""
    found = []
    for severity in _SEVERITIES:
        count = sum(
            number
            for (of, cluster), number in look.counts.items()
            if of is severity and (not query.clusters or cluster in query.clusters)
        )
        chosen = severity.value in query.severities
        found.append(
            _Counter(severity.value, count, query.switched("severity", severity.value), chosen, severity.value)
        )
    return found


def _table(look: Look, query: Query) -> list[tuple[_Counter, list[_Counter]]]:
    """Return a line for each cluster, those with the worst alerts first: its name, then its counts by severity."""
    clusters = {cluster for _, cluster in look.counts}
    lines = {one: [look.counts.get((severity, one), 0) for severity in _SEVERITIES] for one in clusters}
    table = []
    for cluster in sorted(lines, key=lambda one: ([-count for count in lines[one]], one))[:_ON_A_PAGE]:
        name = _Counter(cluster, sum(lines[cluster]), query.switched("cluster", cluster), cluster in query.clusters)
        cells = [
            _Counter(severity.value, count, query.exactly(severity.value, cluster), severity=severity.value)
            for severity, count in zip(_SEVERITIES, lines[cluster], strict=True)
        ]
        table.append((name, cells))
    return table
