"""``GET /api/v2/alerts``: the alerts that fire, as Alertmanager shows and filters them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import anyio.to_thread
import attrs
from starlette.datastructures import QueryParams

from tocsin import AlertState, FederationAlertingService, fingerprint, label_set
from tocsin_server.alertmanager.reports import Report
from tocsin_server.web.filters import flag, label_filter, matchers, receiver_filter
from tocsin_server.web.times import written

__all__ = ["Shown", "Wanted", "firing", "gettable"]

T = TypeVar("T")

_TOGETHER: Final = 500
"""Nothing is taken in while so many are looked at."""


@attrs.frozen(slots=True)
class Shown:
    """An alert that fires, with the labels that it is shown with, and their fingerprint."""

    state: AlertState
    labels: Mapping[str, str]
    fingerprint: str

    @classmethod
    def of(cls, state: AlertState) -> Shown:
        """Return how *state* is shown."""
        labels = label_set(state.alert)
        return cls(state, labels, fingerprint(labels))


@attrs.frozen(slots=True)
class Wanted:
    """What a query wants to see."""

    labels: Callable[[Mapping[str, str]], bool]
    receivers: Callable[[Iterable[str]], bool]
    active: bool
    silenced: bool
    inhibited: bool

    @classmethod
    def by(cls, query: QueryParams) -> Wanted:
        """Return what *query* wants; :exc:`Refused` for a filter that is none."""
        return cls(
            label_filter(matchers(query)),
            receiver_filter(query),
            flag(query, "active"),
            flag(query, "silenced"),
            flag(query, "inhibited"),
        )

    def takes(self, shown: Shown) -> bool:
        """Whether an alert is to be seen, whatever its receivers."""
        state = shown.state
        if not self.active and not (state.silenced_by or state.inhibited_by):
            return False
        if not self.silenced and state.silenced_by:
            return False
        if not self.inhibited and state.inhibited_by:
            return False
        return self.labels(shown.labels)


async def firing(alerting: FederationAlertingService, take: Callable[[Shown], T | None]) -> list[T]:
    """Return what *take* makes of each alert that fires, the oldest first, where that is not None.

    It is called in a thread, and between some hundreds others have their turn.
    """
    ids = await anyio.to_thread.run_sync(lambda: alerting.active_alert_ids)
    found: list[T] = []
    for start in range(0, len(ids), _TOGETHER):
        found += await anyio.to_thread.run_sync(_taken, alerting, ids[start : start + _TOGETHER], take)
    return found


def _taken(alerting: FederationAlertingService, ids: Iterable[str], take: Callable[[Shown], T | None]) -> list[T]:
    shown = (Shown.of(state) for state in alerting.alert_states(ids) if state.firing)
    return [taken for one in shown if (taken := take(one)) is not None]


def gettable(shown: Shown, report: Report | None, receivers: Iterable[str], until: float) -> dict[str, Any]:
    """Return the document of one alert (Alertmanager's ``gettableAlert``).

    :param report: its latest report, where it came through this interface.
    :param receivers: their names, in the order in which they are to be shown.
    :param until: the wall time that stands for the end of an alert that has none.
    """
    state, alert = shown.state, shown.state.alert
    started = state.fired_at if alert.timestamp is None else alert.timestamp
    annotations = dict(alert.annotations)
    if alert.message and alert.message not in annotations.values():
        annotations.setdefault("summary", alert.message)
    document = {
        "annotations": dict(sorted(annotations.items())),
        "endsAt": written(until if report is None else report.ends_at),
        "fingerprint": shown.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": written(started),
        "status": {
            "inhibitedBy": list(state.inhibited_by),
            "mutedBy": list(state.muted_by),
            "silencedBy": list(state.silenced_by),
            "state": "suppressed" if state.suppressed else "active",
        },
        "updatedAt": written(state.fired_at if report is None else report.updated_at),
        "labels": dict(shown.labels),
    }
    return document | ({"generatorURL": alert.generator_url} if alert.generator_url else {})
