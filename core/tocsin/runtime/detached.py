"""Detached work: a task that belongs to the running event loop and to no task group, on asyncio and on trio alike.

The one module in core that knows the two loops by name. Both are imported only once one of them runs.
"""

from __future__ import annotations

import contextvars
import logging
import math
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import anyio

from tocsin.runtime.failure import describe_failure

if TYPE_CHECKING:
    import asyncio

__all__ = ["being_cancelled", "call_in_loop", "in_event_loop", "loop_runs", "running_loop", "start_detached"]

_log: Final = logging.getLogger("tocsin.runtime")

_tasks: Final[set[asyncio.Task[None]]] = set()
"""asyncio itself holds its tasks weakly: without this, a task that waits could be collected in the middle."""


def _in_trio() -> bool:
    """Whether a trio run is active in this thread; trio is not imported to find out."""
    in_trio_run = getattr(sys.modules.get("trio.lowlevel"), "in_trio_run", None)
    return in_trio_run is not None and bool(in_trio_run())


def _asyncio_loop() -> object | None:
    """Return the asyncio loop that runs in this thread, or None; asyncio is not imported to find out."""
    running = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    loop: object | None = None if running is None else running()
    return loop


def in_event_loop() -> bool:
    """Whether the calling thread runs an event loop now, asyncio's or trio's."""
    return _in_trio() or _asyncio_loop() is not None


def running_loop() -> object:
    """Return a hashable token for the event loop (asyncio) or run (trio) of the calling thread.

    Tokens are equal exactly when the loop is the same one, as long as the earlier token is still held.

    :raises RuntimeError: when no event loop runs in this thread.
    """
    if _in_trio():
        import trio

        return trio.lowlevel.current_trio_token()
    loop = _asyncio_loop()
    if loop is None:
        raise RuntimeError("no event loop is running in this thread: call this from async code (asyncio or trio)")
    return loop


def loop_runs(loop: object) -> bool:
    """Whether the event loop that *loop* stands for runs now; a trio run does until it ends and cancels its tasks.

    :param loop: what :func:`running_loop` returned inside that loop.
    """
    is_running = getattr(loop, "is_running", None)
    return True if is_running is None else bool(is_running())


def call_in_loop(loop: object, func: Callable[[], object]) -> bool:
    """Have the event loop that *loop* stands for call ``func()`` soon; callable from any thread, and never waits.

    What *func* raises is logged as in :func:`start_detached`.

    :param loop: what :func:`running_loop` returned inside that loop.
    :returns: False when that loop has ended, and *func* will not be called.
    """
    call = getattr(loop, "run_sync_soon", None) or getattr(loop, "call_soon_threadsafe", None)
    if call is None:
        raise TypeError(f"expected what running_loop() returned, not {type(loop).__name__}")
    try:
        call(_call_guarded, func)
    except RuntimeError:  # "Event loop is closed", or trio's RunFinishedError
        return False
    return True


def being_cancelled() -> bool:
    """Whether the calling task is being cancelled: by a scope that it is in, or (asyncio) by the loop that ends.

    Tells a real cancellation from an exception of that kind that somebody else's code let through.
    """
    if anyio.current_effective_deadline() == -math.inf:
        return True
    if _in_trio():
        return False
    import asyncio

    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def start_detached(func: Callable[[], Awaitable[None]], *, name: str) -> None:
    """Run ``await func()`` beside everything else that the current event loop runs, and return at once.

    It starts in an empty context: nothing of the caller's context variables leaks into work that outlives the call.
    It ends with the loop, which cancels it. What it raises never reaches the loop: apart from cancellation (and a
    KeyboardInterrupt, which is not its own) it is logged to ``tocsin.runtime`` under *name*, by type and place, without
    its text, which may hold a secret; and that is all.

    :raises RuntimeError: when no event loop runs in this thread.
    """
    if _in_trio():
        import trio

        trio.lowlevel.spawn_system_task(_guarded, func, name, name=name)
        return
    running_loop()
    import asyncio

    loop = asyncio.get_running_loop()
    task = loop.create_task(_guarded(func, name), name=name, context=contextvars.Context())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _guarded(func: Callable[[], Awaitable[None]], name: str) -> None:
    passes = (anyio.get_cancelled_exc_class(), GeneratorExit, KeyboardInterrupt)
    try:
        await func()
    except passes:
        raise
    except BaseExceptionGroup as group:
        passing, failed = group.split(passes)
        if failed is not None:
            _report(name, failed)
        if passing is not None:
            raise passing from None
    except BaseException as error:  # noqa: BLE001  # a SystemExit, too, would take the whole loop down
        _report(name, error)


def _call_guarded(func: Callable[[], object]) -> None:
    try:
        func()
    except Exception as error:  # noqa: BLE001  # on trio it would take the whole run down
        _report(getattr(func, "__qualname__", type(func).__name__), error)


def _report(name: str, error: BaseException) -> None:
    _log.error("%s ended with %s", name, describe_failure(error))
