"""The service: what people hold in their hands. A facade over the engine, the writer and the runner."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from types import TracebackType
from typing import Final, Self

import anyio
import anyio.abc
import anyio.lowlevel

from tocsin.config import Configuration
from tocsin.engine.machine import Engine, Input, PlanChanged, Step
from tocsin.engine.trial import trial
from tocsin.engine.turn import StartAttempt
from tocsin.engine.watchdog import off_the_record
from tocsin.errors import ConfigurationError, StoreError
from tocsin.journal import Restarted
from tocsin.model.aggregation import Aggregation
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import AlertFired, Fact
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome
from tocsin.runtime.clocks import Clock, SystemClock
from tocsin.runtime.configurable import Configurable
from tocsin.runtime.deliveries import Deliveries
from tocsin.runtime.detached import in_event_loop, start_detached
from tocsin.runtime.first_attempts import FirstAttempts, Waiting
from tocsin.runtime.observers import Observers
from tocsin.runtime.operable import Operable, check_alert, check_fact
from tocsin.runtime.readable import Readable
from tocsin.runtime.recovery import begin, recover
from tocsin.runtime.runner import Runner
from tocsin.runtime.setup import Setup, instance, known, seconds
from tocsin.runtime.store_watch import StoreWatch
from tocsin.runtime.writer import Committed, Writer
from tocsin.stores.interface import Store
from tocsin.stores.memory import MemoryStore

__all__ = ["FederationAlertingService"]

_log: Final = logging.getLogger("tocsin")


class FederationAlertingService(Configurable, Operable, Readable):
    """Decides who is told about an alert, how, when, and what happens if nobody answers.

    Recommended: ``async with FederationAlertingService() as alerting``. Used without it, the background work starts
    with the first call that is awaited and ends with the event loop. Works the same on asyncio and trio. Await its
    methods on one event loop at a time. The synchronous ones may be called from any thread, with or without an event
    loop: they are committed when they return.

    :param aggregation_window_seconds: how long an incident takes further alerts of its metric.
    :param strict: refuse to start when a plugin failed or a name stands for nothing; otherwise these are gaps.
    :param aggregation: another aggregator and its settings, instead of the window.
    :param catch_all_channel: the channel that is told of alerts that no rule matches.
    :param escalation_scheduler: the name of the escalation scheduler.
    :param plugins: further plugins: modules or objects with hook implementations.
    :param disabled_plugins: entry-point names of plugins to leave out.
    :param store: where the journal is kept; None: in memory. What it knows is recovered now; it goes on, with the
        configuration given then, when the service is entered or called first.
    :param clock: another source of time, for tests.
    :param seed: makes ids and jitter reproducible.
    :param first_attempt_seconds: how long :meth:`process_alert` waits for the first attempts.
    :param drain_seconds: how long leaving ``async with`` waits for attempts under way.
    :param links: gives the address at which people see a notification and answer it; empty: it has none. It is asked
        before each attempt; where it raises there is a gap, and the notification goes without.
    :raises PluginError: in strict mode, when a plugin could not be loaded; lists all of them.
    :raises StoreError: when the store cannot be read.
    """

    def __init__(
        self,
        aggregation_window_seconds: float = 300.0,
        strict: bool = False,
        *,
        aggregation: Aggregation | None = None,
        catch_all_channel: str | None = None,
        escalation_scheduler: str = "levels",
        plugins: Sequence[object] = (),
        disabled_plugins: Collection[str] = (),
        store: Store | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
        first_attempt_seconds: float = 5.0,
        drain_seconds: float = 5.0,
        links: Callable[[Notification], str] | None = None,
    ) -> None:
        window = Aggregation(
            "window", {"window_seconds": seconds(aggregation_window_seconds, "aggregation_window_seconds")}
        )
        config = Configuration(
            aggregation=window if aggregation is None else instance(aggregation, Aggregation),
            escalation_scheduler=escalation_scheduler,
            catch_all_channel=catch_all_channel,
        )
        self._setup = Setup(config, plugins, disabled_plugins, strict=strict)
        self._clock: Clock = clock or SystemClock()
        self._first_attempt_seconds = seconds(first_attempt_seconds, "first_attempt_seconds")
        self._drain_seconds = seconds(drain_seconds, "drain_seconds")
        self._links = links
        self._deliveries = Deliveries()
        self._store_watch = StoreWatch()
        self._observers = Observers(self._setup.registry)
        self._first_attempts = FirstAttempts()
        self._outbox: deque[StartAttempt] = deque()
        self._pending: list[Fact] = self._setup.failures()
        self._runner: Runner | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        self._closed = False
        self._trials = 0
        self._left_behind: tuple[str, ...] = ()
        self._writer = self._open(store or MemoryStore(volatile=True), seed)

    def _open(self, store: Store, seed: int | None) -> Writer:
        """Return the writer of a new engine, or of the one that the store brings back."""
        recovered = None if store.volatile else recover(store, self.registry)
        self._resuming = recovered is not None
        if recovered is None:
            engine = Engine(self._setup.compile(), seed=secrets.randbits(63) if seed is None else seed)
            if not store.volatile:
                begin(store, engine)
        else:
            engine = recovered.engine
            self._pending += recovered.gaps
        ordinal = 0 if recovered is None else recovered.ordinal
        return Writer(
            engine,
            store,
            self._clock,
            ordinal=ordinal,
            prelude=self._prelude,
            after=self._after_commit,
            failed=self._store_failed,
        )

    def _prelude(self) -> Sequence[Input]:
        """Return what has to be taken in first: a changed configuration, a restart, gaps found outside."""
        inputs: list[Input] = []
        if self._setup.stale or self._resuming:
            inputs.append(PlanChanged(self._setup.compile(self._writer.engine.plan)))
        if self._resuming:
            inputs.append(Restarted())
        return [*inputs, *self._pending]

    # -- facts ---------------------------------------------------------------------------------------------------

    async def submit(self, *facts: Fact) -> tuple[bool, ...]:
        """Commit *facts* in one batch, and return the answer to each; without waiting for any notification.

        :raises StoreError: when the store could not commit; nothing of the batch happened then.
        :raises ServiceClosed: when the service was left.
        """
        for fact in facts:
            check_fact(fact)
        return (await self._submit(facts)).answers

    async def process_alert(self, alert: PerformanceAlert, *, wait: bool = True) -> bool:
        """Take in an alert that fires, or still fires.

        Returns once it is committed and each notification that is due at once had its first attempt, or
        ``first_attempt_seconds`` passed. Notifications that are held or folded are not waited for.

        :param wait: False returns as soon as it is committed.
        """
        return all(await self.process_alerts((alert,), wait=wait))

    async def process_alerts(self, alerts: Iterable[PerformanceAlert], *, wait: bool = True) -> tuple[bool, ...]:
        """Take in several alerts as one batch, as :meth:`process_alert` does one."""
        if isinstance(alerts, PerformanceAlert):
            raise ConfigurationError("process_alerts takes several alerts; for one there is process_alert")
        facts = tuple([AlertFired(check_alert(alert)) for alert in alerts])
        if not wait:
            return (await self._submit(facts)).answers
        with self._first_attempts.caller():
            committed = await self._submit(facts)
            if committed.waiting is not None:
                mine = self._first_attempts.narrow(committed.waiting, {fact.alert.alert_id for fact in facts})
                with self._clock.move_on_after(self._first_attempt_seconds):
                    await mine.wait()
                self._first_attempts.forget(mine)
        return committed.answers

    async def send_test(self, channel_id: str) -> Outcome:
        """Try a channel: send a test notification through its template and backend now, and return how that ended.

        Nothing of it is kept, retried or counted, and neither limits nor an open circuit hold it up.

        :raises UnknownReferenceError: when no channel is called that.
        """
        known(channel_id, self._setup.config.channels, "channel")
        await self._submit(())  # the configuration that is in force
        self._trials += 1
        with self._writer.lock:
            attempt = trial(self._writer.engine.glance(self._writer.now()), channel_id, self._trials)
        assert self._runner is not None, "something was submitted"
        assert attempt is not None, "it is configured"
        return await self._runner.try_out(attempt)

    @property
    def left_behind(self) -> tuple[str, ...]:
        """After the service was left: the ids of the notifications that had not ended."""
        return self._left_behind

    # -- life ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._check_open()
        if self._runner is not None and self._runner.alive:
            raise ConfigurationError("the service runs already: enter it before the first call, and once")
        self._setup.check_references()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._new_runner().run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._tasks is not None, "it was entered"
        assert self._runner is not None, "it was entered"
        try:
            if error is None or isinstance(error, Exception):
                with self._clock.move_on_after(self._drain_seconds):
                    await self._runner.until_idle()
        finally:
            self._closed = True
            self._runner.stop()
            state = self._writer.engine.state
            self._left_behind = tuple(sorted(state.outgoing))
            if self._left_behind:
                _log.warning("left with %d notifications that had not ended", len(self._left_behind))
            try:
                await self._tasks.__aexit__(kind, error, trace)
            except BaseExceptionGroup as group:
                if group.exceptions != (error,):
                    raise
            finally:
                self._writer.close()

    def _new_runner(self) -> Runner:
        self._runner = Runner(
            self._writer,
            self.registry,
            self._clock,
            self._outbox,
            self._first_attempts.settle,
            lambda: self._setup.stale,
            resume=self._resuming or bool(self._pending),
            cut_off=self._runner is not None,
            links=self._links,
        )
        return self._runner

    def _ensure_running(self) -> None:
        """Start the background work on the loop that runs in this thread, unless it runs, here or elsewhere."""
        if self._runner is None or not self._runner.alive:
            start_detached(self._new_runner().run, name="tocsin")

    async def _submit(self, facts: Sequence[Fact]) -> Committed:
        self._check_open()
        self._setup.check_references()
        self._ensure_running()
        assert self._runner is not None, "it was just ensured"
        return await self._runner.submit(tuple(facts))

    def _commit(self, facts: Sequence[Fact]) -> Committed:
        self._check_open()
        self._setup.check_references()
        if self._tasks is None and in_event_loop():
            self._ensure_running()
        return self._writer.commit(facts)

    def _store_failed(self, error: StoreError) -> None:
        """Tell the watchdog's channel off the record. Called under the lock, once the step is taken back."""
        now, engine = self._writer.now(), self._writer.engine
        gap = self._store_watch.failed(now, self._setup.config.watchdog.within_seconds, str(error))
        if gap is None:
            return
        turn = engine.glance(now)
        if self._setup.stale or self._resuming:
            turn.plan = self._setup.compile(engine.plan)  # what was not taken in yet says where to tell it
        start = off_the_record(turn, gap)
        if start is not None:
            self._outbox.append(start)
            if self._runner is not None:
                self._runner.wake()

    def _after_commit(self, step: Step) -> Waiting | None:
        """Hand a committed step on: to the statistics, the observers and the runner. Called under the lock."""
        self._outbox.extend(step.starts)
        if self._runner is not None:
            self._runner.wake()
        self._setup.stale = self._resuming = False
        self._pending = self._store_watch.worked() if step.changed else []  # of what changed nothing, nothing was kept
        waiting = None
        if step.events:
            waiting = self._first_attempts.expect(step.events) if self._first_attempts.wanted else None
            self._first_attempts.observe(step.events)
            self._deliveries.observe(step.events, self._setup.config.channels)
            self._pending += self._observers.tell(step.events)
        return waiting
