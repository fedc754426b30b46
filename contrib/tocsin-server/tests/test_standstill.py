"""Waiting, and knowing whether the process stood still meanwhile; on a virtual clock."""

from __future__ import annotations

import anyio
import pytest

from tocsin.testing.clock import VirtualClock
from tocsin_server.standstill import standstill

pytestmark = pytest.mark.anyio


class Waiting:
    """Somebody who waits for an hour, or for an event."""

    def __init__(self) -> None:
        self.clock, self.sooner = VirtualClock(), anyio.Event()
        self.late: float | None = None
        self._until = self.clock.now() + 3600.0

    async def wait(self) -> None:
        """Wait, and note what came of it."""
        self.late = await standstill(self.clock, self._until, self.sooner)


async def test_it_ends_at_its_instant() -> None:
    waiting = Waiting()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        await waiting.clock.advance(3599.0)
        assert waiting.late is None
        await waiting.clock.advance(1.0)
        assert waiting.late == 0


async def test_it_ends_when_it_is_told_so() -> None:
    waiting = Waiting()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        await waiting.clock.advance(55.0)
        waiting.sooner.set()
        await waiting.clock.settle()
        assert waiting.late == 0


@pytest.mark.parametrize(("seconds", "late"), [(12.0, None), (16.0, 6.0), (86_400.0, 86_390.0)])
async def test_a_process_that_stood_still_is_told_at_once(seconds: float, late: float | None) -> None:
    """What only takes a while, as one step that has much to do, is no standing still."""
    waiting = Waiting()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        await waiting.clock.freeze(seconds)
        assert waiting.late == late
        tasks.cancel_scope.cancel()


async def test_an_instant_that_is_past_is_not_waited_for() -> None:
    clock = VirtualClock()
    assert await standstill(clock, clock.now() - 1.0, anyio.Event()) == 0
