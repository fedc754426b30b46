"""The recording backend: what it says of attempts that were under way when it forgot the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from tocsin import AlertRoutingRule, FederationAlertingService, NotificationChannel
from tocsin.testing.clock import VirtualClock
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_alert

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _running(recording: RecordingBackend, *channels: str) -> AsyncIterator[FederationAlertingService]:
    async with FederationAlertingService(clock=VirtualClock(), plugins=[recording]) as alerting:
        for name in channels:
            alerting.add_channel(NotificationChannel(name, "recording"))
            alerting.add_routing_rule(
                AlertRoutingRule(name, conditions={"cluster_pattern": name}, target_channels=[name])
            )
        yield alerting


async def test_what_was_under_way_when_it_forgot_is_forgotten() -> None:
    """Its end is no end of what came after that."""
    recording, held = RecordingBackend(), anyio.Event()
    recording.script("slow", held)
    async with _running(recording, "slow", "fast") as alerting, anyio.create_task_group() as tasks:
        tasks.start_soon(alerting.process_alert, make_alert(alert_id="old", cluster_id="slow"))
        while not recording.attempts:
            await anyio.lowlevel.checkpoint()
        recording.clear()
        await alerting.process_alert(make_alert(alert_id="new", cluster_id="fast"))
        held.set()
    assert [one.alerts[0].alert.alert_id for one in recording.received()] == ["new"]
    assert len(recording.attempts) == 1
