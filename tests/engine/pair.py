"""Two engines on one history: one that wakes when it has to, and a restless one that wakes at odd moments as well.

Both must decide the same. The first also makes every step twice, with an undo in between, and is loaded anew from its
records now and then; the second never. Whatever differs depended on something that no record holds.
"""

from __future__ import annotations

import random

import attrs
from tests.engine.promises import Promises
from tests.engine.records import Keeper, as_text, difference, reloaded

from tocsin import AlertResolved, AttemptEnded, Configuration, Notification, Outcome, Registry, SilenceExpired
from tocsin.engine.compile import compile_plan
from tocsin.engine.machine import Engine, Input, Instant, PlanChanged, Restarted, Step
from tocsin.engine.state import State
from tocsin.model.watchdog import Watchdog

__all__ = ["START", "Pair"]

START = 1_700_000_000.0
_MANY = 1000


class Pair:
    """The engine, its restless double, and whoever watches over the promises.

    :param restless: the seed of the moments at which the double wakes for nothing.
    """

    def __init__(self, config: Configuration, registry: Registry, restless: int = 0) -> None:
        self.config = config
        self.registry = registry
        self.plan = compile_plan(Configuration(), registry)
        self.engine = Engine(self.plan, seed=7)
        self.double = Engine(self.plan, seed=7)
        self.now = START
        self.offset = 0.0
        self.broken = False
        self.promises = Promises(Configuration(), registry, START)
        self._moments = random.Random(restless)
        self._keeper = Keeper()
        self._records = as_text(self.engine.state)
        self.change(config)

    @property
    def wall(self) -> float:
        """Wall time now."""
        return self.now + self.offset

    def step(self, *inputs: Input) -> Step:
        """Hand the inputs in now, and check everything that can be checked at once."""
        self.broken = True
        now = Instant(self.now, self.wall)
        tried = self.engine.step(now, inputs)
        self.engine.undo()
        assert as_text(self.engine.state) == self._records, "a step that was undone left a trace"
        step = self.engine.step(now, inputs)
        self.engine.accept()
        assert step == tried, "a step that was undone and made again had other effects"
        other = self.double.step(now, inputs)
        self.double.accept()
        self._keeper.take(self.engine)
        assert step == other, "an engine that woke more often decided otherwise"
        self._records = as_text(self.engine.state)
        others = as_text(self.double.state)
        assert others == self._records, f"woken more often, it remembers otherwise: {difference(self._records, others)}"
        deadline = self.engine.next_deadline()
        assert deadline is None or deadline >= self.now, f"the next deadline {deadline} is past, at {self.now}"
        self.promises.watch(now, inputs, step)
        self.broken = False
        return step

    def pass_time(self, seconds: float) -> int:
        """Let time pass; each deadline on the way is met at its instant. Return how many there were."""
        until = self.now + seconds
        bearable = _MANY * (1 + int(seconds / 3600.0))
        woken = 0
        while (at := self.engine.next_deadline()) is not None and at <= until:
            self._fidget(at)
            self.now = at
            self.step()
            woken += 1
            assert woken < bearable, f"the engine wants to be woken without end, now at {at}"
        self._fidget(until)
        self.now = until
        self.step()
        return woken

    def _fidget(self, until: float) -> None:
        """Wake the double for nothing: nothing may come of it."""
        count = self._moments.choice((0, 0, 1, 2))
        for part in sorted(self._moments.choices((0.0, 0.25, 0.5, 0.999), k=count)):
            at = self.now + (until - self.now) * part
            if at < until:
                idle = self.double.step(Instant(at, at + self.offset))
                self.double.accept()
                assert not idle.events, f"woken for nothing at {at}, it did {idle.events}"

    def to_next_deadline(self) -> None:
        """Let time pass until the engine wants to be woken; a minute if it does not."""
        at = self.engine.next_deadline()
        self.pass_time(60.0 if at is None else at - self.now)

    def compare_sleepers(self, seconds: float) -> None:
        """Let one copy of the engine wake at each deadline and another only at the end: both must decide the same.

        Not where a rate limit holds: that counts the minutes in which attempts really start.
        """
        if any(channel.rate_limit_per_minute for channel in self.config.channels.values()):
            return
        if self.config.watchdog.heartbeat_seconds is not None:
            return  # those that a sleep leaves out are not made up for
        self.broken = True
        punctual, late = (Engine(self.plan, state=self._reloaded()) for _ in range(2))
        until = self.now + seconds
        decided: list[Step] = []
        while len(decided) < _MANY and (at := punctual.next_deadline()) is not None and at <= until:
            decided.append(punctual.step(Instant(at, at + self.offset)))
            punctual.accept()
        decided.append(punctual.step(Instant(until, until + self.offset)))
        at_once = late.step(Instant(until, until + self.offset))
        assert list(at_once.events) == [event for step in decided for event in step.events], "waking late differs"
        assert list(at_once.starts) == [start for step in decided for start in step.starts], "waking late differs"
        self.broken = False

    def oversleep(self, seconds: float) -> None:
        """Let time pass without a step, as on a machine that was suspended, and wake both engines late."""
        self.now += seconds
        self.step()

    def jump(self, seconds: float) -> None:
        """Let the wall clock jump."""
        self.pass_time(0)
        self.offset += seconds
        self.step()

    def end(self, notification: Notification, outcome: Outcome) -> Step:
        """Let an attempt end."""
        return self.step(AttemptEnded(notification.notification_id, notification.attempt, outcome, 0.5))

    def deliver_all(self) -> None:
        """Let everything under way arrive, and what follows it at once."""
        for _ in range(_MANY):
            under_way = self.promises.under_way()
            if not under_way:
                return
            for notification in under_way:
                self.end(notification, Outcome.delivered())
        raise AssertionError("each delivery makes another notification, without end")

    def change(self, config: Configuration) -> None:
        """Reload the configuration."""
        self.config, self.plan = config, compile_plan(config, self.registry, self.plan)
        self.step(PlanChanged(self.plan))

    def _reloaded(self) -> State:
        return reloaded(self.engine.state, self.plan)

    def reload_records(self) -> None:
        """Replace the engine by one that is loaded from its records; it must not notice."""
        self.engine = Engine(self.plan, state=self._reloaded())

    def restart(self, seconds: float) -> None:
        """Let the process be down for a while."""
        self.reload_records()
        self.now += seconds
        self.step(Restarted())

    def calm_down(self) -> None:
        """Let all receivers work and all silences end, and wait until whatever mutes has passed and all is told."""
        self.pass_time(0)
        for silence_id, hush in sorted(self.promises.world.silences.items()):
            if not hush.over(self.wall):
                self.step(SilenceExpired(silence_id))
        self._wait(3 * 3600.0)
        self.promises.everything_told()
        self.promises.everything_resolved()

    def _wait(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(_MANY):
            self.deliver_all()
            at = self.engine.next_deadline()
            if at is None or at > until:
                self.pass_time(until - self.now)
                return
            self.pass_time(at - self.now)
        raise AssertionError(f"{_MANY} wakes in {seconds} seconds, and no end")

    def come_to_an_end(self) -> None:
        """Resolve everything, and wait until it is forgotten: nothing may be left."""
        self.change(attrs.evolve(self.config, time_intervals={}, watchdog=Watchdog()))
        for span in self.promises.world.firing():
            self.step(AlertResolved(span.alert.alert_id))
        self._wait(2 * 3600.0)
        self.promises.everything_resolved()
        self._wait(86_400.0 + 3600.0)
        self._wait(self.config.retain_deliveries_seconds)
        state = self.engine.state
        assert self.engine.next_deadline() is None, f"a deadline is left: {state.agenda.ranks}"
        kept = ("alerts", "episodes", "firing", "incidents", "open", "outgoing", "silences", "undelivered")
        left = [name for name in kept if getattr(state, name)]
        assert not left, f"left behind: {left}"
