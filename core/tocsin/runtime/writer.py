"""The writer: facts go through the engine and into the store, one batch at a time, or nothing of them happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread
import attrs

from tocsin.engine.machine import Engine, Input, Instant, PlanChanged, Restarted, Step
from tocsin.errors import StoreError
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure
from tocsin.runtime.first_attempts import Waiting
from tocsin.stores.interface import Entry, Store

__all__ = ["Committed", "Writer"]


@attrs.frozen(slots=True)
class Committed:
    """What a caller gets: the answers to its own facts, and what there is to wait for, perhaps of others' too."""

    answers: tuple[bool, ...]
    waiting: Waiting | None


@attrs.define(slots=True, eq=False)
class _Ticket:
    inputs: tuple[Input, ...]
    result: Committed | None = None
    error: Exception | None = None


class Writer:
    """Steps the engine and commits, under one lock; callable from any thread.

    *after* is called with each committed step, under the lock, so that events are seen in the order of commits; it
    returns what callers may wait for.
    *prelude* gives inputs that have to come first (a changed configuration).
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        clock: Clock,
        *,
        prelude: Callable[[], Sequence[Input]],
        after: Callable[[Step], Waiting | None],
    ) -> None:
        self.engine = engine
        self.lock = threading.RLock()
        self._store = store
        self._clock = clock
        self._prelude = prelude
        self._after = after
        self._tickets: list[_Ticket] = []
        self._ordinal = 0
        self._deadline = engine.next_deadline()

    @property
    def blocking(self) -> bool:
        """Whether a commit waits for a device."""
        return self._store.blocking

    def now(self) -> Instant:
        """Return this moment on both clocks."""
        return Instant(self._clock.now(), self._clock.wall())

    def next_deadline(self) -> float | None:
        """Return the instant at which the engine wanted to be stepped next, after the last commit; waits for none."""
        return self._deadline

    def commit(self, inputs: Sequence[Input] = ()) -> Committed:
        """Take *inputs* in and commit, in the calling thread.

        :raises StoreError: when the store could not commit; nothing happened then.
        """
        with self.lock:
            first = tuple(self._prelude())
            step = self._step((*first, *inputs))
            self._deadline = self.engine.next_deadline()
            return Committed(step.answers[len(first) :], self._after(step))

    def _step(self, inputs: tuple[Input, ...]) -> Step:
        now = self.now()
        try:
            step = self.engine.step(now, inputs)
            if step.changed:
                facts = tuple(item for item in inputs if not isinstance(item, (PlanChanged, Restarted)))
                self._keep(Entry(self._ordinal + 1, now.engine, now.wall, facts, step.events))
        except BaseException:  # raised again, once the step is taken back
            self.engine.undo()
            raise
        self.engine.accept()
        return step

    def _keep(self, entry: Entry) -> None:
        try:
            self._store.commit(entry)
        except Exception as error:  # a store may raise anything
            raise StoreError(f"the store could not commit: {describe_failure(error)}") from error
        self._ordinal = entry.ordinal

    async def submit(self, inputs: tuple[Input, ...], turnstile: anyio.Lock) -> Committed:
        """Take *inputs* in and commit; what arrives during a commit that waits for a device is committed together."""
        if not self._store.blocking:
            return self.commit(inputs)
        ticket = _Ticket(inputs)
        self._tickets.append(ticket)
        async with turnstile:
            if ticket.result is None and ticket.error is None:
                await anyio.to_thread.run_sync(self._commit_waiting)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None, "whoever passes the turnstile has a result or an error"
        return ticket.result

    def _commit_waiting(self) -> None:
        tickets, self._tickets = self._tickets, []
        try:
            whole = self.commit([item for ticket in tickets for item in ticket.inputs])
        except Exception as error:  # noqa: BLE001  it is raised where each ticket waits
            for ticket in tickets:
                ticket.error = error
            return
        start = 0
        for ticket in tickets:
            end = start + len(ticket.inputs)
            ticket.result = Committed(whole.answers[start:end], whole.waiting)
            start = end

    def close(self) -> None:
        """Let go of the store."""
        with self.lock:
            self._store.close()
