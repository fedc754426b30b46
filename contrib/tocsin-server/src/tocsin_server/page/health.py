"""*Health*: how the daemon itself is: whom it hears from, what it keeps, what it is made of, what it could not do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertSeverity, Clock, FederationAlertingService, Gap
from tocsin_server.alertmanager.status import version
from tocsin_server.api.heartbeats import Heartbeats
from tocsin_server.page.looks import Look, Looks
from tocsin_server.page.paging import page_number
from tocsin_server.page.rendering import rendered
from tocsin_server.page.sessions import Session
from tocsin_server.page.shared import Shared
from tocsin_server.page.troubles import OPEN_SECONDS

__all__ = ["Health", "Parts"]

_ON_A_PAGE: Final = 50
_MOST: Final = 100


@attrs.frozen(slots=True)
class Parts:
    """What belongs to the daemon and not to its service.

    :param running: the kinds of the sources that run, by name. :param stopped: those that failed.
    :param reload: whether the configuration that was read last is in force; and since when (wall time) the one that is.
    :param started_at: when the daemon began, wall time.
    """

    heartbeats: Heartbeats
    running: Callable[[], Mapping[str, str]]
    stopped: Callable[[], list[str]]
    reload: Callable[[], tuple[bool, float]]
    started_at: float


@attrs.frozen(slots=True)
class _Distribution:
    """What is installed: its version, and the names that its plugins registered, by kind."""

    name: str
    version: str
    names: tuple[tuple[str, tuple[str, ...]], ...]


@attrs.frozen(slots=True)
class _State:
    """How the service is; ``gaps`` are in the order of what was met last."""

    store_fails: bool
    ordinal: int
    behind: int
    gaps: tuple[Gap, ...]


class Health:
    """Shows how the daemon is."""

    def __init__(self, alerting: FederationAlertingService, looks: Looks, clock: Clock, parts: Parts) -> None:
        self._looks = looks
        self._clock = clock
        self._parts = parts
        self._distributions = _distributions(alerting)

        def state() -> _State:
            return _State(alerting.store_fails, alerting.journal_ordinal, alerting.records_behind, alerting.gaps[::-1])

        self._states = Shared(state, clock)

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        page, look, state = page_number(request), await self._looks.current(), await self._states.get()
        first, parts, now = (page - 1) * _ON_A_PAGE, self._parts, self._clock.wall()
        heartbeats, clusters = parts.heartbeats.known, _clusters(look)
        reloaded, in_force_since = parts.reload()
        return rendered(
            request,
            "health.html",
            session=session,
            now=now,
            look=look,
            state=state,
            version=version(),
            started_at=parts.started_at,
            reloaded=reloaded,
            in_force_since=in_force_since,
            heartbeats=heartbeats[:_MOST],
            heartbeats_more=len(heartbeats[_MOST:]),
            clusters=clusters[:_MOST],
            clusters_more=len(clusters[_MOST:]),
            running=parts.running(),
            stopped=parts.stopped(),
            distributions=self._distributions,
            gaps=[(gap, gap.last_at > now - OPEN_SECONDS) for gap in state.gaps[first : first + _ON_A_PAGE]],
            page=page,
            more=len(state.gaps) > first + _ON_A_PAGE,
        )


def _clusters(look: Look) -> list[tuple[str, str, str, int]]:
    """Return each cluster that has alerts: the query for them, its worst severity, how many; the worst first."""
    worst: dict[str, AlertSeverity] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for (severity, cluster), count in look.counts.items():
        counts[cluster] += count
        worst[cluster] = max(worst.get(cluster, severity), severity, key=lambda one: one.rank)
    order = sorted(worst, key=lambda one: (-worst[one].rank, -counts[one], one))
    return [(one, urlencode({"cluster": one}, errors="replace"), worst[one].value, counts[one]) for one in order]


def _distributions(alerting: FederationAlertingService) -> list[_Distribution]:
    found: defaultdict[tuple[str, str], defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    registrations: Iterable[Any] = alerting.registry
    for one in registrations:
        origin = one.provenance
        found[origin.distribution, origin.version][one.kind].append(one.name)
    return [
        _Distribution(name, number, tuple((kind, tuple(names)) for kind, names in kinds.items()))
        for (name, number), kinds in sorted(found.items())
    ]
