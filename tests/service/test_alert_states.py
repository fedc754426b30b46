"""Where alerts stand: who has them, where they go, and what keeps them quiet now."""

from __future__ import annotations

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import (
    AlertRoutingRule,
    AlertState,
    FederationAlertingService,
    InhibitionRule,
    LabelMatcher,
    MatchOperator,
    Silence,
    TimeInterval,
    create_maintenance,
)
from tocsin.testing.clock import VirtualClock

on_every_loop = pytest.mark.anyio


def state(alerting: FederationAlertingService, alert_id: str = "a1") -> AlertState:
    """Return where the alert stands."""
    (found,) = alerting.alert_states([alert_id])
    return found


@on_every_loop
async def test_it_says_what_was_reported_and_where_it_goes(alerting: FederationAlertingService) -> None:
    async with alerting:
        await alerting.process_alert(alert(generator_url="http://prometheus.example/graph"))
        found = state(alerting)
    assert (found.alert.message, found.alert.generator_url) == ("too hot", "http://prometheus.example/graph")
    assert (found.episode, found.firing, found.suppressed) == (1, True, False)
    assert (found.rule_ids, found.channels, found.receivers) == (("everything",), ("ops",), ("ops",))
    assert found.acknowledged_by is None


@on_every_loop
async def test_ids_come_oldest_first_and_unknown_ones_are_left_out(alerting: FederationAlertingService) -> None:
    async with alerting:
        for name in ("b", "a", "c"):
            await alerting.process_alert(alert(name))
        alerting.resolve_alert("a")
        assert alerting.active_alert_ids == ("b", "c")
        assert {one.value: n for one, n in alerting.firing_by_severity.items() if n} == {"error": 2}
        assert [one.alert.alert_id for one in alerting.alert_states(["a", "nobody", "b"])] == ["a", "b"]
        assert state(alerting, "a").resolved_at is not None


@on_every_loop
async def test_a_receiver_is_named_and_not_its_channels(make_alerting: MakeAlerting, post: Post) -> None:
    alerting = make_alerting()
    for name in ("c1", "c2"):
        alerting.add_channel(post.channel(name))
    alerting.add_receiver("team", ["c1", "c2"])
    alerting.add_routing_rule(AlertRoutingRule("everything", receiver="team"))
    async with alerting:
        await alerting.process_alert(alert())
        assert (state(alerting).receivers, state(alerting).channels) == (("team",), ("c1", "c2"))


@on_every_loop
async def test_who_took_it_and_until_when(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    """Only while that holds: not once it is over, nor above the severity that was taken."""
    async with alerting:
        await alerting.process_alert(alert())
        alerting.acknowledge_alert("a1", by="ada", comment="on it", for_seconds=60)
        alerting.snooze_alert("a1", 30)
        found, now = state(alerting), clock.wall()
        assert (found.acknowledged_by, found.acknowledged_at, found.comment) == ("ada", now, "on it")
        assert (found.acknowledged_until, found.snoozed_until) == (now + 60, now + 30)
        await alerting.process_alert(alert(severity="critical"))
        assert state(alerting).acknowledged_by is None
        await alerting.process_alert(alert(severity="info"))
        assert state(alerting).acknowledged_by == "ada"
        await clock.advance(61)
        assert (state(alerting).acknowledged_by, state(alerting).snoozed_until) == (None, None)


@on_every_loop
async def test_all_silences_that_match_are_named(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    async with alerting:
        await alerting.process_alert(alert())
        now, cpu = clock.wall(), (LabelMatcher("metric_name", MatchOperator.EQUAL, "cpu"),)
        alerting.set_silence(Silence("s2", cpu, now, now + 60))
        alerting.set_silence(create_maintenance("s1", "prod-1", now, now + 120))
        alerting.set_silence(Silence("later", cpu, now + 300, now + 600))
        assert (state(alerting).silenced_by, state(alerting).suppressed) == (("s1", "s2"), True)
        assert alerting.silences["s2"][0].updated_at == now
        await clock.advance(61)
        assert state(alerting).silenced_by == ("s1",)
        alerting.resolve_alert("a1")
        assert state(alerting).silenced_by == ()


@on_every_loop
async def test_who_inhibits_it_is_named(alerting: FederationAlertingService) -> None:
    def named(name: str) -> tuple[LabelMatcher, ...]:
        return (LabelMatcher("alert_id", MatchOperator.EQUAL, name),)

    alerting.add_inhibition_rule(InhibitionRule(named("cause"), named("a1")))
    async with alerting:
        await alerting.process_alert(alert("cause"))
        await alerting.process_alert(alert())
        assert (state(alerting).inhibited_by, state(alerting).suppressed) == (("cause",), True)
        alerting.resolve_alert("cause")
        assert (state(alerting).inhibited_by, state(alerting).suppressed) == ((), False)


@on_every_loop
async def test_rules_that_are_silent_now_are_named(make_alerting: MakeAlerting, post: Post) -> None:
    """It is suppressed when all that route it are."""
    alerting = make_alerting()
    alerting.add_channel(post.channel("ops"))
    alerting.add_time_interval("always", TimeInterval())
    alerting.add_routing_rule(AlertRoutingRule("quiet", target_channels=["ops"], mute_time_intervals=["always"]))
    async with alerting:
        await alerting.process_alert(alert())
        assert (state(alerting).muted_by, state(alerting).suppressed) == (("quiet",), True)
        alerting.add_routing_rule(AlertRoutingRule("loud", target_channels=["ops"]))
        assert (state(alerting).muted_by, state(alerting).suppressed) == (("quiet",), False)
