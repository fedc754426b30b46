"""Incidents of a service that runs, as people in Slack come to see them, and what they answer."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import attrs
import pytest
from slack_peer import CHANNEL, TOKEN, SlackPeer
from slack_press import SECRET, USER, body_of, headers_of, payload_of
from slack_stage import Stage

from tocsin import (
    AlertRoutingRule,
    FederationAlertingService,
    MemoryStore,
    NotificationChannel,
    NotificationState,
    SqliteStore,
    Store,
    create_basic_escalation_policy,
)
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Hang, Reset
from tocsin.testing.samples import make_alert
from tocsin_slack_app import InteractionsConfig, SlackInteractions

pytestmark = pytest.mark.anyio


@attrs.frozen
class Scene:
    """A service that tells Slack, and Slack, which tells the service what is pressed."""

    stage: Stage
    slack: SlackPeer
    interactions: SlackInteractions

    async def press(self, action_id: str, **who: str) -> None:
        """Somebody presses a button under the newest message."""
        body = body_of(payload_of(self.slack.roots[-1], action_id, **who))
        assert await self.interactions.handle(headers_of(body, self.stage.clock.wall()), body) == (200, b"")
        await self.stage.clock.until(lambda: self.interactions._following == 0)
        await self.stage.pass_time()


@asynccontextmanager
async def running(slack: SlackPeer, *, store: Store | None = None, **channel: Any) -> AsyncIterator[Scene]:
    """A service that tells one channel of everything, and again if nobody answers."""
    clock = VirtualClock(slack.clock() - 1)
    slack.clock = clock.wall
    url = f"{slack.url}/api"
    config: Mapping[str, Any] = {"bot_token": TOKEN, "channel": CHANNEL, "api_url": url}
    settings = InteractionsConfig(signing_secret=SECRET, bot_token=TOKEN, api_url=url)
    async with FederationAlertingService(clock=clock, seed=1, store=store or MemoryStore()) as alerting:
        alerting.add_channel(NotificationChannel("slack", "slack-app", config=config, **channel))
        alerting.add_escalation_policy(create_basic_escalation_policy("p", ["slack"], ["slack"]))
        alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["slack"], escalation_policy_id="p"))
        async with SlackInteractions(alerting.submit, settings, wall_clock=clock.wall) as interactions:
            yield Scene(Stage(alerting, clock), slack, interactions)


def headlines(messages: list[dict[str, Any]]) -> list[str]:
    """Return the first line of each message."""
    return [message["text"].splitlines()[0] for message in messages]


async def test_an_incident_from_its_beginning_to_its_end(slack: SlackPeer) -> None:
    """Two alerts, nobody answers, somebody does, and both end."""
    async with running(slack) as scene:
        alerting, stage = scene.stage.alerting, scene.stage
        await alerting.process_alert(make_alert(alert_id="a", cluster_id="one"))
        await stage.pass_time()
        assert headlines(slack.messages) == ["🔴 [FIRING] CRITICAL cpu_usage on one"]
        await alerting.process_alert(make_alert(alert_id="b", cluster_id="two", severity="emergency"))
        await stage.pass_time(360)
        (root,) = slack.roots
        assert headlines([root]) == ["🟣 [FIRING] EMERGENCY cpu_usage: 2 alerts in 2 clusters (escalation: first)"]
        assert headlines(slack.replies(root["ts"])) == [
            "🟣 [FIRING] EMERGENCY cpu_usage on two",
            "🟣 [FIRING] EMERGENCY cpu_usage: 2 alerts in 2 clusters (escalation: first)",
        ]
        assert all(reply["subtype"] == "thread_broadcast" for reply in slack.replies(root["ts"]))

        await scene.press("tocsin_acknowledge")
        assert {state.acknowledged_by for state in alerting.alert_states(("a", "b"))} == {f"slack:ada ({USER})"}
        told = len(slack.messages)
        await stage.pass_time(4000)
        assert len(slack.messages) == told, "nobody is told again of what somebody has taken"

        alerting.resolve_alert("a")
        await stage.pass_time(600)
        (root,) = slack.roots
        assert f"✅ Acknowledged by <@{USER}>, <!date^" in str(root["blocks"])
        assert "tocsin_acknowledge" not in str(root["blocks"])
        alerting.resolve_alert("b")
        await stage.pass_time(600)
    (root,) = slack.roots
    assert root["text"].startswith("🟢 [RESOLVED]")
    assert all(block["type"] != "actions" for block in root["blocks"])
    ends = [reply for reply in slack.replies(root["ts"]) if "RESOLVED" in reply["text"]]
    assert len(ends) == 2
    assert all("subtype" not in end for end in ends), "that it is over wakes nobody"


async def test_all_alerts_of_an_incident_are_resolved_by_a_button(slack: SlackPeer) -> None:
    """Those that the channel was told of; and the ledger says who it was."""
    async with running(slack) as scene:
        alerting = scene.stage.alerting
        for name in ("a", "b"):
            await alerting.process_alert(make_alert(alert_id=name, cluster_id=name))
        await scene.stage.pass_time(310)
        await scene.press("tocsin_resolve")
        assert alerting.active_alert_ids == ()
        await scene.stage.pass_time(600)
        assert f"slack:ada ({USER})" in str(await alerting.ledger("a"))
    (root,) = slack.roots
    assert root["text"].startswith("🟢 [RESOLVED]")
    assert "☑️ Resolved by ada" in headlines(slack.replies(root["ts"]))


async def test_who_presses_too_late_is_told_so(slack: SlackPeer) -> None:
    async with running(slack) as scene:
        await scene.stage.alerting.process_alert(make_alert())
        await scene.stage.pass_time()
        before = dict(slack.roots[-1])
        scene.stage.alerting.resolve_alert("manual-001")
        await scene.stage.pass_time(600)
        slack.roots[-1].update(before)
        await scene.press("tocsin_acknowledge")
    assert slack.whispers[0]["text"].startswith("Nothing of this fires any more")


async def test_a_channel_is_tested_with_buttons_that_work(slack: SlackPeer) -> None:
    async with running(slack) as scene:
        assert (await scene.stage.alerting.send_test("slack")).success
        assert "[TEST]" in slack.roots[0]["text"]
        await scene.press("tocsin_acknowledge")
        await scene.press("tocsin_resolve")
    assert [whisper["text"][:16] for whisper in slack.whispers] == ["The buttons work"] * 2


async def test_an_answer_that_was_lost_makes_no_second_message(slack: SlackPeer) -> None:
    """The engine tries again under the same id, and Slack is asked first."""
    take = slack.take

    def lost(request: Any) -> Any:
        slack.take = take  # type: ignore[method-assign]  # once
        take(request)
        return Reset()

    slack.take = lost  # type: ignore[method-assign]  # for one call
    async with running(slack) as scene:
        await scene.stage.alerting.process_alert(make_alert())
        await scene.stage.pass_time(60)
        assert scene.stage.alerting.outgoing == ()
    assert slack.asked()[:2] == ["chat.postMessage", "conversations.history"]
    assert len(slack.roots) == 1


async def test_over_a_restart_an_incident_stays_one_message(slack: SlackPeer, tmp_path: Path) -> None:
    """The next process finds it in Slack, and goes on under it."""
    async with running(slack, store=SqliteStore(tmp_path / "alerts.db")) as scene:
        await scene.stage.alerting.process_alert(make_alert())
        await scene.stage.pass_time(10)
    async with running(slack, store=SqliteStore(tmp_path / "alerts.db")) as scene:
        await scene.stage.pass_time(400)
        await scene.press("tocsin_resolve")
        await scene.stage.pass_time(600)
        assert all(one.state is not NotificationState.SENDING for one in scene.stage.alerting.outgoing)
    (root,) = slack.roots
    assert root["text"].startswith("🟢 [RESOLVED]")
    assert slack.asked().count("conversations.history") == 1


async def test_over_a_crash_in_the_middle_an_incident_stays_one_message(slack: SlackPeer, tmp_path: Path) -> None:
    """Slack had taken it when the process died: the next one asks first."""
    take = slack.take

    def taken(request: Any) -> Any:
        slack.take = take  # type: ignore[method-assign]  # once
        take(request)
        return Hang()

    slack.take = taken  # type: ignore[method-assign]  # for one call
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    with anyio.CancelScope() as scope:
        async with running(slack, store=SqliteStore(before / "alerts.db")) as scene:
            await scene.stage.alerting.process_alert(make_alert(), wait=False)
            await scene.stage.clock.until(lambda: len(slack.roots) == 1)
            shutil.copytree(before, after)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    async with running(slack, store=SqliteStore(after / "alerts.db")) as scene:
        await scene.stage.pass_time(60)
        assert scene.stage.alerting.outgoing == ()
        scene.stage.alerting.resolve_alert("manual-001")
        await scene.stage.pass_time(600)
    (root,) = slack.roots
    assert root["text"].startswith("🟢 [RESOLVED]")


async def test_over_a_limit_incidents_wait_and_are_not_merged(slack: SlackPeer) -> None:
    async with running(slack, rate_limit_per_minute=1) as scene:
        for number in range(3):
            await scene.stage.alerting.process_alert(
                make_alert(alert_id=str(number), metric_name=f"m{number}"), wait=False
            )
        await scene.stage.pass_time(200)
    assert [headline.split()[3] for headline in headlines(slack.roots)] == ["m0", "m1", "m2"]
