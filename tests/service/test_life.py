"""``async with``: entering, draining, what is left behind, and what a closed service says."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Journal, Post, alert

from tocsin import (
    AlertResolved,
    AlertRoutingRule,
    ConfigurationError,
    FederationAlertingService,
    Outcome,
    ServiceClosed,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


async def test_leaving_waits_for_attempts_under_way(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """What was started and not waited for is delivered before the service ends."""
    async with alerting:
        for number in range(20):
            await alerting.process_alert(alert(f"a{number}", metric_name=f"m{number}"), wait=False)
    assert len(post.sent) == 20
    assert [delivery.success for delivery in alerting.delivery_history] == [True] * 20
    assert alerting.left_behind == ()


async def test_leaving_waits_for_a_bounded_time_and_reports_what_was_left(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A receiver that hangs is cancelled after ``drain_seconds``; its notification is named."""
    alerting = make_alerting(drain_seconds=3.0)
    alerting.add_channel(post.channel("ops"))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    post.will("ops", HANG)
    left = anyio.Event()

    async def use() -> None:
        async with alerting:
            await alerting.process_alert(alert(), wait=False)
        left.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)
        await clock.advance(2.9)
        assert not left.is_set()
        await clock.advance(5)
        assert left.is_set()
    assert alerting.left_behind == (post.sent[0].notification_id,)
    assert post.cancelled == 1
    (record,) = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert "1 notification" in record.getMessage()


async def test_a_retry_that_is_not_due_is_left_behind_at_once(alerting: FederationAlertingService, post: Post) -> None:
    """The clock stands still: waiting for it would never end."""
    post.will("ops", Outcome.unavailable("busy"))
    async with alerting:
        await alerting.process_alert(alert())
    assert alerting.left_behind == (post.sent[0].notification_id,)


async def test_an_error_in_the_block_is_passed_on_after_draining(
    alerting: FederationAlertingService, post: Post
) -> None:
    """The application's own exception comes out, alone; what it said last is told: that is the alert that matters."""

    async def use() -> None:
        async with alerting:
            await alerting.process_alert(alert(), wait=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()
    assert len(post.sent) == 1
    assert alerting.left_behind == ()


async def test_it_can_be_cancelled_from_outside(alerting: FederationAlertingService, post: Post) -> None:
    """A cancelled scope around the block ends it, whatever hangs."""
    post.will("ops", HANG)
    with anyio.CancelScope() as scope:
        async with alerting:
            await alerting.process_alert(alert(), wait=False)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    with pytest.raises(ServiceClosed):
        await alerting.submit()


ASYNC_CALLS: dict[str, Callable[[FederationAlertingService], Awaitable[Any]]] = {
    "process_alert": lambda alerting: alerting.process_alert(alert()),
    "process_alerts": lambda alerting: alerting.process_alerts([alert()]),
    "submit": lambda alerting: alerting.submit(AlertResolved("a1")),
    "enter": lambda alerting: alerting.__aenter__(),
}
CALLS: dict[str, Callable[[FederationAlertingService], object]] = {
    "resolve": lambda alerting: alerting.resolve_alert("a1"),
    "acknowledge": lambda alerting: alerting.acknowledge_alert("a1"),
    "snooze": lambda alerting: alerting.snooze_alert("a1", 60),
    "configure": lambda alerting: alerting.add_routing_rule(AlertRoutingRule("late")),
}


@pytest.mark.parametrize("name", [*ASYNC_CALLS, *CALLS])
async def test_a_closed_service_takes_nothing_more(alerting: FederationAlertingService, name: str) -> None:
    """It says so, rather than forgetting the alert."""
    async with alerting:
        await alerting.process_alert(alert())
    with pytest.raises(ServiceClosed, match="left"):
        await ASYNC_CALLS[name](alerting) if name in ASYNC_CALLS else CALLS[name](alerting)
    assert [one.alert_id for one in alerting.get_active_alerts()] == ["a1"]


async def test_it_can_be_entered_once(alerting: FederationAlertingService) -> None:
    """The error says so."""
    async with alerting:
        with pytest.raises(ConfigurationError, match="once"):
            await alerting.__aenter__()


async def test_the_store_is_closed_once(make_alerting: MakeAlerting) -> None:
    """When the service is left."""
    store = Journal()
    async with make_alerting(store=store):
        assert store.closed == 0
    assert store.closed == 1


async def test_a_backends_context_is_entered_and_left_once_in_one_task(make_alerting: MakeAlerting, post: Post) -> None:
    """However many notifications go through it."""
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", backend="held_post"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        assert post.entered == []
        for number in range(5):
            await alerting.process_alert(alert(f"a{number}", metric_name=f"m{number}"))
        assert (len(post.made), len(post.entered), len(post.left)) == (1, 1, 0)
    assert post.entered == post.left
    assert len(post.sent) == 5


async def test_new_settings_make_a_new_backend_and_leave_the_old_one(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """A rule that is added leaves the backend alone; the channel's own settings do not."""
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", backend="held_post", config={"token": "one"}))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        alerting.add_routing_rule(AlertRoutingRule("another", target_channels=["ops"]))
        await alerting.process_alert(alert("b1", metric_name="disk"))
        assert (len(post.made), len(post.left)) == (1, 0)
        alerting.add_channel(post.channel("ops", backend="held_post", config={"token": "two"}))
        await alerting.process_alert(alert("c1", metric_name="memory"))
        await clock.settle()
        assert (len(post.entered), len(post.left)) == (2, 1)
    assert [config.token for _, config in post.made] == ["one", "two"]
    assert post.entered == post.left


async def test_a_backend_that_cannot_be_entered_is_a_gap_and_is_tried_again(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """It cost one attempt; the retry enters a new one."""
    post.enter_error = OSError("s3cret")
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", backend="held_post"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
        assert [gap.kind.value for gap in alerting.gaps] == ["backend_failed"]
        post.enter_error = None
        await clock.advance(10)
        assert [delivery.success for delivery in alerting.delivery_history] == [False, True]
        assert "s3cret" not in repr(alerting.gaps)


async def test_a_backend_that_raises_when_it_is_left_harms_nobody(
    make_alerting: MakeAlerting, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged without the exception's text, which may hold a secret."""
    post.leave_error = OSError("s3cret")
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", backend="held_post"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
    assert "OSError" in caplog.text
    assert "s3cret" not in caplog.text
