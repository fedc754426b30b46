"""The configuration changes while alerts fire."""

from __future__ import annotations

from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Journal, Post, alert, listed, told

from tocsin import (
    AlertRoutingRule,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationKind,
    NotificationTemplate,
    Outcome,
    StoreError,
    Watchdog,
    create_slack_channel,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


async def test_a_new_channel_is_told_of_what_fires_already(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Once, in one digest; those who know are not told again."""
    async with alerting:
        await alerting.process_alerts([alert(f"a{n}", metric_name=f"m{n}") for n in range(3)])
        before = len(post.sent)
        alerting.add_channel(post.channel("late"))
        alerting.add_routing_rule(AlertRoutingRule("late", target_channels=["late"]))
        await clock.settle()
        assert [listed(one) for one in post.to("late")] == [["a0", "a1", "a2"]]
        assert len(post.sent) == before + 1


async def test_alerts_that_come_with_the_first_commit_of_a_configuration_are_told_as_ever(
    alerting: FederationAlertingService, post: Post
) -> None:
    """A digest is for what fired before a reload; the first batch of a new service is no such thing."""
    async with alerting:
        await alerting.process_alerts([alert("a1"), alert("b1", metric_name="disk")])
    assert sorted(listed(one) for one in post.sent) == [["a1"], ["b1"]]
    assert {one.kind for one in post.sent} == {NotificationKind.FIRING}


async def test_a_removed_rule_tells_nobody_of_what_comes_later(alerting: FederationAlertingService, post: Post) -> None:
    """What it told already is resolved as promised."""
    async with alerting:
        await alerting.process_alert(alert("a1"))
        alerting.remove_routing_rule("everything")
        await alerting.process_alert(alert("b1", metric_name="disk"))
        alerting.resolve_alert("a1")
        assert alerting.get_alerting_statistics()["unrouted"] == 1
    assert [(listed(one), one.status.value) for one in post.sent] == [(["a1"], "firing"), (["a1"], "resolved")]


async def test_a_removed_channel_hands_over_to_its_fallback(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """What it was still to be told of is told there."""
    post.will("first", Outcome.unavailable("busy"))
    async with alerting:
        alerting.add_channel(post.channel("second"))
        alerting.add_channel(post.channel("first", fallback="second"))
        alerting.add_routing_rule(AlertRoutingRule("first", target_channels=["first"]))
        await alerting.process_alert(alert())
        alerting.remove_channel("first")
        await clock.advance(60)
    assert len(post.to("first")) == 1
    assert told(post, "second") == {"a1"}


async def test_a_channel_that_is_switched_on_is_told(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """The gate opens for what it kept back."""
    async with alerting:
        alerting.add_channel(post.channel("ops", enabled=False))
        await alerting.process_alert(alert())
        assert post.sent == []
        alerting.add_channel(post.channel("ops"))
        await clock.settle()
        assert told(post, "ops") == {"a1"}


async def test_the_policy_of_a_running_escalation_is_kept(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """It was snapshotted; the next incident has the new one."""
    async with alerting:
        alerting.add_channel(post.channel("old"))
        alerting.add_channel(post.channel("new"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["old"]}))
        alerting.add_routing_rule(AlertRoutingRule("p", escalation_policy_id="p"))
        await alerting.process_alert(alert("a1"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["new"]}))
        await alerting.process_alert(alert("b1", metric_name="disk"))
        await clock.advance(300)
    assert (told(post, "old"), told(post, "new")) == ({"a1"}, {"b1"})


async def test_a_change_while_an_attempt_is_under_way_loses_nothing(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """The attempt goes on, and its retry uses the new settings."""
    post.will("ops", HANG)
    async with alerting:
        await alerting.process_alert(alert(), wait=False)
        await clock.settle()
        alerting.add_channel(post.channel("ops", config={"token": "new"}))
        await clock.advance(60)
    assert [one.attempt for one in post.sent] == [1, 2]
    assert [config.token for _, config in post.made] == ["", "new"]


async def test_an_attempt_under_way_keeps_the_backend_that_it_began_with(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Its context is left once nobody uses it any more; a change that the backend does not see replaces nothing."""
    held: dict[str, Any] = {"backend": "held_post"}
    async with alerting:
        alerting.add_channel(post.channel("ops", **held))
        post.will("ops", HANG)
        await alerting.process_alert(alert("a1"), wait=False)
        await clock.settle()
        alerting.add_channel(post.channel("ops", **held, rate_limit_per_minute=50))
        await alerting.process_alert(alert("b1", metric_name="disk"))
        assert (len(post.entered), len(post.left)) == (1, 0)
        alerting.add_channel(post.channel("ops", **held, config={"token": "new"}))
        await alerting.process_alert(alert("c1", metric_name="load"))
        assert (len(post.entered), len(post.left), post.cancelled) == (2, 0, 0)
        await clock.advance(40.0)
        assert (len(post.entered), len(post.left)) == (2, 1)
        assert [listed(one) for one in post.sent] == [["a1"], ["b1"], ["c1"], ["a1"]]
    assert len(post.left) == 2


async def test_a_configuration_is_taken_in_before_anything_fires(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """So a quiet service sends its heartbeats, from its start on and when they are configured later."""
    first, later = make_alerting(), make_alerting()
    for alerting, name in ((first, "first"), (later, "later")):
        alerting.add_channel(post.channel(name))
    first.set_watchdog(Watchdog(heartbeat_channel="first", heartbeat_seconds=60.0))
    async with first, later:
        await clock.settle()
        assert len(post.to("first")) == 1
        later.set_watchdog(Watchdog(heartbeat_channel="later", heartbeat_seconds=60.0))
        await clock.settle()
        assert len(post.to("later")) == 1
        await clock.advance(60.0)
        assert (len(post.to("first")), len(post.to("later"))) == (2, 2)


async def test_a_refused_change_changes_nothing(alerting: FederationAlertingService, post: Post) -> None:
    """Unknown backend, unknown setting, wrong type, second rule of one id: each says where, and all stays as it was."""
    async with alerting:
        await alerting.process_alert(alert())
        before = alerting.configuration
        refused: list[tuple[Any, str, str]] = [
            (post.channel("x", backend="slak"), "did you mean 'slack'", "channels.x.backend"),
            (post.channel("x", config={"tokn": "s3cret"}), "did you mean 'token'", "channels.x.config.tokn"),
            (post.channel("x", config={"token": 3}), "a string, not int", "channels.x.config.token"),
        ]
        for channel, problem, where in refused:
            with pytest.raises(ConfigurationError, match=problem) as caught:
                alerting.add_channel(channel)
            assert caught.value.where == where
            assert "s3cret" not in str(caught.value)
        with pytest.raises(ConfigurationError, match="already"):
            alerting.add_routing_rule(AlertRoutingRule("everything"))
        with pytest.raises(ConfigurationError, match="webhook_url") as caught:
            alerting.add_channel(create_slack_channel("x", "not a url s3cret"))
        assert "s3cret" not in str(caught.value)
        assert alerting.configuration == before


@pytest.mark.parametrize("add", ["add_channel", "add_routing_rule", "add_escalation_policy", "add_template"])
def test_what_is_no_part_of_a_configuration_is_refused_by_its_type(
    alerting: FederationAlertingService, add: str
) -> None:
    """The error says what was expected."""
    with pytest.raises(ConfigurationError, match=r"expected an? \w+, not str"):
        getattr(alerting, add)("s3cret")


async def test_a_change_that_could_not_be_committed_can_be_made_again(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """Nothing of a failed change stays: a second try is not refused as a duplicate."""
    store = Journal()
    async with make_alerting(store=store) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_channel(post.channel("late"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert())
        store.failures = 1
        with pytest.raises(StoreError):
            alerting.add_routing_rule(AlertRoutingRule("late", target_channels=["late"]))
        assert [rule.rule_id for rule in alerting.routing_rules] == ["everything"]
        alerting.add_routing_rule(AlertRoutingRule("late", target_channels=["late"]))
        await clock.settle()
    assert told(post, "late") == {"a1"}


async def test_a_new_template_is_used_for_the_next_notification(
    alerting: FederationAlertingService, post: Post
) -> None:
    """Without restarting anything."""
    async with alerting:
        await alerting.process_alert(alert("a1"))
        alerting.add_template(NotificationTemplate("t", "t", "post", "", "new: {message}"))
        await alerting.process_alert(alert("b1", metric_name="disk"))
    first, second = (one.message.body for one in post.sent if one.message is not None)
    assert not first.startswith("new")
    assert second == "new: too hot"


def test_what_was_configured_can_be_read(alerting: FederationAlertingService, post: Post) -> None:
    """Rules come in the order of evaluation."""
    alerting.add_routing_rule(AlertRoutingRule("first", priority=1))
    alerting.add_escalation_policy(EscalationPolicy("p"))
    alerting.add_template(NotificationTemplate("t", "t", "post", "", ""))
    assert list(alerting.channels) == ["ops"]
    assert [rule.rule_id for rule in alerting.routing_rules] == ["first", "everything"]
    assert list(alerting.escalation_policies) == ["p"]
    assert list(alerting.templates) == ["t"]
