"""What ``process_alert``, ``process_alerts`` and ``submit`` wait for, and what they answer."""

from __future__ import annotations

import anyio
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Post, alert, listed

from tocsin import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AlertRoutingRule,
    FederationAlertingService,
    LabelMatcher,
    MatchOperator,
    Outcome,
    PerformanceAlert,
    Silence,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


class Call:
    """One ``process_alert`` in a task of its own."""

    def __init__(self, alerting: FederationAlertingService) -> None:
        self.alerting = alerting
        self.returned = False

    async def process(self, one: PerformanceAlert) -> None:
        """Make the call and note its end."""
        await self.alerting.process_alert(one)
        self.returned = True


async def test_it_returns_after_the_first_attempt(alerting: FederationAlertingService, post: Post) -> None:
    """So that "check that it went to the expected channels" works on the next line."""
    async with alerting:
        assert await alerting.process_alert(alert()) is True
        assert [delivery.success for delivery in alerting.delivery_history] == [True]


async def test_a_failed_first_attempt_counts_as_one(alerting: FederationAlertingService, post: Post) -> None:
    """Retries are not waited for."""
    post.will("ops", Outcome.unavailable("busy"))
    async with alerting:
        await alerting.process_alert(alert())
        assert [delivery.success for delivery in alerting.delivery_history] == [False]


async def test_it_waits_for_every_channel(alerting: FederationAlertingService, post: Post, clock: VirtualClock) -> None:
    """One that hangs is waited for although another one answered, five seconds and no longer."""
    post.will("slow", HANG)
    async with alerting, anyio.create_task_group() as tasks:
        alerting.add_channel(post.channel("slow"))
        alerting.add_routing_rule(AlertRoutingRule("slow", target_channels=["slow"]))
        call = Call(alerting)
        tasks.start_soon(call.process, alert())
        await clock.advance(4.99)
        assert [delivery.channel_id for delivery in alerting.delivery_history] == ["ops"]
        returned = [call.returned]
        await clock.advance(0.01)
        assert [*returned, call.returned] == [False, True]
        await clock.advance(30)


async def test_the_bound_is_configurable(make_alerting: MakeAlerting, post: Post, clock: VirtualClock) -> None:
    """``first_attempt_seconds``, in seconds."""
    post.will("ops", HANG)
    async with make_alerting(first_attempt_seconds=0.5) as alerting, anyio.create_task_group() as tasks:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        call = Call(alerting)
        tasks.start_soon(call.process, alert())
        await clock.advance(0.5)
        assert call.returned
        await clock.advance(30)


async def test_folded_notifications_are_not_waited_for(alerting: FederationAlertingService, post: Post) -> None:
    """The clock stands still: if it were waited for, this would never end."""
    async with alerting:
        await alerting.process_alert(alert("a1"))
        await alerting.process_alert(alert("a2"))
    assert [listed(one) for one in post.sent] == [["a1"]]


async def test_held_notifications_are_not_waited_for(make_alerting: MakeAlerting, post: Post) -> None:
    """As above, for the rate limit."""
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", rate_limit_per_minute=1))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        await alerting.process_alert(alert("a2", metric_name="disk"))
    assert [listed(one) for one in post.sent] == [["a1"]]


async def test_an_acknowledgement_ends_the_waiting_for_what_it_cancels(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """A notification that waits behind another and is cancelled there is not waited for any longer."""
    post.will("ops", HANG)
    async with alerting, anyio.create_task_group() as tasks:
        first, second = Call(alerting), Call(alerting)
        tasks.start_soon(first.process, alert("a1"))
        await clock.settle()
        tasks.start_soon(second.process, alert("a2", severity="critical"))
        await clock.settle()
        assert alerting.acknowledge_alert("a2")
        await clock.advance(5)
        assert first.returned
        assert second.returned
        await clock.advance(30)
    assert [listed(one) for one in post.sent] == [["a1"], ["a1"]]


async def test_without_waiting_it_returns_once_committed(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """``wait=False``: a receiver that hangs does not matter."""
    post.will("ops", HANG)
    async with alerting:
        assert await alerting.process_alert(alert(), wait=False) is True
        assert [one.alert_id for one in alerting.get_active_alerts()] == ["a1"]
        assert alerting.delivery_history == []
        await clock.advance(30)
        assert alerting.delivery_history[0].outcome == "unknown"
        await clock.advance(30)


async def test_a_receiver_that_hangs_delays_no_other_channel(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Each channel has its own lane."""
    post.will("slow", HANG)
    async with alerting:
        alerting.add_channel(post.channel("slow"))
        alerting.add_routing_rule(AlertRoutingRule("slow", target_channels=["slow"]))
        await alerting.process_alert(alert("a1"), wait=False)
        await alerting.process_alert(alert("b1", metric_name="disk"), wait=False)
        await clock.settle()
        assert sorted(listed(one) for one in post.to("ops")) == [["a1"], ["b1"]]
        await clock.advance(35)


async def test_several_alerts_are_one_batch(alerting: FederationAlertingService, post: Post) -> None:
    """What one step has to tell one channel about one incident is one notification."""
    async with alerting:
        answers = await alerting.process_alerts(alert(f"a{n}", severity="critical") for n in range(3))
        assert await alerting.process_alerts([]) == ()
    assert answers == (True, True, True)
    assert [listed(one) for one in post.sent] == [["a0", "a1", "a2"]]


async def test_submit_answers_each_fact_in_order(alerting: FederationAlertingService) -> None:
    """True for what was taken in, False for what stands for nothing."""
    silence = Silence("s1", [LabelMatcher("cluster_id", MatchOperator.EQUAL, "x")], 0.0, 4e9)
    async with alerting:
        answers = await alerting.submit(
            Acknowledged("a1"),
            AlertFired(alert("a1")),
            Acknowledged("a1", by="ada"),
            Snoozed("nobody", 60),
            SilenceSet(silence),
            SilenceExpired("s1"),
            SilenceExpired("s2"),
            AlertResolved("a1"),
            AlertResolved("a1"),
        )
        assert await alerting.submit() == ()
    assert answers == (False, True, True, False, True, True, False, True, False)


async def test_submit_waits_for_no_notification(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """It returns once the batch is committed."""
    post.will("ops", HANG)
    async with alerting:
        await alerting.submit(AlertFired(alert()))
        assert alerting.delivery_history == []
        await clock.advance(40)
