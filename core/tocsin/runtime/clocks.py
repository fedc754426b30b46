"""Clocks: the only module of tocsin that sleeps.

Two times. *Engine time* never goes back and ignores jumps of the wall clock; it looks like seconds since the epoch,
and all durations are measured in it. *Wall time* is what the machine believes the date to be.
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from typing import Final, Protocol

import anyio
import anyio.lowlevel

__all__ = ["Clock", "SystemClock"]

LONGEST_SLEEP: Final = 3600.0
"""Seconds; event loops differ in how long a timer they take, so a longer sleep is made of several."""


class Clock(Protocol):
    """Where the runtime gets its time from; :class:`SystemClock`, or in tests ``tocsin.testing.clock.VirtualClock``."""

    def now(self) -> float:
        """Return engine time in seconds. Never goes back; callable from any thread."""
        ...

    def wall(self) -> float:
        """Return wall time in seconds since the epoch (UTC). May jump; callable from any thread."""
        ...

    async def sleep_until(self, instant: float) -> None:
        """Return once engine time is *instant* or later; a checkpoint even when it already is."""
        ...

    def move_on_after(self, seconds: float) -> AbstractContextManager[anyio.CancelScope]:
        """Return a context manager whose scope is cancelled *seconds* after it was entered."""
        ...


class SystemClock:
    """The machine's own time: engine time is *start*, plus the monotonic seconds since this object was made.

    :param start: engine time now, in seconds; None: the wall time now.
    """

    def __init__(self, start: float | None = None) -> None:
        self._offset = (time.time() if start is None else start) - time.monotonic()

    def now(self) -> float:
        """Return engine time in seconds."""
        return self._offset + time.monotonic()

    def wall(self) -> float:
        """Return wall time in seconds since the epoch."""
        return time.time()

    async def sleep_until(self, instant: float) -> None:
        """Return once engine time is *instant* or later."""
        if math.isnan(instant):
            raise ValueError("cannot sleep until an instant that is not a number")
        await anyio.lowlevel.checkpoint()
        while (left := instant - self.now()) > 0:  # noqa: ASYNC110  # time is all that is waited for
            await anyio.sleep(min(left, LONGEST_SLEEP))

    def move_on_after(self, seconds: float) -> AbstractContextManager[anyio.CancelScope]:
        """Return a context manager whose scope is cancelled *seconds* after it was entered."""
        return _Limit(seconds)


class _Limit:
    """``anyio.move_on_after``, counted from entering rather than from making."""

    def __init__(self, seconds: float) -> None:
        self._scope = anyio.CancelScope()
        self._seconds = seconds

    def __enter__(self) -> anyio.CancelScope:
        self._scope.deadline = anyio.current_time() + max(self._seconds, 0.0)
        return self._scope.__enter__()

    def __exit__(self, *exc_info: object) -> bool:
        return bool(self._scope.__exit__(*exc_info))  # type: ignore[arg-type]  # the interpreter's own triple
