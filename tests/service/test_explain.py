"""``explain``: it says what would happen, it is right, and it does nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Journal, Observing, Post, alert

from tocsin import (
    Action,
    AlertRoutingRule,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    Reason,
    create_cluster_routing_rule,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def policed(alerting: FederationAlertingService, post: Post) -> FederationAlertingService:
    """A service with a second, pickier channel, a rule that does not match, and a policy."""
    alerting.add_channel(post.channel("boss", min_severity="critical"))
    alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["boss"]}))
    alerting.add_routing_rule(AlertRoutingRule("policy", target_channels=["boss"], escalation_policy_id="p"))
    alerting.add_routing_rule(create_cluster_routing_rule("staging", "staging-.*", ["ops"]))
    return alerting


async def test_it_says_what_would_happen(policed: FederationAlertingService) -> None:
    """Rules with their reasons, channels with action and reason, the levels to come."""
    async with policed:
        explained = policed.explain(alert())
    assert [(rule.rule_id, rule.matched) for rule in explained.rules] == [
        ("everything", True),
        ("policy", True),
        ("staging", False),
    ]
    (condition,) = explained.rules[2].conditions
    assert (condition.condition, condition.matched) == ("cluster_pattern", False)
    assert "prod-1" in condition.reason
    assert {one.channel_id: (one.action, one.reason) for one in explained.channels} == {
        "ops": (Action.NOTIFY, Reason.ROUTED),
        "boss": (Action.SKIP, Reason.BELOW_MIN_SEVERITY),
    }
    assert explained.escalation is not None
    assert [(one.level, one.after_seconds, one.channels) for one in explained.escalation.levels] == [
        ("first", 300.0, ("boss",))
    ]


async def test_it_has_no_side_effects(make_alerting: MakeAlerting, post: Post, clock: VirtualClock) -> None:
    """No statistics, no journal, no event, no notification: not now, and not later."""
    store, observing = Journal(), Observing()
    async with make_alerting(store=store, plugins=[observing]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        before: tuple[Any, ...] = (
            alerting.get_alerting_statistics(),
            alerting.aggregated_alerts,
            alerting.delivery_history,
            list(store.journal),
            list(observing.events),
        )
        for at in (None, clock.now() + 10_000):
            alerting.explain(alert("a2", severity="critical"), at=at)
            alerting.explain(alert("a1", severity="critical"), at=at)
        after = (
            alerting.get_alerting_statistics(),
            alerting.aggregated_alerts,
            alerting.delivery_history,
            list(store.journal),
            list(observing.events),
        )
        assert after == before
        await clock.advance(1000)
    assert len(post.sent) == 1


async def test_what_it_said_is_what_happens(policed: FederationAlertingService, post: Post) -> None:
    """The channels that it would notify are those that are notified."""
    async with policed:
        for number, severity in enumerate(("warning", "critical", "error")):
            one = alert(f"a{number}", severity=severity)
            explained = policed.explain(one)
            sent = len(post.sent)
            await policed.process_alert(one)
            notified = {c.channel_id for c in explained.channels if c.action is Action.NOTIFY}
            assert notified == {notification.channel_id for notification in post.sent[sent:]}


async def test_it_says_when_a_folded_alert_is_told(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    """``due`` is the window's close; after it, the alert would be told at once."""
    async with alerting:
        opened = clock.now()
        await alerting.process_alert(alert("a1"))
        await clock.advance(100)
        (channel,) = alerting.explain(alert("a2")).channels
        (later,) = alerting.explain(alert("a2"), at=opened + 301).channels
        (again,) = alerting.explain(alert("a1")).channels
    assert (channel.action, channel.reason, channel.due) == (Action.FOLD, Reason.FOLDED, opened + 300)
    assert later.action is Action.NOTIFY
    assert (again.action, again.reason) == (Action.SKIP, Reason.ALREADY_TOLD)


async def test_it_is_plain_data_on_request(policed: FederationAlertingService) -> None:
    """``as_dict`` is ready for JSON."""
    async with policed:
        plain = policed.explain(alert()).as_dict()
    assert json.loads(json.dumps(plain))["channels"][0]["action"] == "notify"


async def test_it_cannot_explain_the_past(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    """The engine has met those deadlines already."""
    async with alerting:
        with pytest.raises(ConfigurationError, match="past"):
            alerting.explain(alert(), at=clock.now() - 1)


async def test_it_wants_an_alert(alerting: FederationAlertingService) -> None:
    """Anything else is refused by its type, whose value is not repeated."""
    with pytest.raises(ConfigurationError, match="PerformanceAlert, not str"):
        alerting.explain("a1")  # type: ignore[arg-type]  # the mistake that is tested


def test_it_works_without_a_loop(alerting: FederationAlertingService) -> None:
    """Nothing has to run to explain."""
    assert alerting.explain(alert()).channels[0].action is Action.NOTIFY


async def test_a_held_alert_is_explained_as_held(make_alerting: MakeAlerting, post: Post) -> None:
    """The channel's limit is reached."""
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", rate_limit_per_minute=1))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        (channel,) = alerting.explain(alert("b1", metric_name="disk")).channels
    assert (channel.action, channel.reason) == (Action.HOLD, Reason.RATE_LIMITED)
