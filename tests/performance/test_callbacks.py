"""Callbacks run outside the collection, each for itself: one that raises or hangs harms no other."""

from __future__ import annotations

import functools
import logging
import sys
import threading
from typing import Any

import anyio
import pytest

from tocsin.errors import ConfigurationError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import AlertFired, AlertResolved
from tocsin.performance import ClusterMetrics
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


def cpu(percent: float, cluster_id: str = "c") -> ClusterMetrics:
    """A measurement of a cluster's processors."""
    return ClusterMetrics(cluster_id, cpu_usage_percent=percent)


def shown(service: Any, index: int = 0) -> dict[str, Any]:
    """What the summary says of a callback."""
    entry: dict[str, Any] = service.get_performance_summary()["callbacks"][index]
    return entry


async def test_a_callback_hears_of_each_change_and_of_fresh_values(
    make_service: Any, clock: VirtualClock, listener: Any
) -> None:
    """One alert, one id: warning, still warning, critical, warning again; its end is told to the other kind."""
    ended = type(listener)()
    service = make_service()
    service.add_alert_callback(listener)
    service.add_resolve_callback(ended)
    async with service:
        for percent in (50.0, 85.0, 86.0, 99.0, 83.0, 10.0):
            service.ingest_cluster_metrics(cpu(percent))
            await clock.settle()
    assert [(alert.severity.value, alert.current_value) for alert in listener.alerts] == [
        ("warning", 85.0),
        ("warning", 86.0),
        ("critical", 99.0),
        ("warning", 83.0),
    ]
    assert {alert.alert_id for alert in listener.alerts} == {"c:cpu_usage"}
    assert [alert.current_value for alert in ended.alerts] == [83.0]


async def test_what_happened_before_the_start_is_told_at_the_start(
    make_service: Any, clock: VirtualClock, listener: Any
) -> None:
    """The latest of each alert."""
    service = make_service()
    service.add_alert_callback(listener)
    service.ingest_cluster_metrics(cpu(90.0))
    service.ingest_cluster_metrics(cpu(99.0))
    assert shown(service)["pending"] == 1
    async with service:
        await clock.settle()
        assert listener.told == [("c:cpu_usage", "critical")]


async def test_a_callback_added_while_collecting_hears_of_what_comes(
    make_service: Any, clock: VirtualClock, listener: Any
) -> None:
    """From the next measurement on, of alerts that fire already as well."""
    service = make_service()
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        service.add_alert_callback(listener)
        await clock.settle()
        assert listener.told == []
        service.ingest_cluster_metrics(cpu(91.0))
        await clock.settle()
        assert listener.told == [("c:cpu_usage", "warning")]


