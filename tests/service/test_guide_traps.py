"""The traps of the guide: each thing that looked as if it worked, works. One test per trap, named after it."""

from __future__ import annotations

import json
from collections import Counter

import anyio
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert, listed, told

from tocsin import (
    AlertRoutingRule,
    AlertSeverity,
    AlertStatus,
    ClusterMetrics,
    ConditionError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationKind,
    NotificationTemplate,
    PerformanceAlert,
    create_performance_metrics_service,
    create_severity_routing_rule,
    create_webhook_channel,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import HttpReceiver

pytestmark = pytest.mark.anyio

HOSTILE = 'disk "/" at 97 %\nC:\\temp is {full}\ttab'
BODY = """{
  "alert": {"id": "{alert_id}", "text": "[{severity}] {message}", "labels": {"a": {}}},
  "value": {current_value}, "limit": {threshold_value}, "at": {timestamp}, "status": "{status}"
}"""


async def test_a_json_webhook_template_with_literal_braces_gives_valid_json(
    make_alerting: MakeAlerting, receiver: HttpReceiver
) -> None:
    """Quotes, newlines and backslashes of the message are escaped; bare placeholders are JSON values."""
    async with make_alerting() as alerting:
        alerting.add_template(NotificationTemplate("t", "json", "webhook", "", BODY))
        alerting.add_channel(create_webhook_channel("hook", receiver.url))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["hook"]))
        await alerting.process_alert(alert(message=HOSTILE, threshold_value=None, timestamp=1_700_000_000.5))
    (request,) = receiver.requests
    assert json.loads(request.body) == {
        "alert": {"id": "a1", "text": f"[ERROR] {HOSTILE}", "labels": {"a": {}}},
        "value": 93.5,
        "limit": None,
        "at": 1_700_000_000.5,
        "status": "firing",
    }


async def test_aggregated_alerts_reach_their_channels(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """What was folded into an incident is told in one summary when its window closes."""
    async with alerting:
        for number in range(4):
            await alerting.process_alert(alert(f"a{number}", cluster_id=f"c{number}"))
        assert [listed(one) for one in post.to("ops")] == [["a0"]]
        await clock.advance(300)
    first, summary = post.to("ops")
    assert listed(summary) == ["a1", "a2", "a3"]
    assert (summary.kind, summary.incident_id) == (NotificationKind.MORE, first.incident_id)
    assert summary.message is not None
    assert all(f"c{number}" in summary.message.body for number in (1, 2, 3))


async def test_the_immediate_level_is_told_at_once(alerting: FederationAlertingService, post: Post) -> None:
    """IMMEDIATE joins the rule's own channels."""
    async with alerting:
        alerting.add_channel(post.channel("lead"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.IMMEDIATE: ["lead"]}))
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await alerting.process_alert(alert())
    assert (told(post, "ops"), told(post, "lead")) == ({"a1"}, {"a1"})


