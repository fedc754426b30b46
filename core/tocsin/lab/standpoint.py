"""A standpoint: an engine with a configuration, perhaps a recorded past, and an instant, to ask what it would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import nullcontext

import attrs

from tocsin.config import Configuration
from tocsin.engine.compile import compile_plan
from tocsin.engine.explain import explain
from tocsin.engine.machine import Engine, Instant, PlanChanged
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError
from tocsin.lab.hearing import Heard, heard
from tocsin.lab.history.history import History
from tocsin.lab.history.journal import history_of_entries
from tocsin.lab.replay.run import make_player, play
from tocsin.model.alert import PerformanceAlert
from tocsin.model.explanation import Explanation
from tocsin.model.ledger import LedgerLine
from tocsin.model.template import iso_time
from tocsin.registry import Registry
from tocsin.runtime.ledger import Ledger
from tocsin.runtime.recovery import recover
from tocsin.stores.interface import Reader

__all__ = ["Past", "Standpoint", "first_standpoint", "ledger_of", "recorded_standpoint", "standpoint_of_history"]


@attrs.frozen(slots=True)
class Past:
    """What a store brought back: the last entry that counts, when that was (wall time), and what went wrong.

    ``alerts`` are those that the store knows now, of which some may not have fired yet. ``whole``: nothing that went
    before is missing, as it is where the journal does not reach back to its first entry.
    """

    ordinal: int
    wall: float
    gaps: tuple[str, ...]
    whole: bool = True
    alerts: dict[str, PerformanceAlert] = attrs.field(factory=dict, eq=False, repr=False)


@attrs.frozen(slots=True, eq=False)
class Standpoint:
    """An engine and the instant at which it is asked. Nothing that it decides is carried out."""

    engine: Engine
    now: Instant
    past: Past | None = None

    @property
    def plan(self) -> Plan:
        """The configuration that decides."""
        return self.engine.plan

    def explain(self, alert: PerformanceAlert) -> Explanation:
        """Say what would happen if *alert* fired now; instants are wall time."""
        return explain(self.engine, alert, self.now).by_the_wall(self.now.wall - self.now.engine)

    def heard(self, alert: PerformanceAlert, within: float, failing: Iterable[str]) -> tuple[Heard, ...] | None:
        """Play on from here, and return who is told of *alert*; see :func:`tocsin.lab.hearing.heard`.

        Afterwards nothing else can be asked: time has passed.
        """
        state = None if self.past is None else self.engine.state
        return heard(self.plan, alert, self.now, within, frozenset(failing), state=state)

    def known(self, alert_id: str) -> tuple[PerformanceAlert, bool] | None:
        """Return the latest report of an alert and whether it fires; None where the records know it no longer."""
        episode = self.engine.state.alerts.get(alert_id)
        if episode is not None:
            return episode.alert, episode.firing
        later = None if self.past is None else self.past.alerts.get(alert_id)
        return None if later is None else (later, False)


def first_standpoint(plan: Plan, registry: Registry, wall: float) -> Standpoint:
    """Return the standpoint at which a service begins with the configuration: nothing was ever told."""
    engine, now = Engine(compile_plan(Configuration(), registry)), Instant(wall, wall)
    _take_in(engine, plan, now)
    return Standpoint(engine, now)


def recorded_standpoint(
    store: Reader, registry: Registry, plan: Plan | None, instant: Callable[[float], float]
) -> Standpoint | None:
    """Return a standpoint of a service that goes on from *store*; None: the store is new.

    An instant before the newest entry is one of the past: the journal is played from its beginning, up to just before
    it, so that an alert can be asked about as if it fired when it did.

    :param plan: the configuration that is taken in then, as by a reload; None: the one that was in force.
    :param instant: returns the instant to ask at, given that of the newest entry; wall time both.
    :raises StoreError: when it cannot be read.
    :raises ConfigurationError: when the instant lies before the oldest entry that is kept.
    """
    recovered = recover(store, registry)
    if recovered is None:
        return None
    engine, state = recovered.engine, recovered.engine.state
    at = instant(state.wall_time)
    if at < state.wall_time:
        found = _past_standpoint(store, registry, engine, at)
    else:
        past = Past(recovered.ordinal, state.wall_time, tuple(f"{gap.subject}: {gap.detail}" for gap in recovered.gaps))
        found = Standpoint(engine, Instant(state.engine_time + (at - state.wall_time), at), past)
    if plan is not None and plan.digest != found.plan.digest:
        _take_in(found.engine, plan, found.now)
    return found


def standpoint_of_history(history: History, registry: Registry, at: float) -> Standpoint:
    """Return where a recorded history stood just before the wall time *at*, the first one where the clock was put back.

    :raises ConfigurationError: when it begins later than that.
    """
    first = next(iter(history.moments()), None)
    if first is None or first.wall > at:
        since = "is empty" if first is None else f"begins at {iso_time(first.wall)}"
        raise ConfigurationError(f"cannot explain {iso_time(at)}: the journal {since}")
    player = make_player(history, registry, None)
    if first.wall == at:
        now = Instant(first.engine, at)
        _take_in(player.engine, player.engine.plan, now)
        return Standpoint(player.engine, now, Past(0, at, history.remarks))
    played = play(player, history, math.nextafter(at, 0.0))
    return Standpoint(player.engine, Instant(player.now, at), Past(played.moments, played.last, played.remarks))


def _past_standpoint(store: Reader, registry: Registry, newest: Engine, at: float) -> Standpoint:
    history = history_of_entries(store.entries, store.configuration, newest.state.seed)
    found = standpoint_of_history(history, registry, at)
    assert found.past is not None
    begins = next(iter(store.entries())).ordinal
    alerts = {alert_id: episode.alert for alert_id, episode in newest.state.alerts.items()}
    past = attrs.evolve(found.past, ordinal=begins + found.past.ordinal - 1, whole=begins == 1, alerts=alerts)
    return Standpoint(found.engine, found.now, past)


def _take_in(engine: Engine, plan: Plan, now: Instant) -> None:
    engine.step(now, (PlanChanged(plan),), whole=True)
    engine.accept()


def ledger_of(store: Reader, registry: Registry, standpoint: Standpoint, alert_id: str) -> tuple[LedgerLine, ...]:
    """Return everything that happened to an alert, the oldest first, as far back as the journal is kept.

    :raises StoreError: when the store cannot be read.
    """
    known = standpoint.known(alert_id)
    return Ledger(store, registry, nullcontext()).read(alert_id, None if known is None else known[0])
