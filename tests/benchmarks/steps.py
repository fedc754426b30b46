"""What the engine's steps cost: alerts that are told, that are folded, that say nothing new, and that end."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final

from tests.benchmarks.meter import Case
from tests.engine.harness import ORIGIN, channel, configuration, fired, installed

from tocsin import AlertFired, AlertResolved, AttemptEnded, Outcome
from tocsin.engine.compile import compile_plan
from tocsin.engine.machine import Engine, Input, Instant, StartAttempt, Step
from tocsin.engine.plan import Plan

__all__ = ["BATCH", "CASES", "Stepped", "alert"]

BATCH: Final = 64
"""So many alerts come in one request, as a rule."""

_STEPS: Final = 128
_BATCHES: Final = 8
_SECOND: Final = 1.0


@functools.cache
def _plan(aggregator: str) -> Plan:
    """Return a plan by which everything goes to one channel, which takes any number of attempts at a time."""
    return compile_plan(configuration(channel("ops", "wide"), aggregator=aggregator), installed())


def alert(number: int, metric: str = "cpu_usage") -> AlertFired:
    """Return the fact that an alert fires, of the size that alerts have."""
    return fired(
        f"alert-{number:06d}",
        metric=metric,
        cluster_id=f"cluster-{number % 50}",
        current_value=93.0,
        threshold_value=80.0,
        message="cpu usage is at 93 percent for five minutes",
        node_id=f"node-{number % 1000}",
        labels={"team": "db", "host": f"host-{number}", "service": "db"},
        annotations={"runbook": "https://example.com/runbooks/cpu"},
    )


class Stepped:
    """An engine that is stepped, second by second."""

    def __init__(self, aggregator: str) -> None:
        self.engine = Engine(_plan(aggregator), seed=1)
        self.now = ORIGIN

    def step(self, inputs: Sequence[Input]) -> Step:
        """Make one step, and keep it."""
        step = self.engine.step(Instant(self.now, self.now), inputs)
        self.engine.accept()
        return step

    def fire(self, first: int, number: int) -> list[StartAttempt]:
        """Let so many alerts fire, each in a step; return the attempts that were started."""
        return [start for one in range(first, first + number) for start in self.step([alert(one)]).starts]

    def deliver(self, starts: Sequence[StartAttempt]) -> None:
        """Let attempts end well, in one step."""
        self.step([_delivered(start) for start in starts])


def _delivered(start: StartAttempt) -> AttemptEnded:
    return AttemptEnded(start.notification.notification_id, start.notification.attempt, Outcome.delivered(), 0.1)


def _steps(stepped: Stepped, batches: Sequence[Sequence[Input]]) -> Callable[[], object]:
    """Return what makes a step of each batch, a second after another."""

    def run() -> None:
        for batch in batches:
            stepped.now += _SECOND
            stepped.step(batch)

    return run


def _batches() -> list[list[AlertFired]]:
    return [[alert(number * BATCH + one) for one in range(BATCH)] for number in range(1, _BATCHES + 1)]


def _told_at_once() -> Callable[[], object]:
    return _steps(Stepped("none"), [[alert(number)] for number in range(_STEPS)])


def _each_its_own() -> Callable[[], object]:
    return _steps(Stepped("none"), _batches())


def _all_folded() -> Callable[[], object]:
    stepped = Stepped("window")
    stepped.deliver(stepped.fire(0, 1))
    return _steps(stepped, _batches())


def _nothing_new() -> Callable[[], object]:
    stepped = Stepped("window")
    batches = _batches()
    for batch in batches:
        stepped.step(batch)
    return _steps(stepped, batches)


def _delivered_alone() -> Callable[[], object]:
    stepped = Stepped("none")
    starts = stepped.fire(0, _STEPS)
    return _steps(stepped, [[_delivered(start)] for start in starts])


def _resolved() -> Callable[[], object]:
    stepped = Stepped("none")
    stepped.deliver(stepped.fire(0, _STEPS))
    return _steps(stepped, [[AlertResolved(alert(number).alert.alert_id)] for number in range(_STEPS)])


CASES: Final = (
    Case("step: a new alert, told at once", _STEPS, _told_at_once),
    Case("step: an attempt's end", _STEPS, _delivered_alone),
    Case("step: a resolution, told at once", _STEPS, _resolved),
    Case(f"step: one of {BATCH} new alerts, told each for itself", _BATCHES * BATCH, _each_its_own),
    Case(f"step: one of {BATCH} new alerts, folded into one incident", _BATCHES * BATCH, _all_folded),
    Case(f"step: one of {BATCH} refreshes that say nothing new", _BATCHES * BATCH, _nothing_new),
)
