"""The player: the engine that serves, in virtual time, with the moments of a history and receivers that are a model."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from tocsin.engine.machine import Engine, Input, Instant, PlanChanged, Step
from tocsin.engine.plan import Plan
from tocsin.engine.state import State
from tocsin.engine.turn import StartAttempt
from tocsin.journal import ConfigurationChanged, Restarted
from tocsin.lab.moment import AttemptKey, Moment, key_of
from tocsin.lab.people import NOBODY, People
from tocsin.lab.receivers import IDEAL, Receivers
from tocsin.model.facts import AttemptEnded, Fact, GapFound
from tocsin.model.outcome import Outcome
from tocsin.model.reason import GapKind

__all__ = ["Player"]

_OF_ATTEMPTS: Final = frozenset({GapKind.BACKEND_FAILED, GapKind.RENDERER_FAILED})
"""Gaps that were found while an attempt was made, and are reported just before its end."""


class Player:
    """Plays moments, and everything that comes due between them, each at its own instant.

    Nothing is sent: *receivers* say how attempts end, *people* what is done about what was told.

    :param plans: the plans of configurations by their digest; None: the history's own changes of the configuration are
        left out, for the whole of it is played with *plan*.
    :param faithful: the receivers and people are those that a journal recorded, with the seed that it was recorded
        with, so that under its own configuration nothing happens but what it has.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        seed: int = 0,
        state: State | None = None,
        receivers: Receivers = IDEAL,
        people: People = NOBODY,
        plans: Callable[[str], Plan] | None = None,
        faithful: bool = False,
    ) -> None:
        self.engine = Engine(plan, seed=seed, state=state)
        self._watchers: list[Callable[[Step, Instant], None]] = []
        self._receivers = receivers
        self._people = people
        self._plans = plans
        self._faithful = faithful
        self._attempts: dict[AttemptKey, StartAttempt] = {}
        self._coming: list[tuple[float, int, Fact]] = []
        self._number = 0
        self._began = plans is not None or state is not None
        self._now = self.engine.state.engine_time
        self._ahead = self.engine.state.wall_time - self.engine.state.engine_time

    @property
    def now(self) -> float:
        """The instant of the last step, in engine time; the engine takes no note of one in which nothing happened."""
        return self._now

    @property
    def due(self) -> float | None:
        """The next instant at which something happens by itself, in engine time; None: nothing ever does."""
        due = self.engine.next_deadline()
        if self._coming and (due is None or self._coming[0][0] <= due):
            return self._coming[0][0]
        return due

    def watch(self, watcher: Callable[[Step, Instant], None]) -> None:
        """Have *watcher* called with each step from now on, once it is taken, and with its instant."""
        self._watchers.append(watcher)

    def play(self, moments: Iterable[Moment]) -> None:
        """Play *moments*, which are in order of engine time."""
        for moment in moments:
            self._come_to(moment)
            self._ahead = moment.wall - moment.engine
            self._step(moment.engine, (*self._beginning(), *self._inputs(moment)))

    def pass_until(self, at: float) -> None:
        """Let time pass until the instant *at*, in engine time, and meet what is due by then."""
        while (due := self.due) is not None and due <= at:
            self._meet(due)
        if at > self.now:
            self._step(at, ())

    def _come_to(self, moment: Moment) -> None:
        """Meet what is due before a moment; but not what the recording shows was not met before it.

        A journal has an entry wherever something was decided. In a faithful run, under the configuration that it was
        recorded under, what came due before an entry was met in that entry, late or after a downtime. What another
        configuration makes due is met in time, unless no process ran.
        """
        own = self._faithful and (self._plans is not None or moment.configuration == self.engine.plan.digest)
        if own or any(isinstance(item, Restarted) for item in moment.inputs):
            return
        while (due := self.due) is not None and due < moment.engine:
            self._meet(due)

    def _meet(self, due: float) -> None:
        now = max(due, self.now)
        facts: list[Fact] = []
        while self._coming and self._coming[0][0] <= now:
            fact = heapq.heappop(self._coming)[2]
            if not isinstance(fact, AttemptEnded) or self._attempts.pop(key_of(fact), None) is not None:
                facts.append(fact)
        self._step(now, facts)

    def _step(self, now: float, inputs: Iterable[Input]) -> None:
        engine = self.engine
        self._now = now
        instant = Instant(now, now + self._ahead)
        step = engine.step(instant, tuple(inputs))
        engine.accept()
        engine.saved()  # there is no store that these records could be missing from
        for attempt in step.starts:
            self._start(attempt, instant)
        for watch in self._watchers:
            watch(step, instant)

    # -- what comes of attempts ------------------------------------------------------------------------------------

    def _start(self, attempt: StartAttempt, instant: Instant) -> None:
        notification, now = attempt.notification, instant.engine
        name, number = notification.notification_id, notification.attempt
        self._attempts[name, number] = attempt
        answer = self._receivers.answer(attempt, instant)
        if answer.outcome is None or answer.seconds is None:
            return
        timeout = attempt.channel.spec.timeout_seconds
        outcome, seconds = answer.outcome, answer.seconds
        if seconds > timeout:
            outcome, seconds = Outcome.unknown(f"no answer within {timeout:g} s"), timeout
        self._expect(now + seconds, AttemptEnded(name, number, outcome, seconds, now))
        if outcome.success:
            for reaction in self._people.react(notification, human=attempt.channel.human):
                self._expect(now + seconds + reaction.after_seconds, reaction.fact)

    def _expect(self, at: float, fact: Fact) -> None:
        self._number += 1
        heapq.heappush(self._coming, (at, self._number, fact))

    def _beginning(self) -> Iterable[Input]:
        """Yield what comes before all else: a plan is taken in, as by a service, for its clocks to run."""
        if not self._began:
            self._began = True
            yield PlanChanged(self.engine.plan)

    def _inputs(self, moment: Moment) -> Iterable[Input]:
        """Yield a moment's inputs as far as they concern this run: of attempts, the ends of those that are made."""
        gaps: list[GapFound] = []
        for item in moment.inputs:
            if isinstance(item, GapFound) and item.kind in _OF_ATTEMPTS:
                gaps.append(item)
            elif isinstance(item, AttemptEnded):
                if self._attempts.pop(key_of(item), None) is not None:
                    yield from gaps
                    yield item
                gaps.clear()
            elif isinstance(item, ConfigurationChanged):
                if self._plans is not None:
                    yield PlanChanged(self._plans(item.digest))
            elif isinstance(item, Restarted):
                yield self._restarted(item)
            else:
                yield item

    def _restarted(self, restarted: Restarted) -> Restarted:
        """The process is another one: what was under way is cut off, but for what had not begun."""
        self._attempts = {key: one for key, one in self._attempts.items() if key[0] in restarted.waiting}
        return attrs.evolve(restarted, waiting=restarted.waiting & {name for name, _ in self._attempts})
