"""The runner: the background work of one service on one event loop. It meets deadlines and starts attempts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import anyio
import anyio.abc
import anyio.lowlevel

from tocsin.engine.turn import StartAttempt
from tocsin.errors import ConfigurationError, ServiceClosed, StoreError
from tocsin.journal import Restarted
from tocsin.model.facts import Fact
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome
from tocsin.registry import Registry
from tocsin.runtime.clocks import Clock
from tocsin.runtime.detached import call_in_loop, loop_runs, running_loop
from tocsin.runtime.dispatcher import Dispatcher
from tocsin.runtime.threads import in_thread
from tocsin.runtime.turnstile import Turnstile
from tocsin.runtime.writer import Committed, Writer

__all__ = ["Runner"]

_AGAIN_SECONDS: Final = 1.0
_TEND_SECONDS: Final = 1.0


class Runner:
    """Runs on the loop that it was made in, until it is stopped or the loop ends.

    *outbox* holds the attempts to start, filled by whoever commits; :meth:`wake` says that something was put there
    or that a deadline may have moved, or that the configuration changed, which *stale* tells. *cut_off*: an earlier
    runner's attempts were; *resume*: the first commit is due at once, for it takes up what the store knows of.
    """

    def __init__(
        self,
        writer: Writer,
        registry: Registry,
        clock: Clock,
        outbox: deque[StartAttempt],
        settled: Callable[[], None],
        stale: Callable[[], bool],
        *,
        resume: bool,
        cut_off: bool,
        links: Callable[[Notification], str] | None = None,
    ) -> None:
        self.loop = running_loop()
        self._turnstile = Turnstile(writer)
        self._running = True
        self._writer = writer
        self._registry = registry
        self._clock = clock
        self._outbox = outbox
        self._settled = settled
        self._stale = stale
        self._resume = resume or cut_off
        self._cut_off = cut_off
        self._links = links
        self._wake = anyio.Event()
        self._stopping = False
        self._dispatcher: Dispatcher | None = None
        self._settling = anyio.Event()
        self._tasks: anyio.abc.TaskGroup | None = None
        self._tending = False
        self._tended_at = clock.now()

    async def submit(self, facts: tuple[Fact, ...]) -> Committed:
        """Commit *facts*, with others that wait.

        :raises ConfigurationError: when called on another event loop than the runner's, while that one runs.
        """
        if running_loop() != self.loop:
            raise ConfigurationError(
                "the service runs on another event loop; await its methods there, or call the synchronous ones"
            )
        return await self._turnstile.submit(facts)

    async def _report(self, facts: tuple[Fact, ...]) -> Committed:
        """Commit what attempts came to, and let the records follow at once: together with more it would take longer."""
        committed = await self.submit(facts)
        await self._save()
        return committed

    async def _save(self) -> None:
        """Let the records follow the journal, if they are to; the store sees to itself afterwards, and nobody waits."""
        saved = await self._turnstile.save()
        if (
            saved
            and not self._tending
            and self._tasks is not None
            and self._clock.now() >= self._tended_at + _TEND_SECONDS
        ):
            self._tending = True
            self._tasks.start_soon(self._tend)

    async def _tend(self) -> None:
        try:
            await self._writer.tend()
        finally:
            self._tended_at, self._tending = self._clock.now(), False

    async def try_out(self, attempt: StartAttempt) -> Outcome:
        """Carry an attempt out that leaves no trace.

        :raises ServiceClosed: when it was stopped before it began.
        """
        while self._dispatcher is None and self._running:
            await anyio.lowlevel.checkpoint()
        if self._dispatcher is None or self._stopping:
            raise ServiceClosed("the service was left")
        return await self._dispatcher.try_out(attempt)

    @property
    def alive(self) -> bool:
        """Whether it works, and the loop that it works on has not been stopped under it."""
        return self._running and loop_runs(self.loop)

    def wake(self) -> None:
        """Have the runner look again; callable from any thread."""
        try:
            here = running_loop()
        except RuntimeError:
            here = None
        if here == self.loop:
            self._wake.set()
        else:
            call_in_loop(self.loop, lambda: self._wake.set())

    @property
    def idle(self) -> bool:
        """Whether no attempt is under way or about to start."""
        return not self._outbox and (self._dispatcher is None or not self._dispatcher.under_way)

    async def until_idle(self) -> None:
        """Return once no attempt is under way or about to start."""
        while not self.idle:
            await self._settling.wait()

    def stop(self) -> None:
        """End: attempts under way are cancelled, backends are left."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                dispatcher = self._dispatcher = Dispatcher(
                    self._registry,
                    self._clock,
                    lambda: self._writer.now().engine,
                    tasks,
                    self._report,
                    self.wake,
                    self._links,
                )
                while self._resume and not self._stopping:
                    await self._take_up(dispatcher)
                try:
                    while not self._stopping:
                        await self._turn(dispatcher)
                finally:
                    dispatcher.close()
                await self._until_ended(dispatcher)
                tasks.cancel_scope.cancel()
        finally:
            self._running = False

    async def _until_ended(self, dispatcher: Dispatcher) -> None:
        """Give what was cancelled a moment to end."""
        with self._clock.move_on_after(_AGAIN_SECONDS):
            while dispatcher.under_way:
                self._wake = anyio.Event()
                await self._wake.wait()
        await anyio.lowlevel.checkpoint()

    async def _take_up(self, dispatcher: Dispatcher) -> None:
        """Take up what an earlier runner left: attempts that it had begun are tried again, the others are begun.

        While the store fails, those that were recorded before it did are begun, and the one that says that it fails.
        """
        begun = dispatcher.under_way
        try:
            if self._writer.blocking:
                await in_thread(self._restart, begun)
            else:
                self._restart(begun)
            self._resume = False
        except StoreError:
            self._begin(dispatcher)
            if not self._stopping:
                self._wake = anyio.Event()
                await self._sleep(_AGAIN_SECONDS)

    def _restart(self, begun: frozenset[str]) -> None:
        with self._writer.lock:
            waiting = begun.union(start.notification.notification_id for start in self._outbox)
            self._writer.commit((Restarted(waiting),) if self._cut_off else ())

    def _begin(self, dispatcher: Dispatcher) -> None:
        while self._outbox:
            dispatcher.start(self._outbox.popleft())

    async def _turn(self, dispatcher: Dispatcher) -> None:
        if self._wake.is_set():
            self._wake = anyio.Event()
        self._settled()
        self._settling.set()
        self._settling = anyio.Event()
        self._begin(dispatcher)
        await self._save()
        left = 0.0 if self._stale() else self._writer.seconds_left()
        if left is None:
            await self._wake.wait()
        elif left > 0:
            await self._sleep(left)
        else:
            try:
                await self._turnstile.until_saved()
                await self._turnstile.submit(())
            except (StoreError, ConfigurationError):  # whoever submits something is told of it
                await self._sleep(_AGAIN_SECONDS)
            await anyio.lowlevel.checkpoint()

    async def _sleep(self, seconds: float) -> None:
        """Sleep, unless somebody wakes the runner."""
        with self._clock.move_on_after(seconds):
            await self._wake.wait()
