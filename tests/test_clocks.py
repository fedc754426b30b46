"""The two clocks: the machine's, and the one that stands still until a test moves it."""

from __future__ import annotations

import math
import time

import anyio
import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.runtime.clocks import Clock, SystemClock
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> VirtualClock:
    """A clock of its own for each test."""
    return VirtualClock(start=1000.0)


def test_both_are_clocks() -> None:
    """The type checker and the interpreter agree that both fit the protocol."""
    clocks: list[Clock] = [SystemClock(), VirtualClock()]
    assert all(clock.wall() > 1_600_000_000 for clock in clocks)


def test_engine_time_starts_at_wall_time_or_where_it_is_told() -> None:
    """It looks like seconds since the epoch unless a start is given."""
    before = time.time()
    clock = SystemClock()
    assert clock.now() >= before - 1e-3
    assert 5.0 <= SystemClock(5.0).now() < before


def test_engine_time_ignores_jumps_of_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the monotonic clock moves engine time."""
    monotonic, wall = [10.0], [1000.0]
    monkeypatch.setattr("tocsin.runtime.clocks.time.monotonic", lambda: monotonic[0])
    monkeypatch.setattr("tocsin.runtime.clocks.time.time", lambda: wall[0])
    clock = SystemClock()
    wall[0] = 400.0
    assert (clock.now(), clock.wall()) == (1000.0, 400.0)
    monotonic[0] = 13.5
    assert clock.now() == 1003.5


async def test_the_system_clock_sleeps_until_the_instant_and_never_wakes_early() -> None:
    """A thousandth of a second of real time: this module is where tocsin really sleeps."""
    clock = SystemClock()
    instant = clock.now() + 0.001
    await clock.sleep_until(instant)
    assert clock.now() >= instant
    await clock.sleep_until(0.0)


async def test_an_endless_sleep_can_be_cancelled() -> None:
    """Infinity is an instant that never comes; the limit ends the sleep."""
    clock = SystemClock()
    with clock.move_on_after(0.0) as scope:
        await clock.sleep_until(math.inf)
    assert scope.cancelled_caught


async def test_the_system_clocks_limit_counts_from_entering(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made long before it is entered still gives its whole time."""
    limit = SystemClock().move_on_after(50.0)
    started = anyio.current_time()
    with limit as scope:
        assert scope.deadline >= started + 50.0


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock()])
async def test_no_clock_sleeps_until_nan(clock: Clock) -> None:
    """It would never wake up, and in the virtual clock it would spoil the order of all others."""
    with pytest.raises(ValueError, match="not a number"):
        await clock.sleep_until(math.nan)


async def test_virtual_time_stands_still(clock: VirtualClock) -> None:
    """Waiting for everybody else does not move it."""
    await clock.settle()
    assert (clock.now(), clock.wall()) == (1000.0, 1000.0)
    await clock.advance(0.0)
    assert clock.now() == 1000.0
    with pytest.raises(ValueError, match="time cannot go back"):
        await clock.advance(-1.0)


async def test_the_wall_jumps_and_engine_time_does_not(clock: VirtualClock) -> None:
    """Back and forth, and both go on together afterwards."""
    clock.jump_wall(-600.0)
    assert (clock.now(), clock.wall()) == (1000.0, 400.0)
    await clock.advance(5.0)
    assert (clock.now(), clock.wall()) == (1005.0, 405.0)


