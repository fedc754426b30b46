"""A clock that stands still until a test moves it: no test sleeps for real."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import anyio
import anyio.lowlevel
import attrs

__all__ = ["VirtualClock"]

_SPINS = 64
"""Turns given to the loop before asking anyio whether all is blocked: on asyncio that question, if the answer is no,
costs a tenth of a real second."""


@attrs.define(order=True)
class _Timer:
    instant: float
    ordinal: int
    fire: Callable[[], object] = attrs.field(order=False)
    live: bool = attrs.field(default=True, order=False)


class VirtualClock:
    """Time for tests, on asyncio and on trio: it moves only when :meth:`advance` is awaited.

    Use it from one event loop at a time; several loops in turn are fine.

    :param start: engine time and wall time at the beginning, in seconds since the epoch.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._jumped = 0.0
        self._timers: list[_Timer] = []
        self._ordinals = itertools.count()

    def now(self) -> float:
        """Return engine time in seconds."""
        return self._now

    def wall(self) -> float:
        """Return wall time in seconds: engine time and the jumps so far."""
        return self._now + self._jumped

    def jump_wall(self, seconds: float) -> None:
        """Let the wall clock jump, forth or (negative) back; engine time does not notice."""
        self._jumped += seconds

    def next_deadline(self) -> float | None:
        """Return the earliest instant that anybody waits for, or None when nobody does."""
        self._drop_dead()
        return self._timers[0].instant if self._timers else None

    def deadlines(self) -> list[float]:
        """Return the instants that somebody waits for, the earliest first."""
        return sorted(timer.instant for timer in self._timers if timer.live)

    async def sleep_until(self, instant: float) -> None:
        """Return once engine time is *instant* or later."""
        if math.isnan(instant):
            raise ValueError("cannot sleep until an instant that is not a number")
        await anyio.lowlevel.checkpoint()
        if instant <= self._now:
            return
        woken = anyio.Event()
        timer = self._start(instant, woken.set)
        try:
            await woken.wait()
        finally:
            timer.live = False

    def move_on_after(self, seconds: float) -> AbstractContextManager[anyio.CancelScope]:
        """Return a context manager whose scope is cancelled *seconds* of virtual time after it was entered."""
        return self._limit(seconds)

    @contextmanager
    def _limit(self, seconds: float) -> Generator[anyio.CancelScope, None, None]:
        with anyio.CancelScope() as scope:
            if seconds <= 0:
                scope.cancel()
            timer = self._start(self._now + seconds, scope.cancel)
            try:
                yield scope
            finally:
                timer.live = False

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass: each deadline on the way is reached alone, in order, and its work done before the next.

        Deadlines of one instant come in the order in which they were set. Work that waits for a thread or for the
        network is not waited for (see :meth:`until`).

        :raises ValueError: when *seconds* is negative: engine time never goes back.
        """
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: advance({seconds!r})")
        target = self._now + seconds
        await self.settle()
        while self._timers and self._timers[0].instant <= target:
            timer = heapq.heappop(self._timers)
            if timer.live:
                self._now = max(self._now, timer.instant)
                timer.fire()
                await self.settle()
        self._now = max(self._now, target)
        await self.settle()

    async def freeze(self, seconds: float) -> None:
        """Let *seconds* pass at once, as for a process that was suspended: every deadline on the way is met late.

        :raises ValueError: when *seconds* is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: freeze({seconds!r})")
        await self.settle()
        self._now += seconds
        await self.advance(0.0)

    async def settle(self) -> None:
        """Return once every other task of the loop waits for something."""
        for _ in range(_SPINS):
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run, without moving time, until *condition* holds: for work in threads and real I/O."""
        while not condition():
            await self.settle()

    def _start(self, instant: float, fire: Callable[[], object]) -> _Timer:
        self._drop_dead()
        timer = _Timer(instant, next(self._ordinals), fire)
        heapq.heappush(self._timers, timer)
        return timer

    def _drop_dead(self) -> None:
        while self._timers and not self._timers[0].live:
            heapq.heappop(self._timers)
