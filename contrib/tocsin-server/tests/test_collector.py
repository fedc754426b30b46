"""The daemon's collector of garbage: all there is is looked at when little happens, and once an hour."""

from __future__ import annotations

import gc
import weakref

import anyio
import pytest

from tocsin.testing.clock import VirtualClock
from tocsin_server.daemon.collector import collect_in_quiet

pytestmark = pytest.mark.anyio


class _Cycle:
    """Garbage that the collector alone finds."""

    def __init__(self) -> None:
        self.me = self


def old_garbage() -> weakref.ref[_Cycle]:
    """Return what is left of a cycle that only a full collection looks at."""
    cycle = _Cycle()
    gc.collect(1)
    gc.collect(1)
    return weakref.ref(cycle)


def much_happens() -> None:
    """Make as many objects as a busy minute does."""
    for _ in range(10):
        gc.collect(0)


async def test_after_a_busy_minute_and_a_quiet_one_garbage_goes() -> None:
    clock, before = VirtualClock(), gc.get_threshold()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect_in_quiet, clock)
        await clock.advance(1.0)
        assert gc.get_threshold() != before
        garbage = old_garbage()
        much_happens()
        await clock.advance(60.0)
        assert garbage() is not None
        await clock.advance(60.0)
        assert garbage() is None
        tasks.cancel_scope.cancel()
    assert gc.get_threshold() == before


async def test_where_every_minute_is_busy_it_goes_within_an_hour() -> None:
    clock = VirtualClock()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect_in_quiet, clock)
        await clock.advance(1.0)
        garbage = old_garbage()
        for _ in range(59):
            much_happens()
            await clock.advance(60.0)
        assert garbage() is not None
        much_happens()
        await clock.advance(60.0)
        assert garbage() is None
        tasks.cancel_scope.cancel()


async def test_where_nothing_happens_nothing_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reports an alert at that moment would wait for nothing."""
    clock, collected = VirtualClock(), list[int]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect_in_quiet, clock)
        await clock.advance(1.0)
        monkeypatch.setattr(gc, "collect", collected.append)
        await clock.advance(600.0)
        monkeypatch.undo()
        tasks.cancel_scope.cancel()
    assert collected == []
