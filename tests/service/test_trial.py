"""Trying a channel: a test notification is sent through it now, and nothing else happens."""

from __future__ import annotations

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Post, alert

from tocsin import FederationAlertingService, Outcome, OutcomeStatus, UnknownReferenceError
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


async def test_it_is_sent_marked_as_a_test_and_leaves_no_trace(alerting: FederationAlertingService, post: Post) -> None:
    async with alerting:
        await alerting.process_alert(alert())
        before = alerting.journal_ordinal
        assert (await alerting.send_test("ops")).success
        assert (await alerting.send_test("ops")).success
        assert alerting.journal_ordinal == before
        assert len(alerting.delivery_history) == 1
    one, other = post.to("ops")[1:]
    assert one.test
    assert one.message is not None
    assert "TEST" in one.message.subject
    assert one.notification_id != other.notification_id


async def test_how_it_ended_is_said_whatever_happened(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Refused, raised, or never answered: none of it is a gap, none is tried again."""
    post.will("ops", Outcome.rejected("wrong token", code=403), RuntimeError("bang"))
    async with alerting:
        assert await alerting.send_test("ops") == Outcome.rejected("wrong token", code=403)
        assert (await alerting.send_test("ops")).status is OutcomeStatus.UNAVAILABLE
        await clock.advance(1000.0)
        assert (alerting.gaps, alerting.undelivered, len(post.sent)) == ((), (), 2)


async def test_it_needs_a_channel(alerting: FederationAlertingService) -> None:
    async with alerting:
        with pytest.raises(UnknownReferenceError, match="ops"):
            await alerting.send_test("opps")


async def test_a_receiver_that_hangs_is_left_in_time(make_alerting: MakeAlerting, clock: VirtualClock) -> None:
    slow = Post(name="Slow", timeout_seconds=0.0)
    alerting = FederationAlertingService(clock=clock, plugins=[slow])
    alerting.add_channel(slow.channel("ops"))
    slow.will("ops", HANG)
    async with alerting:
        assert (await alerting.send_test("ops")).status is OutcomeStatus.UNKNOWN


async def test_what_has_not_ended_can_be_told_from_what_has(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """And a store that takes everything does not fail."""
    post.will("ops", Outcome.unavailable("down"))
    async with alerting:
        await alerting.process_alert(alert())
        (waiting,) = alerting.outgoing
        assert (waiting.state.value, waiting.attempts, waiting.alert_ids) == ("retrying", 1, ("a1",))
        await clock.advance(60.0)
        assert alerting.outgoing == ()
        assert not alerting.store_fails
