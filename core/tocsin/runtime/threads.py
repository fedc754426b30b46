"""Threads of our own: what waits for a device must not wait for the application's threads to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread

__all__ = ["in_thread"]

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


async def in_thread(call: Callable[[Unpack[Ts]], R], *args: *Ts) -> R:
    """Call *call* in a worker thread, whatever number of others is busy, and return what it returns.

    The default limit is shared with the application: threads of it that wait for a commit would keep it from ever
    being made.
    """
    return await anyio.to_thread.run_sync(call, *args, limiter=anyio.CapacityLimiter(1))
