"""What makes a run the same each time: trio's order of tasks is drawn from the seed, and the clock is in no hurry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio
import anyio.lowlevel
import anyio.to_thread
import sniffio

from tocsin.testing.clock import VirtualClock

__all__ = ["Pace", "deterministic"]

_RESTLESS: Final = 20_000
"""So many turns of the loop at one instant are a loop without end."""


async def _in_turn(func: Callable[..., Any], *args: Any, **_: Any) -> Any:
    """As ``anyio.to_thread.run_sync``, without the thread: others have their turn before and after."""
    await anyio.lowlevel.checkpoint()
    result = func(*args)
    await anyio.lowlevel.checkpoint()
    return result


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Let trio run its tasks in an order that depends on *seed* alone, as Hypothesis does it.

    asyncio runs its tasks in the order in which they became ready. What would run in another thread takes its turn.
    """
    import trio._core._run as scheduler

    places: Any = scheduler
    before, state = places._ALLOW_DETERMINISTIC_SCHEDULING, places._r.getstate()
    places._ALLOW_DETERMINISTIC_SCHEDULING = True
    places._r.seed(seed)
    threads: Any = anyio.to_thread
    run_sync, threads.run_sync = threads.run_sync, _in_turn
    try:
        yield
    finally:
        threads.run_sync = run_sync
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
            turns = 0
            while ready._ready:
                await anyio.lowlevel.checkpoint()
                turns += 1
                assert turns < _RESTLESS, f"it never comes to rest at {self.now()}"
        else:
            await anyio.wait_all_tasks_blocked()
