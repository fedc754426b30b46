"""Used as in the guide, without ``async with``: the background work starts by itself and ends with the loop."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Post, alert, listed

from tocsin import (
    AlertRoutingRule,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationKind,
    Outcome,
)
from tocsin.testing.clock import VirtualClock

Loop = tuple[str, dict[str, Any]]


def run(function: Any, anyio_backend: Loop) -> None:
    """Run *function* in a loop of its own, which ends with it."""
    name, options = anyio_backend
    anyio.run(function, backend=name, backend_options=options)


@pytest.fixture
def escalating(alerting: FederationAlertingService, post: Post) -> FederationAlertingService:
    """The service with a pager that is told after five minutes."""
    alerting.add_channel(post.channel("pager"))
    alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
    alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
    return alerting


def test_escalation_comes_after_five_minutes_without_anybody_polling(
    escalating: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """One call, and then nothing but time."""

    async def main() -> None:
        await escalating.process_alert(alert())
        await clock.advance(299.9)
        assert post.to("pager") == []
        await clock.advance(0.1)
        assert [one.kind for one in post.to("pager")] == [NotificationKind.ESCALATION]

    run(main, anyio_backend)


def test_two_loops_in_turn_share_one_service(
    escalating: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """What the first loop began, the second goes on with, once it is used there."""

    async def first() -> None:
        await escalating.process_alert(alert("a1"))

    async def second() -> None:
        await escalating.process_alert(alert("b1", metric_name="disk"))
        assert [one.alert_id for one in escalating.get_active_alerts()] == ["a1", "b1"]
        await clock.advance(300)

    run(first, anyio_backend)
    run(second, anyio_backend)
    assert [listed(one) for one in post.to("ops")] == [["a1"], ["b1"]]
    assert sorted(listed(one) for one in post.to("pager")) == [["a1"], ["b1"]]


def test_an_attempt_that_the_first_loop_cut_off_is_made_again_with_the_same_id(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """Nobody can say whether it arrived: it counts as unknown and is sent again."""
    post.will("ops", HANG)

    async def first() -> None:
        await alerting.process_alert(alert(), wait=False)
        await clock.settle()
        assert len(post.sent) == 1

    async def second() -> None:
        await alerting.submit()
        await clock.advance(60)

    run(first, anyio_backend)
    run(second, anyio_backend)
    assert [listed(one) for one in post.sent] == [["a1"], ["a1"]]
    assert len({one.notification_id for one in post.sent}) == 1
    assert [one.attempt for one in post.sent] == [1, 2]


def test_what_was_committed_and_not_started_is_sent_in_the_second_loop(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """The first loop ends before its background work ran at all."""

    async def first() -> None:
        await alerting.process_alert(alert(), wait=False)

    async def second() -> None:
        await alerting.submit()
        await clock.advance(60)

    run(first, anyio_backend)
    run(second, anyio_backend)
    assert {one.alert_id for one in alerting.get_active_alerts()} == {"a1"}
    assert len({one.notification_id for one in post.sent}) == 1
    assert alerting.delivery_history[-1].success


def test_a_synchronous_call_between_two_loops_is_carried_out_in_the_second(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """A resolution that was committed without a loop is told as soon as there is one."""

    async def first() -> None:
        await alerting.process_alert(alert())

    async def second() -> None:
        await alerting.submit()
        await clock.advance(60)

    run(first, anyio_backend)
    assert alerting.resolve_alert("a1") is True
    run(second, anyio_backend)
    assert [one.status.value for one in post.sent if one.attempt == 1] == ["firing", "resolved"]


def test_a_synchronous_first_call_starts_the_background_work(
    escalating: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """In the second loop nobody awaits anything of the service: one synchronous call is enough."""

    async def first() -> None:
        await escalating.process_alert(alert())

    async def second() -> None:
        assert escalating.snooze_alert("nobody", 1) is False
        await clock.advance(300)

    run(first, anyio_backend)
    run(second, anyio_backend)
    assert len(post.to("pager")) == 1


def test_a_failing_backend_never_raises_into_the_loop(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, anyio_backend: Loop
) -> None:
    """The attempt has failed, and is made again."""
    post.will("ops", RuntimeError("s3cret"), SystemError("s3cret"), Outcome.delivered())

    async def main() -> None:
        await alerting.process_alert(alert())
        await clock.advance(60)

    run(main, anyio_backend)
    assert [delivery.success for delivery in alerting.delivery_history] == [False, False, True]


def test_backends_are_left_and_entered_again_with_the_loop(
    make_alerting: MakeAlerting, post: Post, anyio_backend: Loop
) -> None:
    """A connection belongs to its loop: each loop has its own, and closes it."""
    alerting = make_alerting()
    alerting.add_channel(post.channel("ops", backend="held_post"))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))

    async def main() -> None:
        count = len(post.entered)
        await alerting.process_alert(alert(f"a{count}", metric_name=f"m{count}"))
        assert (len(post.entered), len(post.left)) == (count + 1, count)

    run(main, anyio_backend)
    run(main, anyio_backend)
    assert len(post.left) == 2


def test_it_cannot_be_entered_while_it_runs_detached(alerting: FederationAlertingService, anyio_backend: Loop) -> None:
    """Two runners would be one too many; the error says what to do."""

    async def main() -> None:
        await alerting.process_alert(alert())
        with pytest.raises(ConfigurationError, match="before the first call"):
            await alerting.__aenter__()

    run(main, anyio_backend)
