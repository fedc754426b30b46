"""Threads that can be left to themselves: calls that block, which nobody can end, but which nobody has to wait for."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import anyio
import anyio.lowlevel
import attrs

__all__ = ["Busy", "Threads", "threads_for"]

R = TypeVar("R")

MOST_THREADS: Final = 8
"""Threads of one destination, those included that nobody waits for any more."""


class Busy(Exception):
    """All threads of a destination are taken."""


@attrs.define(slots=True)
class _Call(Generic[R]):
    ended: anyio.Event
    results: list[R] = attrs.field(factory=list)
    error: BaseException | None = None


class Threads:
    """At most *limit* threads at a time, each for one call; one that is abandoned counts until its call has ended.

    They are daemon threads: a process that ends does not wait for them.
    """

    def __init__(self, limit: int = MOST_THREADS) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._running = 0
        self._abandoned = 0

    @property
    def running(self) -> int:
        """How many threads run."""
        with self._lock:
            return self._running

    @property
    def abandoned(self) -> int:
        """How many of them nobody waits for any more."""
        with self._lock:
            return self._abandoned

    async def call(self, function: Callable[[], R]) -> R:
        """Call *function* in a thread; when this is cancelled, the thread is left to itself.

        :raises Busy: when there is no thread for it.
        """
        await anyio.lowlevel.checkpoint_if_cancelled()
        call = _Call[R](anyio.Event())
        ticket = self._start(function, call, anyio.lowlevel.current_token().native_token)
        try:
            await call.ended.wait()
        finally:
            self._abandon(ticket)
        if call.error is not None:
            raise call.error
        return call.results[0]

    def _start(self, function: Callable[[], R], call: _Call[R], loop: Any) -> _Ticket:
        ticket = _Ticket()
        self._take()

        def work() -> None:
            try:
                call.results.append(function())
            except BaseException as error:  # noqa: BLE001  whoever waits gets it, a SystemExit of a plugin too
                call.error = error
            self._leave(ticket)
            _wake(loop, call.ended.set)

        try:
            threading.Thread(target=work, name="tocsin-apprise", daemon=True).start()
        except RuntimeError:  # the system has no more threads
            self._leave(ticket)
            raise Busy from None
        return ticket

    def _take(self) -> None:
        with self._lock:
            if self._running >= self.limit:
                raise Busy
            self._running += 1

    def _leave(self, ticket: _Ticket) -> None:
        with self._lock:
            self._running -= 1
            ticket.running = False
            self._abandoned -= ticket.abandoned

    def _abandon(self, ticket: _Ticket) -> None:
        """Wait for it no longer: what still runs is abandoned."""
        with self._lock:
            if ticket.running:
                ticket.abandoned = True
                self._abandoned += 1


@attrs.define(slots=True)
class _Ticket:
    running: bool = True
    abandoned: bool = False


def _wake(loop: Any, wake: Callable[[], object]) -> None:
    """Have *loop*, asyncio's or trio's own, call *wake*; one that has ended has nobody who waits."""
    call = getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe
    with suppress(RuntimeError):
        call(wake)


_of_destination: Final[weakref.WeakValueDictionary[str, Threads]] = weakref.WeakValueDictionary()
_making: Final = threading.Lock()


def threads_for(destination: str) -> Threads:
    """Return the threads of *destination*: the same as before while one of them runs, whatever was reloaded since."""
    with _making:
        found = _of_destination.get(destination)
        if found is None:
            found = _of_destination[destination] = Threads()
        return found
