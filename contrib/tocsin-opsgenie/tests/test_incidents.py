"""Incidents of a service that runs, as Opsgenie comes to see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from alert_api import KEY, AlertApi
from opsgenie_stage import Stage

from tocsin import (
    AlertRoutingRule,
    FederationAlertingService,
    NotificationChannel,
    NotificationTemplate,
    Watchdog,
    create_basic_escalation_policy,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Received, Reply, Reset
from tocsin.testing.receiver import Answer
from tocsin.testing.samples import make_alert

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(api: AlertApi, *, policy: bool = False, settings: Any = None, **channel: Any) -> AsyncIterator[Stage]:
    """A service that tells Opsgenie of what is at least a warning."""
    clock = VirtualClock()
    config = {"api_key": KEY, "api_url": api.url, **(settings or {})}
    options = {"min_severity": "warning", **channel}
    async with FederationAlertingService(clock=clock, seed=1) as alerting:
        alerting.add_channel(NotificationChannel("og", "opsgenie", config=config, **options))
        alerting.add_escalation_policy(create_basic_escalation_policy("p", ["og"], ["og"]))
        escalation = "p" if policy else None
        alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["og"], escalation_policy_id=escalation))
        yield Stage(alerting, clock)


async def test_an_alert_is_open_until_the_last_of_the_incident_has_ended(api: AlertApi) -> None:
    """Of those that Opsgenie was told of: that a milder one still fires does not keep it open."""
    async with running(api) as stage:
        for name, severity in (("a", "warning"), ("b", "critical"), ("mild", "info")):
            await stage.alerting.process_alert(make_alert(alert_id=name, severity=severity))
        await stage.pass_time()
        (alert,) = api.open.values()
        assert (alert.priority, alert.count, len(alert.notes)) == ("P1", 2, 1)
        stage.alerting.resolve_alert("b")
        await stage.pass_time(600)
        assert alert.notes[1].startswith("1 still firing.\n[RESOLVED]")
        stage.alerting.resolve_alert("a")
        await stage.pass_time(600)
        assert (api.open, len(api.created), api.refused) == ({}, 1, [])


class LosesAnAnswer(AlertApi):
    """It does what the first request asks for, and goes away without a word."""

    def reply(self, request: Received, answer: Answer) -> Reply | Reset:
        done = super().reply(request, answer)
        assert isinstance(done, Reply)
        return Reset() if len(self.requests) == 1 else done


async def test_what_grew_worse_after_an_answer_was_lost_is_as_urgent_as_it_is() -> None:
    """The attempt that follows finds an alert there, which keeps the priority that it was created with."""
    with LosesAnAnswer() as api:
        async with running(api) as stage:
            await stage.alerting.process_alert(make_alert(severity="warning"))
            await stage.clock.until(lambda: bool(api.open))
            await stage.pass_time()
            await stage.alerting.process_alert(make_alert(severity="critical"))
            await stage.pass_time(600)
        (alert,) = api.open.values()
    assert (alert.priority, alert.count) == ("P1", 2)


async def test_a_level_is_a_note_on_the_same_alert(api: AlertApi) -> None:
    async with running(api, policy=True) as stage:
        await stage.alerting.process_alert(make_alert())
        await stage.pass_time(400)
        (alert,) = api.open.values()
        assert (alert.count, len(api.created)) == (2, 1)
        assert "escalation level first" in alert.notes[0]


async def test_that_somebody_took_it_is_not_sent_on(api: AlertApi) -> None:
    async with running(api, policy=True) as stage:
        await stage.alerting.process_alert(make_alert())
        stage.alerting.acknowledge_alert("manual-001", by="ada")
        await stage.pass_time(7200)
        assert api.done() == ["alerts"]


async def test_over_a_limit_incidents_wait_and_none_is_merged(api: AlertApi) -> None:
    async with running(api, rate_limit_per_minute=1) as stage:
        for number in range(3):
            await stage.alerting.process_alert(make_alert(alert_id=f"a{number}", metric_name=f"m{number}"))
        await stage.pass_time()
        assert len(api.open) == 1
        await stage.pass_time(200)
        assert (api.done(), len(api.open)) == (["alerts"] * 3, 3)


async def test_what_ends_while_an_update_of_it_fails_is_closed_all_the_same(api: AlertApi) -> None:
    async with running(api) as stage:
        await stage.alerting.process_alert(make_alert(alert_id="a", severity="warning"))
        api.will(Reply(202), *[Reply(503)] * 2)
        await stage.alerting.process_alert(make_alert(alert_id="b", severity="critical"))
        stage.alerting.resolve_alert("a")
        stage.alerting.resolve_alert("b")
        await stage.pass_time(600)
        assert (len(api.created), api.open) == (1, {})


async def test_a_template_makes_message_and_description(api: AlertApi) -> None:
    async with running(api, template_name="t", settings={"update_alerts": True}) as stage:
        template = NotificationTemplate("t", "T", "opsgenie", "{metric_name} {status}", "why: {message} (<b>)")
        stage.alerting.add_template(template)
        await stage.alerting.process_alert(make_alert(alert_id="a", message="one"))
        await stage.alerting.process_alert(make_alert(alert_id="b", message="two"))
        await stage.pass_time()
        (alert,) = api.open.values()
    assert (alert.message, alert.description) == ("cpu_usage firing", "why: two (‹b>)")


async def test_a_test_makes_an_alert_that_says_so(api: AlertApi) -> None:
    async with running(api) as stage:
        assert (await stage.alerting.send_test("og")).success
    (alert,) = api.open.values()
    assert alert.message.startswith("[TEST] ")


async def test_the_heartbeat_of_a_watchdog_is_a_ping(api: AlertApi) -> None:
    async with running(api, settings={"heartbeat_name": "tocsin"}) as stage:
        stage.alerting.set_watchdog(Watchdog(heartbeat_channel="og", heartbeat_seconds=60))
        await stage.pass_time(1)
        await stage.clock.until(lambda: bool(api.pinged))
    assert api.pinged == ["tocsin"]
    assert api.open == {}
    assert stage.alerting.gaps == ()
