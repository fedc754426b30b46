"""Hearing: who is told of one alert that nobody answers, and takes it, as the engine decides it in virtual time."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine.machine import Step
from tocsin.engine.plan import Plan
from tocsin.engine.state import State
from tocsin.engine.turn import Instant, StartAttempt
from tocsin.journal import Input, Restarted
from tocsin.lab.moment import Moment
from tocsin.lab.player import Player
from tocsin.lab.receivers import Answer
from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationLevel
from tocsin.model.facts import AlertFired
from tocsin.model.notification import NotificationKind
from tocsin.model.outcome import Outcome

__all__ = ["Heard", "heard"]

_MOST_WAKES: Final = 20_000
_ROUNDING: Final = 1e-3


@attrs.frozen(slots=True)
class Heard:
    """A notification that lists the alert, sent to a channel so many seconds after it fired.

    ``delivered``: the channel took it; one that fails is sent it in vain.
    """

    channel_id: str
    after: float
    delivered: bool = True
    kind: NotificationKind = NotificationKind.FIRING
    level: EscalationLevel | None = None


def heard(
    plan: Plan,
    alert: PerformanceAlert,
    now: Instant,
    within: float,
    failing: frozenset[str] = frozenset(),
    *,
    state: State | None = None,
) -> tuple[Heard, ...] | None:
    """Return who is told of the alert, were it to fire now, within so many seconds if nobody answers; None: not known.

    Of the attempts of one notification, the first is given. Whoever is not *failing* takes what it is sent at once; who
    is, is unavailable.

    :param state: what went before, which is played on: what was under way is sent again. None: nothing did.
    """
    audience = _Audience(alert.alert_id, now, failing)
    player = Player(plan, state=state, receivers=audience)
    player.watch(audience.note)
    began: tuple[Input, ...] = () if state is None else (Restarted(),)
    player.play([Moment(now.engine, now.wall, (*began, AlertFired(alert)))])
    end = now.engine + within + _ROUNDING
    for _ in range(_MOST_WAKES):
        due = player.due
        if due is None or due > end:
            return tuple(audience.told)
        player.pass_until(due)
    return None


class _Audience:
    """The receivers of all channels, and what they are sent about one alert."""

    def __init__(self, alert_id: str, began: Instant, failing: frozenset[str]) -> None:
        self.told: list[Heard] = []
        self._alert_id = alert_id
        self._began = began
        self._failing = failing

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return that it was delivered, or that the channel is unavailable."""
        fails = attempt.notification.channel_id in self._failing
        return Answer(Outcome.unavailable("it fails") if fails else Outcome.delivered(), 0.0)

    def note(self, step: Step, now: Instant) -> None:
        """Write down what is sent about the alert."""
        for attempt in step.starts:
            sent = attempt.notification
            if sent.attempt == 1 and any(one.alert.alert_id == self._alert_id for one in sent.firing):
                delivered = sent.channel_id not in self._failing
                after = now.engine - self._began.engine
                self.told.append(Heard(sent.channel_id, after, delivered, sent.kind, sent.level))
