"""The escalation scheduler keeps the contract of schedulers, and a service escalates by it."""

from __future__ import annotations

import pytest
from tocsin import AlertRoutingRule, EscalationPolicy, FederationAlertingService, NotificationChannel
from tocsin.testing.clock import VirtualClock
from tocsin.testing.contracts import SchedulerContract
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_alert

SCHEDULER = "{{ cookiecutter.name }}"


class TestScheduler(SchedulerContract):
    """Over the contract's own policies."""

    scheduler = SCHEDULER


@pytest.mark.anyio
async def test_nobody_answers_and_is_told_again(tocsin_clock: VirtualClock, tocsin_recording: RecordingBackend) -> None:
    """In a whole service, on each event loop; no time passes but the clock's."""
    alerting = FederationAlertingService(clock=tocsin_clock, plugins=[tocsin_recording], escalation_scheduler=SCHEDULER)
    for channel in ("team", "boss"):
        alerting.add_channel(NotificationChannel(channel, "recording"))
    alerting.add_escalation_policy(
        EscalationPolicy("nobody", escalation_levels={"first": ["boss"]}, level_delays_seconds={"first": 300.0})
    )
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["team"], escalation_policy_id="nobody"))
    async with alerting:
        await alerting.process_alert(make_alert())
        await tocsin_clock.advance(299.0)
        assert len(tocsin_recording.received("boss")) == 0
        await tocsin_clock.advance(2.0)
        assert len(tocsin_recording.received("boss")) == 1
        await tocsin_clock.advance(60.0)
        assert len(tocsin_recording.received("boss")) == 2
    assert len(tocsin_recording.received("team")) == 1
