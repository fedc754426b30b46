"""Threads that can be left to themselves: calls that block, which nobody can end, but which nobody has to wait for.

For plugins whose library blocks. ``anyio.to_thread.run_sync(…, abandon_on_cancel=True)`` gives the place of a call that
is abandoned away at once on asyncio, so that calls which hang become more and more, and the process waits for them when
it ends.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import anyio
import anyio.lowlevel
import attrs

from tocsin.errors import TocsinError

__all__ = ["BusyError", "Threads", "threads_for"]

R = TypeVar("R")


class BusyError(TocsinError):
    """All threads are taken; its text says how many, and how many of them by calls that were given up."""


@attrs.define(slots=True)
class _Call(Generic[R]):
    ended: anyio.Event
    results: list[R] = attrs.field(factory=list)
    error: BaseException | None = None


@attrs.define(slots=True)
class _Ticket:
    running: bool = True
    abandoned: bool = False


class Threads:
    """At most *limit* threads at a time, each for one call; one that is abandoned counts until its call has ended.

    Nobody waits for a place: with twice as many threads as there are calls at a time, half of them may be abandoned,
    and the others carry a full load. They are daemon threads: a process that ends does not wait for them. Any number
    of event loops may use the same ones.
    """

    def __init__(self, limit: int) -> None:
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
        """Call *function* in a thread, and return or raise what it does; when this is cancelled, it is left to itself.

        The thread has a context of its own: it sees none of the caller's context variables.

        :raises BusyError: when there is no thread for it; it is not called then.
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
            except BaseException as error:  # noqa: BLE001  whoever waits gets it, a SystemExit of a library too
                call.error = error
            self._leave(ticket)
            _wake(loop, call.ended.set)

        try:
            threading.Thread(target=work, name="tocsin-threads", daemon=True).start()
        except RuntimeError:
            self._leave(ticket)
            raise BusyError("the system has no more threads") from None
        return ticket

    def _take(self) -> None:
        with self._lock:
            if self._running >= self.limit:
                raise BusyError(
                    f"all {self.limit} threads are taken, {self._abandoned} of them by calls that were given up"
                )
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


def _wake(loop: Any, wake: Callable[[], object]) -> None:
    """Have *loop*, asyncio's or trio's own, call *wake*; one that has ended has nobody who waits."""
    call = getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe
    with suppress(RuntimeError):
        call(wake)


_known: Final[weakref.WeakValueDictionary[Hashable, Threads]] = weakref.WeakValueDictionary()
_making: Final = threading.Lock()


def threads_for(destination: Hashable, limit: int) -> Threads:
    """Return the threads of *destination*: the same as before while one of them runs, whatever was reloaded since.

    *destination* begins with the plugin's own name, as in ``("email", "mail.example.org")``. *limit* is that of new
    ones.
    """
    with _making:
        found = _known.get(destination)
        if found is None:
            found = _known[destination] = Threads(limit)
        return found
