"""A standpoint: an engine with a configuration, perhaps a recorded past, and an instant, to ask what it would do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import attrs

from tocsin.config import Configuration
from tocsin.engine.compile import compile_plan
from tocsin.engine.explain import explain
from tocsin.engine.machine import Engine, Instant, PlanChanged
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.explanation import Explanation
from tocsin.model.ledger import LedgerLine
from tocsin.model.template import iso_time
from tocsin.registry import Registry
from tocsin.runtime.ledger import Ledger
from tocsin.runtime.recovery import recover
from tocsin.stores.interface import Reader

__all__ = ["Past", "Standpoint", "first_standpoint", "ledger_of", "recorded_standpoint"]


@attrs.frozen(slots=True)
class Past:
    """What a store brought back: its newest entry, when that was (wall time), and what went wrong."""

    ordinal: int
    wall: float
    gaps: tuple[str, ...]


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

    def known(self, alert_id: str) -> tuple[PerformanceAlert, bool] | None:
        """Return the latest report of an alert and whether it fires; None where the records know it no longer."""
        episode = self.engine.state.alerts.get(alert_id)
        return None if episode is None else (episode.alert, episode.firing)


def first_standpoint(plan: Plan, registry: Registry, wall: float) -> Standpoint:
    """Return the standpoint at which a service begins with the configuration: nothing was ever told."""
    engine, now = Engine(compile_plan(Configuration(), registry)), Instant(wall, wall)
    _take_in(engine, plan, now)
    return Standpoint(engine, now)


def recorded_standpoint(
    store: Reader, registry: Registry, plan: Plan | None, instant: Callable[[float], float]
) -> Standpoint | None:
    """Return a standpoint of a service that goes on from *store*; None: the store is new.

    :param plan: the configuration that is taken in then, as by a reload; None: the one that was in force.
    :param instant: returns the instant to ask at, given that of the newest entry; wall time both.
    :raises StoreError: when it cannot be read.
    :raises ConfigurationError: when the instant lies before the newest entry.
    """
    recovered = recover(store, registry)
    if recovered is None:
        return None
    engine, state = recovered.engine, recovered.engine.state
    past = Past(recovered.ordinal, state.wall_time, tuple(f"{gap.subject}: {gap.detail}" for gap in recovered.gaps))
    at = instant(state.wall_time)
    if at < state.wall_time:
        raise ConfigurationError(
            f"cannot explain the past: {iso_time(at)} is before the newest entry of the store "
            f"({iso_time(state.wall_time)})",
            "at",
        )
    now = Instant(state.engine_time + (at - state.wall_time), at)
    if plan is not None and plan.digest != engine.plan.digest:
        _take_in(engine, plan, now)
    return Standpoint(engine, now, past)


def _take_in(engine: Engine, plan: Plan, now: Instant) -> None:
    engine.step(now, (PlanChanged(plan),), whole=True)
    engine.accept()


def ledger_of(store: Reader, registry: Registry, standpoint: Standpoint, alert_id: str) -> tuple[LedgerLine, ...]:
    """Return everything that happened to an alert, the oldest first, as far back as the journal is kept.

    :raises StoreError: when the store cannot be read.
    """
    known = standpoint.known(alert_id)
    return Ledger(store, registry, nullcontext()).read(alert_id, None if known is None else known[0])
