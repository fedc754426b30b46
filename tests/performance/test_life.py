"""Starting and stopping: with and without ``async with``, twice, and over several event loops."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import anyio.to_thread
import pytest

from tocsin.performance import ClusterMetrics, PerformanceMetricsService
from tocsin.testing.clock import VirtualClock

BACKENDS = [
    pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
    pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    pytest.param(("trio", {}), id="trio"),
]
HOT = ClusterMetrics("c", cpu_usage_percent=99.0)


@pytest.mark.anyio
async def test_starting_twice_is_starting_once(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """And so is stopping; stopping what never ran does nothing."""
    collector = scripted()
    service = make_service(collectors=[collector])
    await service.stop_collection()
    assert not service.collecting
    await service.start_collection()
    await service.start_collection()
    assert service.collecting
    await clock.advance(30.0)
    assert collector.asked == 2
    await service.stop_collection()
    await service.stop_collection()
    assert not service.collecting
    await clock.advance(300.0)
    assert collector.asked == 2


@pytest.mark.anyio
async def test_starting_and_stopping_while_it_stops(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """Both wait until the old run is gone; then the start starts a new one."""
    collector = scripted()

    async def slow(alert: Any) -> None:
        await clock.sleep_until(clock.now() + 3.0)

    service = make_service(collectors=[collector])
    service.add_alert_callback(slow)
    await service.start_collection()
    service.ingest_cluster_metrics(HOT)
    await clock.settle()
    async with anyio.create_task_group() as group:
        for act in (service.stop_collection, service.stop_collection, service.start_collection):
            group.start_soon(act)
            await clock.settle()
        assert (service.collecting, collector.asked) == (False, 1)
        await clock.advance(3.0)
    await clock.settle()
    assert (service.collecting, collector.asked) == (True, 2)
    await service.stop_collection()


@pytest.mark.anyio
async def test_leaving_by_cancellation_stops_as_well(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """Nothing goes on in the background of an application that was cancelled."""
    collector = scripted()
    service = make_service(collectors=[collector])
    with clock.move_on_after(10.0):
        async with anyio.create_task_group() as group, service:
            group.start_soon(anyio.sleep_forever)
            await clock.advance(20.0)
            await anyio.sleep_forever()
    assert not service.collecting
    await clock.advance(300.0)
    assert collector.asked == 1


@pytest.mark.anyio
async def test_a_stop_that_is_cancelled_still_stops(make_service: Any, clock: VirtualClock) -> None:
    """Whoever does not want to wait need not."""

    async def hanging(alert: Any) -> None:
        await anyio.sleep_forever()

    service = make_service(drain_seconds=1000.0)
    service.add_alert_callback(hanging)
    await service.start_collection()
    service.ingest_cluster_metrics(HOT)
    await clock.settle()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(service.stop_collection)
            await clock.settle()
            scope.cancel()
    await clock.settle()
    await service.start_collection()
    assert service.collecting
    await service.start_collection()
    await clock.settle()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await service.stop_collection()
    assert not service.collecting


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_service_serves_several_loops_in_turn(
    backend: tuple[str, dict[str, Any]], clock: VirtualClock, listener: Any, scripted: Any
) -> None:
    """A loop that ends takes the collection with it, quietly; the next one may start it again."""
    collector = scripted()
    service = PerformanceMetricsService(clock=clock, collectors=[collector])
    service.add_alert_callback(listener)

    async def main() -> None:
        await service.start_collection()
        service.ingest_cluster_metrics(HOT)
        await clock.advance(30.0)

    for times in (1, 2):
        anyio.run(main, backend=backend[0], backend_options=backend[1])
        assert not service.collecting
        assert (collector.asked, len(listener.alerts)) == (2 * times, times)

    async def stop() -> None:
        await service.stop_collection()

    anyio.run(stop, backend=backend[0], backend_options=backend[1])


def test_a_loop_that_was_closed_in_the_middle_hinders_nobody(clock: VirtualClock, listener: Any) -> None:
    """Its callback never returned; in the next loop that one is called again."""
    held: list[Any] = []

    async def hanging(alert: Any) -> None:
        held.append(alert)
        await anyio.sleep_forever()

    service = PerformanceMetricsService(clock=clock)
    service.add_alert_callback(hanging)

    async def main() -> None:
        await service.start_collection()
        service.ingest_cluster_metrics(HOT)
        await clock.settle()

    first = asyncio.new_event_loop()
    try:
        first.run_until_complete(main())
        asyncio.run(main())
        assert len(held) == 2
    finally:
        for task in asyncio.all_tasks(first):
            task.cancel()
            first.run_until_complete(asyncio.gather(task, return_exceptions=True))
        first.close()
    assert not service.collecting


@pytest.mark.anyio
async def test_it_moves_to_the_loop_that_starts_it(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """The loop in which it ran before, in another thread, gives it up."""
    service = make_service(collectors=[scripted()])
    await service.start_collection()
    await clock.settle()
    first = service._run

    def other_loop() -> None:
        async def main() -> None:
            await service.start_collection()
            await service.stop_collection()

        anyio.run(main)

    await anyio.to_thread.run_sync(other_loop)
    await clock.settle()
    assert not first.working
    assert not service.collecting


@pytest.mark.anyio
async def test_another_loop_can_stop_it(make_service: Any, clock: VirtualClock, scripted: Any) -> None:
    """Without waiting for it."""
    collector = scripted()
    service = make_service(collectors=[collector])
    await service.start_collection()
    await clock.settle()
    await anyio.to_thread.run_sync(anyio.run, service.stop_collection)
    assert not service.collecting
    await clock.advance(300.0)
    assert collector.asked == 1
