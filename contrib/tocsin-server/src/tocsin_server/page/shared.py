"""Shared: what takes long to find is found once for all who look, and rarely enough to cost little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import anyio
import anyio.to_thread

from tocsin import Clock

__all__ = ["Shared"]

_SHORTEST_SECONDS: Final = 1.0
_SHARE: Final = 9.0
"""Finding takes a tenth of the time at most, however many look."""

T = TypeVar("T")


class Shared(Generic[T]):
    """What *find* returns, which runs in a thread; it is found anew when somebody looks and it is time."""

    def __init__(self, find: Callable[[], T], clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._lock = anyio.Lock()
        self._found: tuple[T] | None = None
        self._next_at = 0.0

    async def get(self) -> T:
        """Return what was found last; where it is time, it is found anew, and all wait for that together."""
        async with self._lock:
            begun_at = self._clock.now()
            if self._found is None or begun_at >= self._next_at:
                self._found = (await anyio.to_thread.run_sync(self._find),)
                now = self._clock.now()
                self._next_at = now + max(_SHORTEST_SECONDS, _SHARE * (now - begun_at))
            return self._found[0]

    def expire(self) -> None:
        """Let the next one who looks find it anew: somebody changed it."""
        self._next_at = 0.0
