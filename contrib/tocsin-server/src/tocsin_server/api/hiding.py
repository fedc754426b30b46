"""Hiding: what a silence would hide now, and what it would have hidden lately."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import anyio.to_thread
import attrs

from tocsin import AlertFired, Clock, Entry, FederationAlertingService, PerformanceAlert
from tocsin_server.api.alerts import Alerts, in_slices, states_of

__all__ = ["Hidden", "Hiding", "Meets"]

_FEWEST: Final = 4
_TOGETHER: Final = 200
_MOST_ENTRIES: Final = 100_000
"""So many of the newest entries are looked at; they are read in slices, between which others have their turn."""

_SLICE_SECONDS: Final = 0.1
"""A slice that took longer is followed by a smaller one: an entry may hold a thousand alerts."""

Meets = Callable[[PerformanceAlert], bool]


@attrs.frozen(slots=True)
class Hidden:
    """What a silence would hide: ``firing`` now, the most severe first, and ``past`` by id, of each the worst report.

    ``past`` has those that fire, and those that resolved and are known. ``complete`` is false where there is more in
    the journal than was looked at, which went back to ``back_to`` (wall time).
    """

    firing: list[PerformanceAlert]
    past: Mapping[str, PerformanceAlert]
    complete: bool
    back_to: float


class Hiding:
    """Tries silences out."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock) -> None:
        self._alerting = alerting
        self._alerts = Alerts(alerting)
        self._clock = clock

    async def what(self, meets: Meets, hours: float, seconds: float = math.inf) -> Hidden:
        """Return what a silence would hide of which *meets* says whether it matches, and in the past *hours*.

        :param seconds: for so long the journal is read, the newest entries first.
        """
        since = self._clock.wall() - 3600.0 * hours
        firing = await in_slices(await self._alerts.known("firing"), meets)
        past, complete, back_to = await self._past(meets, since, self._clock.now() + seconds)
        for alert in firing:
            _keep_worse(past, alert)
        resolved = await in_slices(await self._alerts.known("resolved"), meets)
        async for state in states_of(self._alerting, resolved):
            if state.resolved_at is not None and state.resolved_at >= since:
                _keep_worse(past, state.alert)
        return Hidden(firing, past, complete, back_to)

    async def _past(self, meets: Meets, since: float, until: float) -> tuple[dict[str, PerformanceAlert], bool, float]:
        """Return the alerts that were reported since then and meet, whether all were looked at, and how far back."""
        high = await anyio.to_thread.run_sync(lambda: self._alerting.journal_ordinal)
        last = await self._last_before(since, high)
        first = max(last, high - _MOST_ENTRIES)
        found: dict[str, PerformanceAlert] = {}
        size, back_to = _FEWEST, self._clock.wall()
        while high > first and (begun_at := self._clock.now()) < until:
            low = max(first, high - size)
            entries = [one for one in await self._alerting.journal(low, high - low) if one.ordinal <= high]
            for alert in await anyio.to_thread.run_sync(_fired, entries, meets, since):
                _keep_worse(found, alert)
            back_to = min([back_to, *(one.wall_time for one in entries)])
            took = self._clock.now() - begun_at
            size = min(_TOGETHER, 2 * size) if took < _SLICE_SECONDS else max(_FEWEST, size // 2)
            high = low
        complete = high <= last
        return found, complete, since if complete else back_to

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


def _fired(entries: Sequence[Entry], meets: Meets, since: float) -> list[PerformanceAlert]:
    return [
        item.alert
        for entry in entries
        if entry.wall_time >= since
        for item in entry.inputs
        if isinstance(item, AlertFired) and meets(item.alert)
    ]


def _keep_worse(found: dict[str, PerformanceAlert], alert: PerformanceAlert) -> None:
    before = found.get(alert.alert_id)
    if before is None or before.severity.rank < alert.severity.rank:
        found[alert.alert_id] = alert
