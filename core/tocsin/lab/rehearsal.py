"""A rehearsal: a configuration on a stage, where alerts fire, people answer, and time passes on command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from tocsin.config import Configuration
from tocsin.engine.compile import compile_plan
from tocsin.engine.explain import explain
from tocsin.engine.machine import Instant, Step
from tocsin.engine.plan import Plan
from tocsin.engine.turn import StartAttempt
from tocsin.lab.moment import Moment
from tocsin.lab.player import Player
from tocsin.lab.receivers import Answer
from tocsin.model.alert import PerformanceAlert
from tocsin.model.explanation import Explanation
from tocsin.model.facts import AlertFired, AlertResolved, Fact
from tocsin.model.notification import Notification, NotificationKind
from tocsin.model.outcome import Outcome
from tocsin.registry import Registry

__all__ = ["MODES", "START", "Rehearsal", "Told"]

START: Final = 1_767_607_200.0
"""Monday, 5 January 2026, 10:00 UTC: where a rehearsal begins unless it is told otherwise."""

_OUTCOMES: Final = {
    "well": Answer(Outcome.delivered(), 0.0),
    "down": Answer(Outcome.unavailable("down"), 0.0),
    "refusing": Answer(Outcome.rejected("refused"), 0.0),
    "hanging": Answer(Outcome.unknown("no answer"), float("inf")),
}

MODES: Final = tuple(_OUTCOMES)
"""How a receiver can be."""


@attrs.frozen(slots=True)
class Told:
    """One notification that a channel was sent, ``at`` seconds after the beginning, and whether it was delivered."""

    at: float
    channel_id: str
    notification: Notification
    delivered: bool

    @property
    def alert_ids(self) -> tuple[str, ...]:
        """The alerts that it lists."""
        return tuple(one.alert.alert_id for one in self.notification.alerts)

    def __str__(self) -> str:
        level = "" if self.notification.level is None else f" {self.notification.level.value}"
        failed = "" if self.delivered else ", in vain"
        return f"{self.channel_id}: {self.notification.kind.value}{level} of {', '.join(self.alert_ids)}{failed}"


class Rehearsal:
    """The engine that serves, on a stage: it is told what happens, and says who would be told. Nothing is sent.

    Receivers take everything at once, unless :meth:`receiver` says otherwise.

    :param start: the wall time at the beginning, in seconds since the epoch (UTC).
    """

    def __init__(self, plan: Plan, start: float = START) -> None:
        self.plan = plan
        self._start = start
        self._modes: dict[str, Answer] = {}
        self._player = Player(plan, receivers=self)
        self._player.watch(self._note)
        self._told: list[Told] = []
        self._seen = 0
        self._player.play([Moment(start, start, ())])

    @classmethod
    def of(cls, configuration: Configuration, registry: Registry, start: float = START) -> Rehearsal:
        """Return the rehearsal of a configuration.

        :raises ConfigurationError: when it cannot work.
        """
        return cls(compile_plan(configuration, registry), start)

    @property
    def elapsed(self) -> float:
        """The seconds since the beginning."""
        return self._player.now - self._start

    @property
    def wall(self) -> float:
        """The wall time, in seconds since the epoch (UTC)."""
        return self._player.now

    @property
    def told(self) -> tuple[Told, ...]:
        """Every notification so far, in order; further attempts of one are none."""
        return tuple(self._told)

    def news(self) -> tuple[Told, ...]:
        """Return the notifications since this was called last."""
        found = self._told[self._seen :]
        self._seen = len(self._told)
        return tuple(found)

    def wait(self, seconds: float) -> None:
        """Let time pass; what comes due on the way is met at its own instant."""
        self._player.pass_until(self._player.now + seconds)

    def wait_until(self, elapsed: float) -> None:
        """Let time pass until so many seconds after the beginning; an instant that is over is now."""
        self._player.pass_until(max(self._player.now, self._start + elapsed))

    def submit(self, *facts: Fact) -> None:
        """Take facts in now, as one batch."""
        now = self._player.now
        self._player.play([Moment(now, now, facts)])
        self._player.pass_until(now)

    def fire(self, *alerts: PerformanceAlert) -> None:
        """Let alerts fire, in one batch."""
        self.submit(*map(AlertFired, alerts))

    def resolve(self, *alert_ids: str) -> None:
        """Let alerts resolve, in one batch."""
        self.submit(*map(AlertResolved, alert_ids))

    def receiver(self, channel_id: str, mode: str) -> None:
        """Let a channel's receiver be *well*, *down* (it may be tried again), *refusing*, or *hanging* from now on.

        :raises ValueError: for another word.
        """
        if mode not in _OUTCOMES:
            raise ValueError(f"a receiver is one of {', '.join(_OUTCOMES)}, not {mode!r}")
        self._modes[channel_id] = _OUTCOMES[mode]

    def explain(self, alert: PerformanceAlert) -> Explanation:
        """Say what would happen if *alert* fired now: nothing does."""
        now = self._player.now
        return explain(self._player.engine, alert, Instant(now, now))

    def firing(self) -> Iterable[str]:
        """Return the ids of the alerts that fire."""
        return tuple(self._player.engine.state.firing)

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return how an attempt ends: the stage is its own receiver."""
        return self._modes.get(attempt.notification.channel_id, _OUTCOMES["well"])

    def _note(self, step: Step, now: Instant) -> None:
        for attempt in step.starts:
            notification = attempt.notification
            if notification.attempt == 1 and notification.kind is not NotificationKind.HEARTBEAT:
                delivered = self.answer(attempt, now).outcome == _OUTCOMES["well"].outcome
                self._told.append(Told(now.engine - self._start, notification.channel_id, notification, delivered))
