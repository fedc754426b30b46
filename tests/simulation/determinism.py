"""What makes a run the same each time: trio's order of tasks is drawn from the seed, and the clock is in no hurry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel
import sniffio

from tocsin.testing.clock import VirtualClock

__all__ = ["Pace", "deterministic"]


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Let trio run its tasks in an order that depends on *seed* alone, as Hypothesis does it.

    asyncio runs its tasks in the order in which they became ready.
    """
    import trio._core._run as scheduler

    places: Any = scheduler
    before, state = places._ALLOW_DETERMINISTIC_SCHEDULING, places._r.getstate()
    places._ALLOW_DETERMINISTIC_SCHEDULING = True
    places._r.seed(seed)
    try:
        yield
    finally:
        places._ALLOW_DETERMINISTIC_SCHEDULING = before
        places._r.setstate(state)


class Pace(VirtualClock):
    """The virtual clock; it asks asyncio itself whether anything is ready, rather than giving it 64 turns each time."""

    async def settle(self) -> None:
        """Return once every other task waits for something."""
        if sniffio.current_async_library() == "asyncio":
            import asyncio

            ready: Any = asyncio.get_running_loop()
            await anyio.lowlevel.checkpoint()
            while ready._ready:
                await anyio.lowlevel.checkpoint()
        else:
            await anyio.wait_all_tasks_blocked()