async def test_one_that_raises_is_logged_once_and_called_again(
    make_service: Any, clock: VirtualClock, listener: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With fresh values, and at the end of each interval; the others hear everything; its text stays secret."""
    calls: list[float | None] = []

    async def broken(alert: PerformanceAlert) -> None:
        calls.append(alert.current_value)
        raise ValueError("token hunter2")

    service = make_service()
    service.add_alert_callback(broken)
    service.add_alert_callback(listener)
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        await clock.settle()
        service.ingest_cluster_metrics(cpu(91.0))
        await clock.advance(30.0)
        assert calls == [90.0, 91.0, 91.0]
        assert [alert.current_value for alert in listener.alerts] == [90.0, 91.0]
    (message,) = [record.getMessage() for record in caplog.records]
    assert "broken failed: ValueError at test_callbacks.py" in message
    assert "hunter2" not in message
    assert (shown(service)["failures"], shown(service)["hung"]) == (4, False)
    assert "hunter2" not in str(service.get_performance_summary())


async def test_an_end_that_could_not_be_told_is_told_in_the_next_round(make_service: Any, clock: VirtualClock) -> None:
    """Until the callback takes it."""
    calls: list[str] = []

    async def twice_broken(alert: PerformanceAlert) -> None:
        calls.append(alert.alert_id)
        if len(calls) < 3:
            raise ConnectionError

    service = make_service()
    service.add_resolve_callback(twice_broken)
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        service.ingest_cluster_metrics(cpu(10.0))
        await clock.advance(29.0)
        assert len(calls) == 1
        await clock.advance(1.0)
        assert len(calls) == 2
        await clock.advance(300.0)
        assert len(calls) == 3
    assert (shown(service)["pending"], shown(service)["problem"]) == (0, None)


async def test_one_that_hangs_is_reported_once_and_delays_nobody(
    make_service: Any, clock: VirtualClock, listener: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is owed little meanwhile, and carries on with the latest when it returns."""
    go, seen = anyio.Event(), list[float | None]()

    async def hanging(alert: PerformanceAlert) -> None:
        seen.append(alert.current_value)
        await go.wait()

    service = make_service(callback_patience=60.0)
    service.add_alert_callback(hanging)
    service.add_alert_callback(listener)
    async with service:
        for step in range(10):
            service.ingest_cluster_metrics(cpu(90.0 + step / 10))
            await clock.advance(30.0)
        assert len(listener.alerts) == 10
        assert seen == [90.0]
        assert (shown(service)["hung"], shown(service)["pending"]) == (True, 1)
        assert [record.getMessage() for record in caplog.records] == [f"callback {hanging.__qualname__} hangs for 60 s"]
        go.set()
        await clock.settle()
        assert seen == [90.0, 90.9]
        assert shown(service)["hung"] is False


async def test_one_that_hangs_for_good_ends_with_the_collection(make_service: Any, clock: VirtualClock) -> None:
    """Nobody waits for one that was reported; what it was told last is owed again at the next start."""
    calls: list[float | None] = []

    async def hanging(alert: PerformanceAlert) -> None:
        calls.append(alert.current_value)
        await anyio.sleep_forever()

    service = make_service(callback_patience=30.0)
    service.add_alert_callback(hanging)
    for _ in range(2):
        await service.start_collection()
        service.ingest_cluster_metrics(cpu(90.0))
        await clock.advance(60.0)
        await service.stop_collection()
    assert calls == [90.0, 90.0]
    assert shown(service)["pending"] == 1


async def test_stopping_waits_for_a_callback_but_not_for_ever(make_service: Any, clock: VirtualClock) -> None:
    """Five seconds unless set otherwise."""
    ended: list[str] = []

    async def slow(alert: PerformanceAlert) -> None:
        await clock.sleep_until(clock.now() + 3.0)
        ended.append(alert.cluster_id)

    service = make_service(drain_seconds=5.0)
    service.add_alert_callback(slow)
    await service.start_collection()
    for cluster_id in ("a", "b", "c"):
        service.ingest_cluster_metrics(cpu(90.0, cluster_id))
    began = clock.now()
    async with anyio.create_task_group() as group:
        group.start_soon(service.stop_collection)
        await clock.advance(4.9)
        assert service.get_performance_summary()["collecting"] is False
        assert ended == ["a"]
        await clock.advance(0.1)
    assert clock.now() == began + 5.0
    assert ended == ["a"]
    assert shown(service)["pending"] == 2


async def test_a_plain_function_runs_in_a_thread_and_may_block(
    make_service: Any, clock: VirtualClock, listener: Any
) -> None:
    """It blocks nobody but itself."""
    release, entered, threads = threading.Event(), threading.Event(), list[int]()

    def blocking(alert: PerformanceAlert) -> None:
        threads.append(threading.get_ident())
        entered.set()
        release.wait()

    service = make_service()
    service.add_alert_callback(blocking)
    service.add_alert_callback(listener)
    try:
        async with service:
            service.ingest_cluster_metrics(cpu(90.0))
            await clock.until(entered.is_set)
            service.ingest_cluster_metrics(cpu(91.0))
            await clock.advance(60.0)
            assert len(listener.alerts) == 2
            assert shown(service)["hung"] is True
    finally:
        release.set()
    assert threads[0] != threading.get_ident()


async def test_a_function_that_returns_something_to_await_is_awaited(make_service: Any, clock: VirtualClock) -> None:
    """A lambda around a coroutine function, a partial of one, and a bound method all do what they look like."""
    seen: list[str] = []

    class Receiver:
        async def take(self, how: str, alert: PerformanceAlert) -> None:
            seen.append(f"{how} {alert.alert_id}")

    receiver = Receiver()
    service = make_service()
    service.add_alert_callback(lambda alert: receiver.take("lambda", alert))
    service.add_alert_callback(functools.partial(receiver.take, "partial"))
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        await clock.until(lambda: len(seen) == 2)
    assert sorted(seen) == ["lambda c:cpu_usage", "partial c:cpu_usage"]
    assert shown(service, 1)["name"].endswith("Receiver.take")


async def test_a_callback_may_use_the_service(make_service: Any, clock: VirtualClock) -> None:
    """It is never called while a lock is held."""
    seen: list[int] = []
    service = make_service()

    async def curious(alert: PerformanceAlert) -> None:
        seen.append(len(service.get_active_alerts()))
        service.record_latency("d", 1.0)

    service.add_alert_callback(curious)
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        await clock.settle()
    assert seen == [1]


async def test_a_callback_that_cancels_its_own_task_is_called_again(
    make_service: Any, clock: VirtualClock, anyio_backend_name: str, scripted: Any
) -> None:
    """On asyncio, to await something cancelled looks like being cancelled; it must not end the collection."""
    if anyio_backend_name == "trio":
        pytest.skip("on trio nothing but a scope can cancel")
    calls: list[float | None] = []

    async def unlucky(alert: PerformanceAlert) -> None:
        calls.append(alert.current_value)
        raise anyio.get_cancelled_exc_class()

    class Unlucky:
        async def collect(self) -> Any:
            raise anyio.get_cancelled_exc_class()

    collector = scripted([cpu(90.0)], [cpu(91.0)])
    service = make_service(collectors=[Unlucky(), collector])
    service.add_alert_callback(unlucky)
    async with service:
        await clock.advance(30.0)
        assert calls == [90.0, 90.0, 91.0]
        assert service.collecting
        assert shown(service)["problem"] == "ended its own task"
        assert service.get_performance_summary()["collectors"][0]["problem"] == "ended its own task"


class Pair:
    """An alerting service that has what connect() needs, and nothing more."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def process_alert(self, alert: PerformanceAlert) -> None:
        self.calls.append(f"process {alert.alert_id} {alert.severity.value}")

    def resolve_alert(self, alert_id: str) -> bool:
        self.calls.append(f"resolve {alert_id}")
        return True


class Sink(Pair):
    """One that takes facts, too, and fails at first."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.commits: list[tuple[Any, ...]] = []

    async def submit(self, *facts: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.commits.append(facts)


async def test_a_connected_service_gets_firings_and_ends_in_their_order(make_service: Any, clock: VirtualClock) -> None:
    """Through one queue, so that an end never overtakes its firing."""
    alerting = Pair()
    service = make_service()
    service.connect(alerting)
    async with service:
        for percent in (90.0, 99.0, 10.0, 90.0):
            service.ingest_cluster_metrics(cpu(percent))
            expected = len(alerting.calls) + 1
            await clock.until(lambda expected=expected: len(alerting.calls) == expected)  # type: ignore[misc]  # bound
    assert alerting.calls == [
        "process c:cpu_usage warning",
        "process c:cpu_usage critical",
        "resolve c:cpu_usage",
        "process c:cpu_usage warning",
    ]
    assert shown(service)["name"] == "Pair"


async def test_a_service_that_takes_facts_gets_them_in_one_commit(make_service: Any, clock: VirtualClock) -> None:
    """Two hundred clusters that fail at once are one submission, not two hundred."""
    alerting = Sink()
    service = make_service()
    service.connect(alerting)
    async with service:
        for number in range(200):
            service.ingest_cluster_metrics(cpu(99.0, f"c{number}"))
        await clock.settle()
        service.forget_cluster("c7")
        await clock.settle()
    first, second = alerting.commits
    assert len(first) == 200
    assert all(isinstance(fact, AlertFired) for fact in first)
    assert second == (AlertResolved("c7:cpu_usage"),)
    assert alerting.calls == []


async def test_what_a_service_could_not_commit_is_submitted_again(make_service: Any, clock: VirtualClock) -> None:
    """Firings and ends, in the next round."""
    alerting = Sink(failures=1)
    service = make_service()
    service.connect(alerting)
    async with service:
        service.ingest_cluster_metrics(cpu(99.0, "a"))
        service.ingest_cluster_metrics(cpu(10.0, "a"))
        service.ingest_cluster_metrics(cpu(99.0, "b"))
        await clock.settle()
        assert alerting.commits == []
        await clock.advance(30.0)
    (commit,) = alerting.commits
    assert [type(fact).__name__ for fact in commit] == ["AlertFired", "AlertResolved", "AlertFired"]


def test_only_an_alerting_service_can_be_connected(make_service: Any) -> None:
    """The message says what is missing."""
    wrong: Any = object()
    with pytest.raises(ConfigurationError, match=r"cannot connect to a object: it has no process_alert\(\)"):
        make_service().connect(wrong)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio has eager tasks since 3.12")
async def test_eager_tasks_do_not_run_callbacks_inside_a_report(
    make_service: Any, clock: VirtualClock, anyio_backend_name: str, listener: Any
) -> None:
    """With asyncio's eager task factory a new task begins inside its maker, who holds the lock here."""
    if anyio_backend_name == "trio":
        pytest.skip("asyncio only")
    import asyncio

    def eager(loop: Any, coroutine: Any, **options: Any) -> Any:
        # asyncio's own factory, but that some versions of uvloop and of Python disagree about its arguments
        make: Any = asyncio.Task
        return make(coroutine, loop=loop, **{**options, "eager_start": True})

    service = make_service()
    asyncio.get_running_loop().set_task_factory(eager)
    try:
        async with service:
            service.ingest_cluster_metrics(cpu(90.0))

            async def curious(alert: PerformanceAlert) -> None:
                listener.alerts += service.get_active_alerts()

            service.add_alert_callback(curious)
            service.ingest_cluster_metrics(cpu(91.0))
            await clock.settle()
            assert len(listener.alerts) == 1
    finally:
        asyncio.get_running_loop().set_task_factory(None)


async def test_logging_says_when_a_hang_is_over(
    make_service: Any, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """At level INFO."""
    caplog.set_level(logging.INFO)
    go = anyio.Event()

    async def hanging(alert: PerformanceAlert) -> None:
        await go.wait()

    service = make_service()
    service.add_alert_callback(hanging)
    async with service:
        service.ingest_cluster_metrics(cpu(90.0))
        await clock.advance(60.0)
        go.set()
        await clock.settle()
        assert f"callback {hanging.__qualname__} hangs no more" in caplog.text
