"""Incidents of a service that runs, as PagerDuty comes to see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from events_api import KEY, EventsApi
from pagerduty_stage import Stage

from tocsin import (
    AlertRoutingRule,
    FederationAlertingService,
    NotificationChannel,
    NotificationTemplate,
    Watchdog,
    create_basic_escalation_policy,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Reply
from tocsin.testing.samples import make_alert

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(api: EventsApi, *, policy: bool = False, **channel: Any) -> AsyncIterator[Stage]:
    """A service that tells PagerDuty of what is at least an error."""
    clock = VirtualClock()
    config = {"routing_key": KEY, "url": api.endpoint}
    options = {"min_severity": "error", **channel}
    async with FederationAlertingService(clock=clock, seed=1) as alerting:
        alerting.add_channel(NotificationChannel("pd", "pagerduty", config=config, **options))
        alerting.add_escalation_policy(create_basic_escalation_policy("p", ["pd"], ["pd"]))
        escalation = "p" if policy else None
        alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["pd"], escalation_policy_id=escalation))
        yield Stage(alerting, clock)


def actions(api: EventsApi) -> list[str]:
    """What was asked for, in order."""
    return [event["event_action"] for event in api.events]


async def test_an_incident_is_open_until_the_last_of_its_alerts_has_ended(api: EventsApi) -> None:
    """Of those that PagerDuty was told of: that a milder one still fires does not keep it open."""
    async with running(api) as stage:
        for name, severity in (("a", "critical"), ("b", "critical"), ("mild", "info")):
            await stage.alerting.process_alert(make_alert(alert_id=name, severity=severity))
        await stage.pass_time()
        assert actions(api) == ["trigger", "trigger"]
        stage.alerting.resolve_alert("a")
        await stage.pass_time(600)
        assert actions(api) == ["trigger", "trigger", "trigger"]
        assert len(api.open) == 1
        assert api.events[-1]["payload"]["summary"].startswith("1 still firing; [RESOLVED]")
        stage.alerting.resolve_alert("b")
        await stage.pass_time(600)
        assert actions(api)[3:] == ["resolve"]
        assert (api.open, len(api.opened_alerts), api.refused) == ({}, 1, [])


async def test_levels_and_the_resolution_have_the_key_of_the_first_event(api: EventsApi) -> None:
    async with running(api, policy=True) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time(1000)
        assert actions(api) == ["trigger", "trigger"]
        assert [event["payload"]["custom_details"].get("level") for event in api.events] == [None, "first"]
        stage.alerting.resolve_alert("manual-001")
        await stage.pass_time(1)
        assert actions(api)[2:] == ["resolve"]
        assert len({event["dedup_key"] for event in api.events}) == 1
        assert api.open == {}


async def test_that_somebody_took_it_is_not_sent_on(api: EventsApi) -> None:
    async with running(api, policy=True) as stage:
        await stage.alerting.process_alert(make_alert())
        stage.alerting.acknowledge_alert("manual-001", by="ada")
        await stage.pass_time(7200)
        assert actions(api) == ["trigger"]


async def test_over_a_limit_incidents_wait_and_none_is_merged(api: EventsApi) -> None:
    async with running(api, rate_limit_per_minute=1) as stage:
        for number in range(3):
            await stage.alerting.process_alert(make_alert(alert_id=f"a{number}", metric_name=f"m{number}"))
        await stage.pass_time()
        assert len(api.open) == 1
        await stage.pass_time(200)
        assert actions(api) == ["trigger"] * 3
        assert len(api.open) == 3


async def test_what_failed_is_sent_again_under_the_same_key(api: EventsApi) -> None:
    api.will(Reply(500), Reply(429, b"", {"Retry-After": "5"}))
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time(60)
        assert len({event["dedup_key"] for event in api.events}) == 1
        assert (len(api.events), len(api.opened_alerts)) == (3, 1)


async def test_a_json_template_makes_the_details(api: EventsApi) -> None:
    body = '{"why": "{message}", "value": {current_value}, "state": "{status}"}'
    async with running(api, template_name="t") as stage:
        stage.alerting.add_template(NotificationTemplate("t", "T", "pagerduty", "{metric_name} {status}", body))
        await stage.alerting.process_alert(make_alert(message='say "x"'))
        await stage.pass_time()
    (event,) = api.events
    assert event["payload"]["summary"] == "cpu_usage firing"
    assert event["payload"]["custom_details"] == {"why": 'say "x"', "value": 85.0, "state": "firing"}


async def test_a_test_opens_an_incident_that_says_so(api: EventsApi) -> None:
    async with running(api) as stage:
        assert (await stage.alerting.send_test("pd")).success
    assert api.events[0]["payload"]["summary"].startswith("[TEST] ")


async def test_a_heartbeat_that_is_sent_there_is_a_gap(api: EventsApi) -> None:
    async with running(api) as stage:
        stage.alerting.set_watchdog(Watchdog(heartbeat_channel="pd", heartbeat_seconds=60))
        await stage.pass_time(1)
        assert any("PagerDuty takes no heartbeats" in gap.detail for gap in stage.alerting.gaps)
    assert api.requests == []
