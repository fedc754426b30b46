"""Receivers for virtual time: how attempts end that nobody makes, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import attrs

from tocsin.engine.turn import Instant, StartAttempt
from tocsin.lab.moment import AttemptKey
from tocsin.model.outcome import Outcome

__all__ = ["IDEAL", "Answer", "Ideal", "Receivers", "Recorded"]


@attrs.frozen(slots=True)
class Answer:
    """How an attempt ends, and after how many seconds; None: never, as long as nothing else ends it.

    ``outcome`` None: as the history says, in one of the moments to come.
    """

    outcome: Outcome | None
    seconds: float | None


class Receivers(Protocol):
    """Everybody who is told."""

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return how an attempt ends that starts at *now*. The same question has the same answer."""
        ...


class Ideal:
    """Receivers that have everything at once."""

    _ANSWER: Final = Answer(Outcome.delivered(), 0.0)

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return that it was delivered."""
        return self._ANSWER


IDEAL: Final = Ideal()


@attrs.frozen(slots=True, eq=False)
class Recorded:
    """The receivers of a recorded history: an attempt that was made then ends as it did then.

    :param ended: when (engine time) and how the attempts ended of which the end was recorded.
    :param begun: the attempts that began; those of them that never ended were cut off with their process.
    :param otherwise: answers what nobody tried then.
    """

    ended: Mapping[AttemptKey, tuple[float, Outcome]]
    begun: frozenset[AttemptKey]
    otherwise: Receivers = IDEAL

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return what was recorded; what has ended by *now* already ends at once."""
        notification = attempt.notification
        key = notification.notification_id, notification.attempt
        known = self.ended.get(key)
        if known is None:
            return Answer(None, None) if key in self.begun else self.otherwise.answer(attempt, now)
        at, outcome = known
        return Answer(None, None) if at >= now.engine else Answer(outcome, 0.0)
