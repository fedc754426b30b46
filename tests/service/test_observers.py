"""Observers: told of everything, in order, after the fact, and able to harm nobody."""

from __future__ import annotations

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Journal, Observing, Post, alert

from tocsin import (
    AlertRouted,
    AlertRoutingRule,
    AttemptFinished,
    EscalationLevel,
    EscalationPolicy,
    Event,
    FactAccepted,
    GapKind,
    LevelReached,
    NotificationChanged,
    NotificationState,
    TellingDecided,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


async def test_observers_hear_of_everything_in_the_order_of_commits(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """What they hear is what the journal has, and it is there already when they hear it."""
    store = Journal()
    journaled: list[bool] = []

    def look(event: Event) -> None:
        journaled.append(any(event is kept for entry in store.journal for kept in entry.events))

    observing = Observing(look)
    async with make_alerting(store=store, plugins=[observing]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_channel(post.channel("pager"))
        alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["ops"], escalation_policy_id="p"))
        await alerting.process_alert(alert())
        await clock.advance(300)
        alerting.resolve_alert("a1")
        await clock.settle()
    assert observing.events == [event for entry in store.journal for event in entry.events]
    assert journaled
    assert all(journaled)
    kinds = {type(event) for event in observing.events}
    assert kinds == {FactAccepted, AlertRouted, TellingDecided, NotificationChanged, AttemptFinished, LevelReached}


async def test_the_states_of_a_notification_come_in_order(make_alerting: MakeAlerting, post: Post) -> None:
    """Queued, sending, delivered."""
    observing = Observing()
    async with make_alerting(plugins=[observing]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["ops"]))
        await alerting.process_alert(alert())
    states = [event.state for event in observing.events if isinstance(event, NotificationChanged)]
    assert states[-2:] == [NotificationState.SENDING, NotificationState.DELIVERED]


async def test_an_observer_that_raises_is_a_gap_and_harms_nobody(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """The alert is delivered, the caller notices nothing, and the exception's text is shown nowhere."""

    def react(event: Event) -> None:
        raise RuntimeError("s3cret")

    async with make_alerting(plugins=[Observing(react)]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["ops"]))
        assert await alerting.process_alert(alert()) is True
        await alerting.submit()
        (gap,) = alerting.gaps
        assert (gap.kind, gap.subject) == (GapKind.OBSERVER_FAILED, "observing")
        assert "RuntimeError" in gap.detail
        assert "s3cret" not in gap.detail
        await clock.advance(600)
    assert len(post.sent) == 1


async def test_an_observer_may_read_the_service(make_alerting: MakeAlerting, post: Post) -> None:
    """It is called while the service is consistent."""
    seen: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, FactAccepted):
            seen.append(alerting.get_alerting_statistics()["active_alerts"])

    alerting = make_alerting(plugins=[Observing(look)])
    async with alerting:
        await alerting.process_alerts([alert("a1"), alert("a2")])
        alerting.resolve_alert("a1")
    assert seen == [2, 2, 1]
