"""Acknowledging, snoozing and resolving: what they return, what they stop, and from where they may be called."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
import pytest
from tests.service.scripted import Post, alert, listed

from tocsin import (
    AlertRoutingRule,
    AlertStatus,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationKind,
)
from tocsin.testing.clock import VirtualClock

on_every_loop = pytest.mark.anyio
Act = Callable[[FederationAlertingService, str], bool]

ACTS: list[Act] = [
    lambda alerting, target: alerting.acknowledge_alert(target, by="ada", comment="on it", for_seconds=60),
    lambda alerting, target: alerting.snooze_alert(target, 60, by="ada"),
    lambda alerting, target: alerting.resolve_alert(target),
]
every_act = pytest.mark.parametrize("act", ACTS, ids=["acknowledge", "snooze", "resolve"])


@every_act
@on_every_loop
async def test_from_the_loop_it_is_committed_on_return(alerting: FederationAlertingService, act: Act) -> None:
    """True for an alert that fires, False for an unknown one."""
    async with alerting:
        await alerting.process_alert(alert())
        assert act(alerting, "a1") is True
        assert act(alerting, "nobody") is False


@every_act
@on_every_loop
async def test_from_another_thread_it_is_committed_on_return(
    alerting: FederationAlertingService, clock: VirtualClock, post: Post, act: Act
) -> None:
    """The loop is woken: what follows from it happens without anything else happening."""
    async with alerting:
        await alerting.process_alert(alert())
        assert await anyio.to_thread.run_sync(act, alerting, "a1") is True
        assert await anyio.to_thread.run_sync(act, alerting, "nobody") is False
        await clock.settle()
        await clock.advance(70)
    kind = NotificationKind.RESOLVED if not alerting.get_active_alerts() else NotificationKind.REPEAT
    assert [one.kind for one in post.sent] == [NotificationKind.FIRING, kind]


@every_act
def test_without_any_loop_it_works_too(alerting: FederationAlertingService, act: Act) -> None:
    """Nothing fires in a new service, and nobody needs a loop to hear that."""
    assert act(alerting, "a1") is False


@on_every_loop
async def test_a_resolved_alert_is_unknown_to_all_three(alerting: FederationAlertingService) -> None:
    """It does not fire any more."""
    async with alerting:
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
        assert [act(alerting, "a1") for act in ACTS] == [False, False, False]


@on_every_loop
async def test_an_incidents_id_acknowledges_all_its_alerts(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Escalation stops, and the summary that was folded is not sent."""
    async with alerting:
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await alerting.process_alerts([alert("a1"), alert("a2")])
        await alerting.process_alert(alert("a3"))
        (incident_id,) = alerting.aggregated_alerts
        assert alerting.acknowledge_alert(incident_id) is True
        assert alerting.aggregated_alerts[incident_id].acknowledged is True
        await clock.advance(4000)
    assert [listed(one) for one in post.sent] == [["a1", "a2"]]


@on_every_loop
async def test_an_acknowledgement_covers_its_severity_and_no_more(
    alerting: FederationAlertingService, post: Post
) -> None:
    """A rise above it is told."""
    async with alerting:
        await alerting.process_alert(alert())
        alerting.acknowledge_alert("a1")
        await alerting.process_alert(alert(severity="error", current_value=99.0))
        await alerting.process_alert(alert(severity="critical"))
    assert [one.severity.value for one in post.sent] == ["error", "critical"]


@on_every_loop
async def test_a_snooze_pauses_the_escalation(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Paused time does not count: the level comes later by as much."""
    async with alerting:
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("policy", escalation_policy_id="p"))
        await alerting.process_alert(alert())
        await clock.advance(100)
        alerting.snooze_alert("a1", 1000)
        await clock.advance(1199)
        assert post.to("pager") == []
        await clock.advance(1)
        assert len(post.to("pager")) == 1


@on_every_loop
async def test_a_resolution_goes_to_who_was_told_even_when_acknowledged(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """And to nobody else: a channel that wants only critical alerts hears neither."""
    async with alerting:
        alerting.add_channel(post.channel("critical", min_severity="critical"))
        alerting.add_channel(post.channel("no-news", send_resolved=False))
        alerting.add_routing_rule(AlertRoutingRule("both", target_channels=["critical", "no-news"]))
        await alerting.process_alert(alert())
        alerting.acknowledge_alert("a1")
        alerting.resolve_alert("a1")
        await clock.settle()
    told = [(one.channel_id, one.status) for one in post.sent]
    assert sorted(told) == [
        ("no-news", AlertStatus.FIRING),
        ("ops", AlertStatus.FIRING),
        ("ops", AlertStatus.RESOLVED),
    ]


@on_every_loop
async def test_a_refire_after_resolution_is_a_new_incident(alerting: FederationAlertingService, post: Post) -> None:
    """It is told at once, under another incident's id."""
    async with alerting:
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
        await alerting.process_alert(alert())
    assert [one.status.value for one in post.sent] == ["firing", "resolved", "firing"]
    assert post.sent[0].incident_id == post.sent[1].incident_id != post.sent[2].incident_id
    assert len({one.notification_id for one in post.sent}) == 3


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_impossible_durations_are_refused(alerting: FederationAlertingService, seconds: float) -> None:
    """The error names the argument."""
    with pytest.raises(ConfigurationError, match="seconds"):
        alerting.snooze_alert("a1", seconds)
    with pytest.raises(ConfigurationError, match="for_seconds"):
        alerting.acknowledge_alert("a1", for_seconds=seconds)
