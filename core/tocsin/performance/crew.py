"""The tasks of one run of the collection: each detached, all ended together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import anyio.lowlevel

from tocsin.runtime.detached import call_in_loop, in_event_loop, running_loop, start_detached

__all__ = ["Bell", "Crew"]


class Bell:
    """Wakes all who wait for something to change. Rung and heard in one event loop."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = anyio.Event()

    async def heard(self) -> None:
        """Return when the bell is next rung. Look at what is waited for before, with no await in between."""
        await self._event.wait()


class Crew:
    """Tasks of one event loop that end together. No task group: on asyncio, a task that is cancelled from within
    (a callback that awaits something cancelled) would end all tasks of its group."""

    def __init__(self) -> None:
        self.loop = running_loop()
        self.bell = Bell()
        self._members = 0
        self._scopes: set[anyio.CancelScope] = set()
        self._cancelled = False

    @property
    def working(self) -> bool:
        """Whether any task still runs."""
        return self._members > 0

    @property
    def here(self) -> bool:
        """Whether the caller runs in this crew's event loop."""
        return in_event_loop() and running_loop() == self.loop

    def start(self, func: Callable[[], Awaitable[None]], name: str) -> None:
        """Start ``func()`` as one more task, never before the caller yields. To be called in the crew's event loop."""
        self._members += 1
        start_detached(partial(self._member, func), name=name)

    async def _member(self, func: Callable[[], Awaitable[None]]) -> None:
        try:
            with anyio.CancelScope() as scope:
                self._scopes.add(scope)
                if self._cancelled:
                    scope.cancel()
                await anyio.lowlevel.checkpoint()  # asyncio's eager tasks begin inside the caller, who may hold a lock
                await func()
        finally:
            self._scopes.discard(scope)
            self._members -= 1
            self.bell.ring()

    def call(self, func: Callable[[], object]) -> None:
        """Call ``func()`` in the crew's event loop: at once from within, soon from any other thread."""
        if self.here:
            func()
        else:
            call_in_loop(self.loop, func)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Return once *reached* holds; it is looked at whenever the bell rings."""
        while not reached():
            await self.bell.heard()

    async def gone(self) -> None:
        """Return once no task runs any more."""
        await self.until(lambda: not self.working)

    def cancel(self) -> None:
        """Cancel every task, now and later started ones. To be called in the crew's event loop."""
        self._cancelled = True
        for scope in tuple(self._scopes):
            scope.cancel()
