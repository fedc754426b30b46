"""Statistics and the delivery history: their shape, and that they count what happened."""

from __future__ import annotations

from numbers import Real
from typing import Any

import attrs
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import (
    AlertRoutingRule,
    AttemptFinished,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationDelivery,
    Outcome,
)
from tocsin.runtime.deliveries import HISTORY, Deliveries
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

COUNTS = {
    "active_alerts",
    "aggregated_alerts",
    "pending_escalations",
    "configured_channels",
    "routing_rules",
    "escalation_policies",
    "unrouted",
    "gaps",
}
PER_BACKEND = {
    "total_sent",
    "successful_deliveries",
    "failed_deliveries",
    "success_rate_percent",
    "average_latency_ms",
}
DELIVERY = {
    "timestamp",
    "channel_id",
    "alert_id",
    "success",
    "response_code",
    "response_message",
    "delivery_time_ms",
    "retry_count",
    "delivery_id",
}


def test_an_empty_service_has_statistics_of_the_documented_shape(make_alerting: MakeAlerting) -> None:
    """All keys of the guide, and numbers rather than None or NaN."""
    statistics = make_alerting().get_alerting_statistics()
    assert set(statistics) == {*COUNTS, "enabled", "delivery_stats", "backend_stats", "recent_deliveries"}
    assert {key: statistics[key] for key in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert statistics["enabled"] is True
    delivery_stats = statistics["delivery_stats"]
    assert set(delivery_stats) == {*PER_BACKEND, "rate_limited"}
    assert all(isinstance(value, Real) and value == value for value in delivery_stats.values())
    assert (statistics["backend_stats"], statistics["recent_deliveries"]) == ({}, [])


async def test_statistics_count_what_is_there_now(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Alerts, incidents and escalations come and go; configuration is counted as it stands."""
    async with alerting:
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await alerting.process_alerts([alert("a1"), alert("a2"), alert("b1", metric_name="disk")])
        now = alerting.get_alerting_statistics()
        counted = {key: now[key] for key in COUNTS}
        assert counted == {
            "active_alerts": 3,
            "aggregated_alerts": 2,
            "pending_escalations": 2,
            "configured_channels": 2,
            "routing_rules": 2,
            "escalation_policies": 1,
            "unrouted": 0,
            "gaps": 0,
        }
        alerting.acknowledge_alert("b1")
        assert alerting.get_alerting_statistics()["pending_escalations"] == 1
        await clock.advance(300)
        assert alerting.get_alerting_statistics()["pending_escalations"] == 0
        for alert_id in ("a1", "a2", "b1"):
            alerting.resolve_alert(alert_id)
        after = alerting.get_alerting_statistics()
    assert (after["active_alerts"], after["aggregated_alerts"], after["pending_escalations"]) == (0, 0, 0)


async def test_statistics_count_attempts(alerting: FederationAlertingService, post: Post, clock: VirtualClock) -> None:
    """One that needed two attempts is a failure and a success; each backend is counted alone."""
    post.will("ops", Outcome.unavailable("busy", code=503))
    async with alerting:
        alerting.add_channel(post.channel("other", backend="held_post"))
        alerting.add_routing_rule(AlertRoutingRule("other", target_channels=["other"]))
        await alerting.process_alert(alert())
        await clock.advance(10)
        statistics = alerting.get_alerting_statistics()
    assert statistics["delivery_stats"] == {
        "total_sent": 3,
        "successful_deliveries": 2,
        "failed_deliveries": 1,
        "success_rate_percent": pytest.approx(66.67, abs=0.01),
        "average_latency_ms": 0.0,
        "rate_limited": 0,
    }
    assert set(statistics["backend_stats"]) == {"post", "held_post"}
    assert all(set(figures) == PER_BACKEND for figures in statistics["backend_stats"].values())
    assert statistics["backend_stats"]["post"]["failed_deliveries"] == 1


async def test_deliveries_have_the_documented_fields(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """In the history as attributes, in the statistics as plain data."""
    post.will("ops", Outcome.unavailable("busy", code=503))
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(10)
    first, second = alerting.delivery_history
    assert {field.name for field in attrs.fields(NotificationDelivery)} >= DELIVERY
    assert (first.channel_id, first.alert_id, first.success, first.retry_count) == ("ops", "a1", False, 0)
    assert (first.response_code, first.response_message) == (503, "busy")
    assert (second.success, second.retry_count, second.response_code) == (True, 1, 200)
    assert first.timestamp == 1_700_000_000.0 < second.timestamp
    assert first.delivery_id != second.delivery_id
    recent: list[dict[str, Any]] = alerting.get_alerting_statistics()["recent_deliveries"]
    assert recent == [attrs.asdict(first), attrs.asdict(second)]
    assert set(recent[0]) >= DELIVERY


def test_the_history_keeps_the_newest_ten_thousand() -> None:
    """The oldest go first, and the counts go on."""
    deliveries = Deliveries()
    for number in range(HISTORY + 500):
        delivery = NotificationDelivery(
            delivery_id=f"n{number}.1",
            notification_id=f"n{number}",
            incident_id="i",
            channel_id="ops",
            alert_id="a1",
            kind="firing",
            status="firing",
            outcome="delivered",
            success=True,
            timestamp=float(number),
            delivery_time_ms=2.0,
            retry_count=0,
        )
        deliveries.observe([AttemptFinished(float(number), delivery)], {})
    assert HISTORY == len(deliveries.history) == 10_000
    assert (deliveries.history[0].delivery_id, deliveries.history[-1].delivery_id) == ("n500.1", "n10499.1")
    assert deliveries.delivery_stats()["total_sent"] == HISTORY + 500
    assert deliveries.delivery_stats()["average_latency_ms"] == 2.0
    assert len(deliveries.recent()) == 10


async def test_an_alert_that_no_rule_matches_is_unrouted(make_alerting: MakeAlerting, post: Post) -> None:
    """It is counted, and it fires."""
    async with make_alerting() as alerting:
        await alerting.process_alert(alert())
        assert alerting.get_alerting_statistics()["unrouted"] == 1
        assert [one.alert_id for one in alerting.get_active_alerts()] == ["a1"]
    assert post.sent == []


async def test_a_catch_all_channel_is_told_of_what_no_rule_matches(make_alerting: MakeAlerting, post: Post) -> None:
    """And of nothing else."""
    async with make_alerting(catch_all_channel="lost") as alerting:
        alerting.add_channel(post.channel("lost"))
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("cpu", conditions={"metric_name": ["cpu"]}, target_channels=["ops"]))
        await alerting.process_alert(alert("a1"))
        await alerting.process_alert(alert("a2", metric_name="disk"))
    assert [(one.channel_id, one.alerts[0].alert.alert_id) for one in post.sent] == [("ops", "a1"), ("lost", "a2")]


async def test_incidents_are_shown_under_the_guides_name(
    alerting: FederationAlertingService, clock: VirtualClock
) -> None:
    """``aggregated_alerts`` has the fields of the guide's AggregatedAlert."""
    async with alerting:
        await alerting.process_alert(alert("a1"))
        await clock.advance(10)
        await alerting.process_alert(alert("a2", cluster_id="prod-2", severity="critical"))
        ((incident_id, incident),) = alerting.aggregated_alerts.items()
    assert incident.aggregation_id == incident_id
    assert (incident.alert_count, incident.firing_count, incident.common_metric) == (2, 2, "cpu")
    assert incident.affected_clusters == {"prod-1", "prod-2"}
    assert incident.severity.value == "critical"
    assert (incident.first_alert.alert_id, incident.last_alert.alert_id) == ("a1", "a2")
    assert (incident.created_at, incident.last_updated) == (1_700_000_000.0, 1_700_000_010.0)


async def test_a_service_that_was_left_is_not_enabled(alerting: FederationAlertingService) -> None:
    """And its statistics can still be read."""
    async with alerting:
        before = alerting.enabled
    assert [before, alerting.enabled] == [True, False]
    assert alerting.get_alerting_statistics()["enabled"] is False
