"""What comes next for an alert by itself: levels, summaries, the ends of what keeps it quiet."""

from __future__ import annotations

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import AlertRoutingRule, EscalationPolicy, FederationAlertingService
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

NOW = 1_700_000_000.0
LEVELS = {"immediate": ["ops"], "first": ["boss"], "second": ["boss", "ops"]}


def configured(make_alerting: MakeAlerting, post: Post) -> FederationAlertingService:
    """Return a service whose alerts escalate."""
    alerting = make_alerting()
    for channel_id in ("ops", "boss"):
        alerting.add_channel(post.channel(channel_id))
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"], escalation_policy_id="p"))
    alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels=LEVELS, default_channels=["ops"]))
    return alerting


def coming(alerting: FederationAlertingService, alert_id: str = "a1") -> list[tuple[float | None, str, str]]:
    """Return (seconds from the beginning, kind, level)."""
    return [
        (None if one.at is None else one.at - NOW, one.kind.value, one.level) for one in alerting.upcoming(alert_id)
    ]


async def test_the_levels_that_are_left_come_at_their_instants(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert())
        assert coming(alerting) == [(300.0, "escalation", "first"), (900.0, "escalation", "second")]
        assert alerting.upcoming("a1")[1].channels == ("boss", "ops")
        await clock.advance(300.0)
        assert coming(alerting) == [(900.0, "escalation", "second")]
        await clock.advance(600.0)
        assert coming(alerting) == []


async def test_a_paused_escalation_has_no_instants_and_the_pause_has_an_end(
    make_alerting: MakeAlerting, post: Post
) -> None:
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert())
        alerting.acknowledge_alert("a1", "li", for_seconds=60.0)
        alerting.snooze_alert("a1", 30.0)
        assert coming(alerting) == [
            (30.0, "snooze_end", ""),
            (60.0, "acknowledgement_end", ""),
            (None, "escalation", "first"),
            (None, "escalation", "second"),
        ]


async def test_what_is_folded_comes_with_the_summary(make_alerting: MakeAlerting, post: Post) -> None:
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a1"))
        await alerting.process_alert(alert("a2"))
        assert (300.0, "fold", "") in coming(alerting, "a2")


async def test_nothing_comes_for_what_resolved_or_nobody_knows(make_alerting: MakeAlerting, post: Post) -> None:
    async with configured(make_alerting, post) as alerting:
        await alerting.process_alert(alert())
        alerting.resolve_alert("a1")
        assert (coming(alerting), coming(alerting, "nobody")) == ([], [])
        assert [one.alert_id for one in alerting.get_resolved_alerts()] == ["a1"]