async def test_default_channels_stand_in_for_a_level_without_a_usable_channel(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """A disabled and a missing channel make the level go to the policy's default channels."""
    policy = EscalationPolicy(
        "p", escalation_levels={EscalationLevel.FIRST: ["off", "nonesuch"]}, default_channels=["spare"]
    )
    async with alerting:
        alerting.add_channel(post.channel("off", enabled=False))
        alerting.add_channel(post.channel("spare"))
        alerting.add_escalation_policy(policy)
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await alerting.process_alert(alert())
        await clock.advance(299)
        assert post.to("spare") == []
        await clock.advance(1)
    assert [one.kind for one in post.to("spare")] == [NotificationKind.ESCALATION]
    assert post.to("off") == []


async def test_the_five_severities_are_distinct(make_alerting: MakeAlerting, post: Post) -> None:
    """Five members, five values, five routes: none is an alias of another."""
    assert len({severity.value for severity in AlertSeverity}) == len(AlertSeverity.__members__) == 5
    async with make_alerting() as alerting:
        for severity in AlertSeverity:
            alerting.add_channel(post.channel(severity.value))
            alerting.add_routing_rule(
                create_severity_routing_rule(f"to-{severity.value}", [severity.value], [severity.value])
            )
        for severity in AlertSeverity:
            await alerting.process_alert(alert(severity.value, severity=severity, metric_name=severity.value))
    assert [(one.channel_id, listed(one)) for one in post.sent] == [(s.value, [s.value]) for s in AlertSeverity]


async def test_an_over_limit_notification_is_delayed_not_lost(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """Two may start in a minute; the other three come in one digest a minute later."""
    async with make_alerting() as alerting:
        alerting.add_channel(post.channel("ops", rate_limit_per_minute=2))
        alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
        for number in range(5):
            await alerting.process_alert(alert(f"a{number}", metric_name=f"m{number}"))
        assert [listed(one) for one in post.sent] == [["a0"], ["a1"]]
        assert alerting.get_alerting_statistics()["delivery_stats"]["rate_limited"] == 3
        await clock.advance(59.9)
        assert len(post.sent) == 2
        await clock.advance(0.2)
    assert [listed(one) for one in post.sent[2:]] == [["a2", "a3", "a4"]]
    assert post.sent[2].kind is NotificationKind.DIGEST


async def test_a_rule_with_a_misspelt_condition_is_refused(alerting: FederationAlertingService) -> None:
    """The error names the rule, the condition and the nearest known name, and nothing of the rule stays."""
    with pytest.raises(ConditionError, match="did you mean 'severity'") as caught:
        alerting.add_routing_rule(AlertRoutingRule("typo", conditions={"severty": ["critical"]}))
    assert caught.value.where == "routing_rules.typo.conditions.severty"
    nested = AlertRoutingRule("parent", routes=[AlertRoutingRule("child", conditions={"severity": ["critcal"]})])
    with pytest.raises(ConditionError, match="critical") as caught:
        alerting.add_routing_rule(nested)
    assert caught.value.where.startswith("routing_rules.parent.routes[0].conditions.severity")
    assert [rule.rule_id for rule in alerting.routing_rules] == ["everything"]


async def test_the_same_alert_twice_does_not_notify_twice(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """An update of what fires already is no news, neither now nor when the window closes."""
    async with alerting:
        for value in (91.0, 92.0, 92.0, 93.0):
            await alerting.process_alert(alert(current_value=value))
        await clock.advance(600)
        (active,) = alerting.get_active_alerts()
    assert len(post.sent) == 1
    assert active.current_value == 93.0


async def test_a_rising_severity_does_notify_again(alerting: FederationAlertingService, post: Post) -> None:
    """What is worse than what was told is news; what is better is none."""
    async with alerting:
        for severity in ("error", "critical", "warning", "critical"):
            await alerting.process_alert(alert(severity=severity))
    assert [one.severity.value for one in post.sent] == ["error", "critical"]


async def test_start_collection_works_without_async_with(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """The guide's style, metrics and alerting both unentered: the alert is delivered."""
    metrics = create_performance_metrics_service(collection_interval=30.0, clock=clock)

    async def alert_callback(found: PerformanceAlert) -> None:
        await alerting.process_alert(found)

    metrics.add_alert_callback(alert_callback)
    await metrics.start_collection()
    metrics.ingest_cluster_metrics(ClusterMetrics("prod-web-01", cpu_usage_percent=99.0))
    await clock.settle()
    assert [listed(one) for one in post.sent] == [["prod-web-01:cpu_usage"]]
    await metrics.stop_collection()


async def test_a_resolution_never_looks_like_a_firing(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """A template that cannot say which it is, is used for the firing alone."""
    async with alerting:
        alerting.add_template(NotificationTemplate("t", "t", "post", "ALARM {alert_id}", "ALARM {message}"))
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
        await clock.settle()
    firing, resolution = post.sent
    assert firing.message is not None
    assert firing.message.body == "ALARM too hot"
    assert (resolution.status, resolution.kind) == (AlertStatus.RESOLVED, NotificationKind.RESOLVED)
    assert resolution.message is not None
    assert "ALARM" not in resolution.message.subject + resolution.message.body
    assert "resolved" in (resolution.message.subject + resolution.message.body).lower()


async def test_a_template_with_status_renders_resolutions_too(alerting: FederationAlertingService, post: Post) -> None:
    """``{status}`` is filled in truthfully."""
    async with alerting:
        alerting.add_template(NotificationTemplate("t", "t", "post", "{alert_id}", "{status}: {message}"))
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
    bodies = [one.message.body for one in post.sent if one.message is not None]
    assert bodies == ["firing: too hot", "resolved: too hot"]


async def _all_fail(alerting: FederationAlertingService, how: str, severity: str) -> None:
    failing = [alert(f"c{n}:cpu", cluster_id=f"c{n}", severity=severity) for n in range(200)]
    if how == "in one batch":
        await alerting.process_alerts(failing)
    elif how == "one after another":
        for one in failing:
            await alerting.process_alert(one)
    else:
        async with anyio.create_task_group() as tasks:
            for one in failing:
                tasks.start_soon(alerting.process_alert, one)


@pytest.mark.parametrize("severity", ["error", "critical"])
@pytest.mark.parametrize("how", ["concurrently", "one after another", "in one batch"])
async def test_two_hundred_clusters_failing_at_once_give_a_handful_of_messages_and_one_escalation(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock, how: str, severity: str
) -> None:
    """However they arrive: everybody is told of every cluster, in a handful of messages, and paged once."""
    everything = {f"c{n}:cpu" for n in range(200)}
    async with alerting:
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await _all_fail(alerting, how, severity)
        assert len(alerting.aggregated_alerts) == 1
        await clock.advance(310)
        assert told(post, "ops") == everything
        assert len(post.to("ops")) <= 8
        (page,) = post.to("pager")
        assert (page.kind, page.level) == (NotificationKind.ESCALATION, EscalationLevel.FIRST)
        assert set(listed(page)) == everything
        for alert_id in sorted(everything):
            alerting.resolve_alert(alert_id)
        await clock.advance(310)
        assert alerting.get_active_alerts() == []
    assert Counter(one.channel_id for one in post.sent if one.status is AlertStatus.RESOLVED) == {"ops": 1, "pager": 1}
