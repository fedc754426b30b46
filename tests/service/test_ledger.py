"""The ledger: what happened to one alert, in order, with reasons; in memory, and after a restart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import (
    AlertRoutingRule,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    LedgerKind,
    LedgerLine,
    MemoryStore,
    Outcome,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


def configured(make_alerting: MakeAlerting, post: Post, **options: Any) -> FederationAlertingService:
    """Return a service with two rules, one of which wants critical alerts only, and a policy."""
    alerting = make_alerting(**options)
    for channel_id in ("ops", "boss"):
        alerting.add_channel(post.channel(channel_id))
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"], escalation_policy_id="levels"))
    alerting.add_routing_rule(
        AlertRoutingRule("worst", conditions={"severity": ["critical"]}, target_channels=["boss"])
    )
    alerting.add_escalation_policy(
        EscalationPolicy("levels", escalation_levels={EscalationLevel.FIRST: ["boss"]}, default_channels=["ops"])
    )
    return alerting


def kinds(lines: tuple[LedgerLine, ...]) -> list[str]:
    """Return the kinds, in order."""
    return [line.kind.value for line in lines]


async def test_it_tells_the_whole_story(make_alerting: MakeAlerting, post: Post, clock: VirtualClock) -> None:
    """Received, routed, told after a failure, escalated, acknowledged, resolved."""
    post.will("ops", Outcome.unavailable("bad gateway", code=502))
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a"))
        await clock.advance(300.5)
        alerting.acknowledge_alert("a", by="maria", comment="mine")
        alerting.resolve_alert("a")
        await clock.advance(1.0)
        lines = await alerting.ledger("a")
    first, routed, decided = lines[:3]
    assert (first.kind, first.severity, first.at) == (LedgerKind.RECEIVED, "error", 1_700_000_000.0)
    assert (routed.kind, routed.rule_ids, routed.policy_id) == (LedgerKind.ROUTED, ("all",), "levels")
    assert (decided.kind, decided.channel_id, decided.reason) == (LedgerKind.DECIDED, "ops", "routed")
    attempts = [line for line in lines if line.kind is LedgerKind.ATTEMPT and line.channel_id == "ops"]
    assert [(one.attempt, one.outcome, one.code, one.detail) for one in attempts[:2]] == [
        (1, "unavailable", 502, "bad gateway"),
        (2, "delivered", 200, "fine"),
    ]
    level = next(line for line in lines if line.kind is LedgerKind.LEVEL)
    assert (level.level, level.at, level.channel_ids) == ("first", 1_700_000_300.0, ("boss",))
    acknowledged = next(line for line in lines if line.kind is LedgerKind.ACKNOWLEDGED)
    assert (acknowledged.by, acknowledged.detail) == ("maria", "mine")
    order = kinds(lines)
    assert order.index("level") < order.index("acknowledged") < order.index("resolved")
    assert json.loads(json.dumps([line.as_dict() for line in lines]))[0]["kind"] == "received"


async def test_every_rule_has_its_verdict(make_alerting: MakeAlerting, post: Post) -> None:
    """What did not match is decided anew from the configuration of that time."""
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a"))
        alerting.remove_routing_rule("worst")
        lines = await alerting.ledger("a")
    routed = next(line for line in lines if line.kind is LedgerKind.ROUTED)
    assert [(rule.rule_id, rule.matched) for rule in routed.rules] == [("all", True), ("worst", False)]
    condition = routed.rules[1].conditions[0]
    assert (condition.condition, condition.matched) == ("severity", False)
    assert "error" in condition.reason


async def test_it_survives_a_restart(make_alerting: MakeAlerting, post: Post, clock: VirtualClock) -> None:
    """The lines are the same, and new ones follow."""
    store = MemoryStore()
    async with configured(make_alerting, post, store=store) as alerting:
        await alerting.process_alert(alert("a"))
        before = await alerting.ledger("a")
    async with configured(make_alerting, post, store=store) as again:
        assert await again.ledger("a") == before
        again.resolve_alert("a")
        assert kinds(await again.ledger("a"))[len(before)] == "resolved"


async def test_an_acknowledgement_of_the_incident_is_one_of_its_alerts(make_alerting: MakeAlerting, post: Post) -> None:
    """Whoever took the incident took the alert."""
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alerts([alert("a"), alert("b", cluster_id="prod-2")])
        (incident_id,) = alerting.aggregated_alerts
        alerting.acknowledge_alert(incident_id, by="li")
        alerting.snooze_alert("b", 60.0, by="li")
        assert [line.by for line in await alerting.ledger("a") if line.by] == ["li"]
        assert [line.kind for line in await alerting.ledger("b") if line.by][-1] is LedgerKind.SNOOZED


async def test_what_befell_an_incident_is_of_those_that_fired_in_it_then(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """Not of who joined later, nor of who was well already, nor of who is under another policy."""
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alerts([alert("well"), alert("a")])
        (incident_id,) = alerting.aggregated_alerts
        alerting.resolve_alert("well")
        alerting.acknowledge_alert(incident_id, by="li", for_seconds=60.0)
        await clock.advance(10.0)
        await alerting.process_alert(alert("late"))
        await clock.advance(600.0)
        told = {
            name: {line.kind for line in await alerting.ledger(name)} & {LedgerKind.ACKNOWLEDGED, LedgerKind.LEVEL}
            for name in ("well", "a", "late")
        }
    both = {LedgerKind.ACKNOWLEDGED, LedgerKind.LEVEL}
    assert told == {"well": set(), "a": both, "late": {LedgerKind.LEVEL}}


async def test_whoever_had_it_sent_again_is_named(make_alerting: MakeAlerting, post: Post, clock: VirtualClock) -> None:
    """In its place: after the end of the first life of the notification, before its second."""
    post.will("ops", Outcome.rejected("no"))
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alerts([alert("a"), alert("b", metric_name="disk")])
        (given_up,) = alerting.undelivered
        assert alerting.redrive(given_up.notification_id, by="maria")
        await clock.advance(1.0)
        ledgers = {name: await alerting.ledger(name) for name in ("a", "b")}
    (name,) = given_up.alert_ids
    lines = [line for line in ledgers.pop(name) if line.kind is not LedgerKind.ATTEMPT][-5:]
    assert [(line.kind.value, line.by, line.state and line.state.value) for line in lines] == [
        ("notification", "", "rejected"),
        ("redriven", "maria", None),
        ("notification", "", "queued"),
        ("notification", "", "sending"),
        ("notification", "", "delivered"),
    ]
    (other,) = ledgers.values()
    assert LedgerKind.REDRIVEN not in {line.kind for line in other}


async def test_what_is_pruned_is_not_asked_for_the_rules_verdicts(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """While the alert fires, its latest report is at hand."""
    store = MemoryStore()
    async with configured(make_alerting, post, store=store) as alerting:
        await alerting.process_alert(alert("a"))
        store.journal.clear()
        alerting.remove_routing_rule("worst")
        alerting.add_routing_rule(AlertRoutingRule("new", target_channels=["boss"]))
        await clock.settle()
        lines = await alerting.ledger("a")
    assert LedgerKind.RECEIVED not in {line.kind for line in lines}
    (routed,) = [line for line in lines if line.kind is LedgerKind.ROUTED]
    assert [(rule.rule_id, rule.matched) for rule in routed.rules] == [("all", True), ("new", True)]


async def test_an_alert_that_was_never_seen_has_no_line(make_alerting: MakeAlerting, post: Post) -> None:
    """Nothing is made up."""
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a"))
        assert await alerting.ledger("b") == ()


async def test_it_names_who_resolved_it_who_wanted_more_and_what_was_noted(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """A note changes nothing, and may be written about an incident, and after the end."""
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a"))
        (incident,) = alerting.aggregated_alerts
        assert alerting.escalate_alert("a", "maria", "I am on a train")
        assert alerting.note(incident, "li", "fans replaced")
        assert alerting.resolve_alert("a", "li")
        assert alerting.note("a", "li", "for good")
        assert not alerting.note("nobody", "li", "who?")
        assert not alerting.escalate_alert("a", "maria")
        lines = await alerting.ledger("a")
        await clock.advance(1.0)
    told = [(line.kind.value, line.by, line.detail) for line in lines if line.by]
    assert told == [
        ("escalated", "maria", "I am on a train"),
        ("noted", "li", "fans replaced"),
        ("resolved", "li", ""),
        ("noted", "li", "for good"),
    ]
    assert "level" in kinds(lines)
