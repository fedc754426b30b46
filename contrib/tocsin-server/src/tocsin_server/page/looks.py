"""Looks: what fires, grouped and counted, as it was at one moment; all who look share one.

A look goes through every alert that fires. So it is taken when somebody wants it, and then no sooner again than after
nine times what it took: looking costs the daemon a tenth of its time at most, however many look.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import anyio
import anyio.to_thread
import attrs

from tocsin import AlertSeverity, AlertState, Clock, FederationAlertingService
from tocsin_server.page.troubles import Trouble, troubles_of

__all__ = ["Incident", "Look", "Looks"]

_TOGETHER: Final = 500
"""Nothing is taken in while so many alerts are looked at."""

_SHORTEST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 30.0
"""After this it is taken again although nothing was decided: silences end by the clock alone."""

_SHARE: Final = 9.0


@attrs.frozen(slots=True)
class Incident:
    """An incident with all of its alerts that fire, the most severe first, then the oldest."""

    incident_id: str
    states: tuple[AlertState, ...]

    @property
    def head(self) -> AlertState:
        """The alert that stands for it."""
        return self.states[0]

    @property
    def severity(self) -> AlertSeverity:
        """That of the most severe alert."""
        return self.head.alert.severity

    @property
    def fired_at(self) -> float:
        """Since when it fires: wall time."""
        return min(state.fired_at for state in self.states)

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters of its alerts, sorted."""
        return tuple(sorted({state.alert.cluster_id for state in self.states}))

    @property
    def takers(self) -> tuple[str, ...]:
        """Who have taken it, sorted; nobody, as long as one of its alerts is not taken."""
        names = {state.acknowledged_by for state in self.states}
        return tuple(sorted(name for name in names if name is not None)) if None not in names else ()

    @property
    def snoozed_until(self) -> float | None:
        """Until when all of it is put off: wall time."""
        ends = [state.snoozed_until for state in self.states if state.snoozed_until is not None]
        return min(ends) if len(ends) == len(self.states) else None

    @property
    def suppressed(self) -> bool:
        """Whether all of it is kept from being told."""
        return all(state.suppressed for state in self.states)

    @property
    def waits(self) -> bool:
        """Whether it waits for somebody to take it."""
        return not self.takers and not self.suppressed and self.snoozed_until is None


@attrs.frozen(slots=True)
class Look:
    """What fires. ``incidents`` has those first that wait for somebody, then the most severe, then the oldest.

    :param number: grows with every look that shows something else, also over restarts of the daemon.
    :param taken_at: wall time. :param counts: alerts by severity and cluster. :param silenced: by silence.
    """

    number: int
    taken_at: float
    incidents: tuple[Incident, ...]
    counts: Mapping[tuple[AlertSeverity, str], int]
    silenced: Mapping[str, int]
    troubles: tuple[Trouble, ...]


class Looks:
    """Takes looks, for all who look.

    ``next_at`` is the instant, engine time, from which on another look may be taken.

    :param stopped: says which sources do not run.
    """

    def __init__(self, alerting: FederationAlertingService, clock: Clock, stopped: Callable[[], list[str]]) -> None:
        self._alerting = alerting
        self._clock = clock
        self._stopped = stopped
        self._lock = anyio.Lock()
        self._look: Look | None = None
        self._ordinal = -1
        self._begun_at = 0.0
        self.next_at = 0.0

    async def current(self) -> Look:
        """Return the newest look; where it is time for another one, that one, which all wait for together."""
        async with self._lock:
            ordinal = await anyio.to_thread.run_sync(lambda: self._alerting.journal_ordinal)
            if self._look is None or self._is_due(ordinal):
                self._look = await self._take(ordinal)
            return self._look

    def _is_due(self, ordinal: int) -> bool:
        now = self._clock.now()
        if now < self.next_at:
            return False
        return ordinal != self._ordinal or now >= self._begun_at + _LONGEST_SECONDS or self._alerting.store_fails

    async def _take(self, ordinal: int) -> Look:
        begun_at, wall = self._clock.now(), self._clock.wall()
        ids = await anyio.to_thread.run_sync(lambda: self._alerting.active_alert_ids)
        states: list[AlertState] = []
        for start in range(0, len(ids), _TOGETHER):
            states += await anyio.to_thread.run_sync(self._alerting.alert_states, ids[start : start + _TOGETHER])
        look = await anyio.to_thread.run_sync(self._made, wall, [one for one in states if one.firing])
        now = self._clock.now()
        self._ordinal, self._begun_at = ordinal, begun_at
        self.next_at = now + max(_SHORTEST_SECONDS, _SHARE * (now - begun_at))
        return look

    def _made(self, wall: float, states: list[AlertState]) -> Look:
        counts = Counter((state.alert.severity, state.alert.cluster_id) for state in states)
        silenced = Counter(name for state in states for name in state.silenced_by)
        troubles = troubles_of(self._alerting, self._stopped(), states, wall)
        before = self._look
        look = Look(int(wall), wall, _grouped(states), counts, silenced, troubles)
        if before is None:
            return look
        same = (before.incidents, before.troubles) == (look.incidents, look.troubles)
        return attrs.evolve(look, number=before.number if same else max(before.number + 1, look.number))


def _grouped(states: Iterable[AlertState]) -> tuple[Incident, ...]:
    groups: defaultdict[str, list[AlertState]] = defaultdict(list)
    for state in states:
        groups[state.incident_id].append(state)
    incidents = [Incident(name, tuple(sorted(group, key=_alert_order))) for name, group in groups.items()]
    return tuple(sorted(incidents, key=_incident_order))


def _alert_order(state: AlertState) -> tuple[int, float, str]:
    return -state.alert.severity.rank, state.fired_at, state.alert.alert_id


def _incident_order(incident: Incident) -> tuple[bool, int, float, str]:
    return not incident.waits, -incident.severity.rank, incident.fired_at, incident.incident_id
