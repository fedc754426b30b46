"""Confirmation: the real engine, in virtual time, decides what becomes of one alert that nobody answers."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine.machine import Engine, Input, PlanChanged
from tocsin.engine.plan import Plan
from tocsin.engine.turn import Instant
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import AlertFired, AttemptEnded
from tocsin.model.outcome import Outcome

__all__ = ["Heard", "heard"]

_MOST_STEPS: Final = 20_000
_ROUNDING: Final = 1e-3


@attrs.frozen(slots=True)
class Heard:
    """A channel that took a notification of the alert, so many seconds after it fired."""

    channel_id: str
    after: float


def heard(
    plan: Plan, alert: PerformanceAlert, at: float, within: float, failing: frozenset[str]
) -> tuple[Heard, ...] | None:
    """Return who is told of the alert, alone and at the wall time *at*, within so many seconds; None: not known.

    Whoever is not *failing* takes what it is sent at once; who is, is unavailable.
    """
    engine = Engine(plan)
    told: list[Heard] = []
    now = at
    inputs: tuple[Input, ...] = (PlanChanged(plan), AlertFired(alert))
    for _ in range(_MOST_STEPS):
        step = engine.step(Instant(now, now), inputs)
        engine.accept()
        inputs = ()
        ended: list[Input] = []
        for start in step.starts:
            notification = start.notification
            fails = notification.channel_id in failing
            if not fails and any(one.alert.alert_id == alert.alert_id for one in notification.firing):
                told.append(Heard(notification.channel_id, now - at))
            outcome = Outcome.unavailable("it fails") if fails else Outcome.delivered()
            ended.append(AttemptEnded(notification.notification_id, notification.attempt, outcome))
        inputs = tuple(ended)
        due = engine.next_deadline()
        if inputs:
            continue
        if due is None or due > at + within + _ROUNDING:
            return tuple(told)
        now = max(now, due)
    return None
