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


async def test_that_somebody_took_it_is_an_acknowledgement(api: EventsApi) -> None:
    async with running(api, policy=True) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time()
        stage.alerting.acknowledge_alert("manual-001", by="ada")
        await stage.pass_time(7200)
        assert actions(api) == ["trigger", "acknowledge"]
        assert api.events[0]["dedup_key"] == api.events[1]["dedup_key"]
        assert "(by ada)" in api.events[1]["payload"]["summary"]
        stage.alerting.resolve_alert("manual-001")
        await stage.pass_time(600)
        assert actions(api)[2:] == ["resolve"]


async def test_an_incident_of_which_a_part_is_taken_is_not_acknowledged(api: EventsApi) -> None:
    """PagerDuty would call nobody for the rest; once that is taken too, it is."""
    async with running(api) as stage:
        for name in ("a", "b"):
            await stage.alerting.process_alert(make_alert(alert_id=name))
        await stage.pass_time(600)
        told = len(api.events)
        stage.alerting.acknowledge_alert("a", by="ada")
        await stage.pass_time(60)
        assert len(api.events) == told
        stage.alerting.acknowledge_alert("b", by="bob")
        await stage.pass_time(60)
        assert actions(api)[told:] == ["acknowledge"]


async def test_what_fires_after_it_was_taken_opens_an_incident_of_its_own(api: EventsApi) -> None:
    """For what is added to one that is acknowledged PagerDuty calls nobody. Both are closed at the end."""
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert(alert_id="a"))
        await stage.pass_time()
        stage.alerting.acknowledge_alert("a", by="ada")
        await stage.pass_time()
        await stage.alerting.process_alert(make_alert(alert_id="b", severity="critical"))
        await stage.pass_time()
        assert actions(api) == ["trigger", "acknowledge", "trigger"]
        keys = [event["dedup_key"] for event in api.events]
        assert keys == [keys[0], keys[0], f"{keys[0]}.1"]
        assert list(api.open) == [keys[0], f"{keys[0]}.1"]
        for name in "ab":
            stage.alerting.resolve_alert(name)
        await stage.pass_time(600)
        assert (api.open, api.refused) == ({}, [])


async def test_where_an_acknowledgement_ends_somebody_is_called_again(api: EventsApi) -> None:
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time()
        stage.alerting.acknowledge_alert("manual-001", by="ada", for_seconds=600)
        await stage.pass_time(700)
        assert len(api.opened_alerts) == 2


@asynccontextmanager
async def taken_twice(api: EventsApi) -> AsyncIterator[Stage]:
    """A service whose alert was taken, called for again, and is to be taken again."""
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time()
        stage.alerting.acknowledge_alert("manual-001", by="ada", for_seconds=600)
        await stage.pass_time(700)
        assert actions(api) == ["trigger", "acknowledge", "trigger"]
        yield stage


async def test_once_somebody_has_the_second_one_the_first_is_closed(api: EventsApi) -> None:
    async with taken_twice(api) as stage:
        stage.alerting.acknowledge_alert("manual-001", by="bob")
        await stage.pass_time(60)
        first, second = api.opened_alerts
        assert [(event["event_action"], event["dedup_key"]) for event in api.events[3:]] == [
            ("acknowledge", second),
            ("resolve", first),
        ]
        assert (list(api.open), api.refused) == ([second], [])


@pytest.mark.parametrize(
    ("reply", "attempts"), [(Reply(503), 2), (Reply(429, b"", {"Retry-After": "5"}), 2), (Reply(400), 1)]
)
@pytest.mark.parametrize("over", [True, False])
async def test_what_cannot_close_the_one_before_is_tried_again_if_that_can_help(
    api: EventsApi, reply: Reply, attempts: int, over: bool
) -> None:
    async with taken_twice(api) as stage:
        api.will(Reply(202, b'{"status": "success"}'), reply)
        if over:
            stage.alerting.resolve_alert("manual-001")
        else:
            stage.alerting.acknowledge_alert("manual-001", by="bob")
        await stage.pass_time(200)
        assert actions(api)[3:] == ["resolve" if over else "acknowledge", "resolve"] * attempts


async def test_the_end_closes_what_earlier_events_left_open(api: EventsApi) -> None:
    """Of very many only as many as an attempt has time for."""
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time()
        for _ in range(6):
            stage.alerting.acknowledge_alert("manual-001", by="ada", for_seconds=600)
            await stage.pass_time(700)
        told = len(api.events)
        stage.alerting.resolve_alert("manual-001")
        await stage.pass_time(600)
        key = api.opened_alerts[0]
        assert [event["dedup_key"] for event in api.events[told:]] == [f"{key}.{number}" for number in range(6, 1, -1)]
        assert (api.open, api.refused) == ({}, [])


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