async def test_sleepers_wake_one_by_one_at_their_own_instants(clock: VirtualClock) -> None:
    """In the order of their instants, equal ones in the order in which they lay down, each seeing its own time."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, instant: float) -> None:
        await clock.sleep_until(instant)
        woken.append((name, clock.now()))

    async with anyio.create_task_group() as group:
        for name, instant in (("c", 1030.0), ("a", 1010.0), ("b", 1010.0), ("past", 900.0)):
            group.start_soon(sleeper, name, instant)
            await clock.settle()
        assert clock.next_deadline() == 1010.0
        await clock.advance(29.0)
        assert woken == [("past", 1000.0), ("a", 1010.0), ("b", 1010.0)]
        await clock.advance(1.0)
    assert woken[-1] == ("c", 1030.0)
    assert clock.next_deadline() is None


async def test_one_advance_carries_a_chain_of_sleeps(clock: VirtualClock) -> None:
    """A loop that sleeps ten seconds at a time runs six times in a minute."""
    ticks: list[float] = []

    async def loop() -> None:
        while True:
            await clock.sleep_until(clock.now() + 10.0)
            ticks.append(clock.now())

    async with anyio.create_task_group() as group:
        group.start_soon(loop)
        await clock.advance(60.0)
        group.cancel_scope.cancel()
    assert ticks == [1010.0, 1020.0, 1030.0, 1040.0, 1050.0, 1060.0]
    assert clock.next_deadline() is None


async def test_a_frozen_process_wakes_late(clock: VirtualClock) -> None:
    """All that came due meanwhile happens at the instant of the thaw, in order."""
    woken: list[tuple[float, float]] = []

    async def sleeper(instant: float) -> None:
        await clock.sleep_until(instant)
        woken.append((instant, clock.now()))

    async with anyio.create_task_group() as group:
        for instant in (1010.0, 1005.0, 1100.0):
            group.start_soon(sleeper, instant)
        await clock.freeze(50.0)
        assert woken == [(1005.0, 1050.0), (1010.0, 1050.0)]
        await clock.advance(50.0)
    with pytest.raises(ValueError, match="time cannot go back"):
        await clock.freeze(-1.0)


async def test_a_limit_cancels_at_its_instant_and_not_before(clock: VirtualClock) -> None:
    """And one that was left in time cancels nobody."""
    ended: list[tuple[bool, float]] = []

    async def limited() -> None:
        with clock.move_on_after(5.0):
            pass
        with clock.move_on_after(10.0) as scope:
            await anyio.sleep_forever()
        ended.append((scope.cancelled_caught, clock.now()))

    async with anyio.create_task_group() as group:
        group.start_soon(limited)
        await clock.advance(9.0)
        assert ended == []
        await clock.advance(100.0)
    assert ended == [(True, 1010.0)]


async def test_work_in_a_thread_can_be_waited_for_without_moving_time(clock: VirtualClock) -> None:
    """What no virtual time can hurry is waited for by its result."""
    seen: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, seen.append, "from a thread")
        await clock.until(lambda: bool(seen))
    assert clock.now() == 1000.0


async def test_a_limit_of_nothing_cancels_at_once(clock: VirtualClock) -> None:
    """Zero seconds are over before they began."""
    with clock.move_on_after(0.0) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_cancelled_sleeper_is_forgotten(clock: VirtualClock) -> None:
    """Nobody wakes it, and its instant is no deadline any more."""
    with clock.move_on_after(1.0):
        async with anyio.create_task_group() as group:
            group.start_soon(clock.sleep_until, 2000.0)
            await clock.settle()
            group.cancel_scope.cancel()
    assert clock.next_deadline() is None
    await clock.advance(5000.0)


@given(st.lists(st.integers(0, 50), max_size=12), st.lists(st.integers(0, 20), max_size=8))
def test_however_time_is_cut_everybody_wakes_at_the_same_instants(naps: list[int], cuts: list[int]) -> None:
    """One long advance and many short ones give the same history."""

    def history(advances: list[int]) -> list[tuple[int, float]]:
        clock, woken = VirtualClock(0.0), list[tuple[int, float]]()

        async def sleeper(index: int, instant: float) -> None:
            await clock.sleep_until(instant)
            woken.append((index, clock.now()))

        async def main() -> None:
            async with anyio.create_task_group() as group:
                for index, nap in enumerate(naps):
                    group.start_soon(sleeper, index, float(nap))
                    await clock.settle()
                for seconds in advances:
                    await clock.advance(seconds)

        anyio.run(main)
        return woken

    left = max(0, 50 - sum(cuts))
    assert history([*cuts, left]) == history([sum(cuts) + left])
