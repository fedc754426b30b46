"""What the service logs, and that no secret is in it, nor in anything else that it shows."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Journal, Post, alert

from tocsin import AlertRoutingRule, FederationAlertingService, NotificationChannel, Outcome, create_slack_channel
from tocsin.testing.clock import VirtualClock
from tocsin.testing.http_receiver import Bytes, HttpReceiver, Reply, Reset

pytestmark = pytest.mark.anyio

KEY = base64.b64encode(b"s3cret-key-of-32-bytes-0123456789").decode()
SENT = ("T0KEN-in-the-path", "T0KEN-in-the-query", "T0KEN-in-a-header")
SECRETS = (*SENT, "T0KEN-of-slack", KEY)


def _webhook(channel_id: str, url: str) -> NotificationChannel:
    return NotificationChannel(
        channel_id,
        "webhook",
        config={
            "webhook_url": f"{url}/T0KEN-in-the-path?key=T0KEN-in-the-query",
            "headers": {"Authorization": "Bearer T0KEN-in-a-header"},
            "secret": f"whsec_{KEY}",
        },
    )


def _shown(alerting: FederationAlertingService, store: Journal, log: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(name)s %(message)s")
    parts: list[Any] = [formatter.format(record) for record in log.records]
    parts += [alerting.configuration, alerting.channels, alerting.gaps, alerting.delivery_history, alerting]
    parts += [alerting.get_alerting_statistics(), alerting.explain(alert()).as_dict(), list(store.journal)]
    return "\n".join(map(repr, parts))


@pytest.mark.parametrize("answer", [Reply(500, b"no"), Reset(), Bytes(b"no HTTP\r\n\r\n")])
async def test_no_secret_is_shown_anywhere(
    make_alerting: MakeAlerting, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    """Whatever the receiver answers: not in logs, not in errors, statistics, history, gaps, explanations or journal."""
    caplog.set_level(logging.DEBUG)
    receiver.will(answer, answer)
    store = Journal()
    async with make_alerting(store=store) as alerting:
        alerting.add_channel(_webhook("hook", receiver.url))
        alerting.add_channel(_webhook("nobody", "http://127.0.0.1:9"))
        alerting.add_channel(create_slack_channel("slack", f"{receiver.url}/services/T0KEN-of-slack", "info"))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["hook", "nobody", "slack"]))
        await alerting.process_alert(alert())
        shown = _shown(alerting, store, caplog)
    assert {one.channel_id for one in alerting.delivery_history} == {"hook", "nobody", "slack"}
    assert [secret for secret in SECRETS if secret in shown] == []


async def test_a_secret_that_the_receiver_repeats_is_shown_nowhere(
    make_alerting: MakeAlerting, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Some echo the request: the answer is shown without what the channel's settings hold."""
    caplog.set_level(logging.DEBUG, logger="tocsin")
    receiver.will(Reply(400, f"bad request: {', '.join(SENT)}".encode()))
    store = Journal()
    async with make_alerting(store=store) as alerting:
        alerting.add_channel(_webhook("hook", receiver.url))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["hook"]))
        await alerting.process_alert(alert())
        shown = _shown(alerting, store, caplog)
    assert "bad request" in shown
    assert [secret for secret in SECRETS if secret in shown] == []


async def test_it_logs_under_its_own_name_only(
    alerting: FederationAlertingService, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """So that ``logging.getLogger("tocsin")`` steers all of it; nothing goes wrong, so nothing is a warning."""
    caplog.set_level(logging.DEBUG)
    async with alerting:
        await alerting.process_alert(alert())
        await clock.advance(400)
        alerting.resolve_alert("a1")
    ours = [record for record in caplog.records if record.name.split(".")[0] == "tocsin"]
    assert ours
    assert [record for record in ours if record.levelno >= logging.WARNING] == []


async def test_an_unrouted_alert_is_logged(make_alerting: MakeAlerting, caplog: pytest.LogCaptureFixture) -> None:
    """By its id, as a warning: somebody forgot a rule."""
    async with make_alerting() as alerting:
        await alerting.process_alert(alert("lonely"))
    assert "lonely" in caplog.text


async def test_a_gap_is_logged(
    alerting: FederationAlertingService, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that is owed disappears without a word."""
    alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["nonesuch"]))
    async with alerting:
        await alerting.process_alert(alert())
    assert "nonesuch" in caplog.text


async def test_what_others_send_makes_no_lines_of_its_own(
    make_alerting: MakeAlerting, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an alert's id nor a receiver's answer; and what can be read is left as it is."""
    caplog.set_level(logging.DEBUG, logger="tocsin")
    post.will("ops", Outcome.rejected("no\r\nWARNING forged\x1b[2J\u2028\ud800"))
    async with make_alerting() as alerting:
        alerting.add_channel(NotificationChannel("ops", "post"))
        await alerting.process_alert(alert("größe\nWARNING forged"))
        alerting.add_routing_rule(AlertRoutingRule("r", target_channels=["ops"]))
        await alerting.process_alert(alert("größe 2\nWARNING forged"))
    ours = [record for record in caplog.records if record.name == "tocsin.engine"]
    texts = [record.getMessage() for record in ours]
    assert [text for text in texts if not text.isprintable()] == []
    assert "alert größe\\nWARNING forged is unrouted: no rule matches it" in texts
    assert any(text.endswith(r"rejected: no\r\nWARNING forged\x1b[2J\u2028\ud800") for text in texts)
    assert {record.module for record in ours} == {"logbook"}
    assert {record.funcName for record in ours} == {"write"}


async def test_each_line_has_the_ids_of_what_it_is_about(
    alerting: FederationAlertingService, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """As data, so that machines find all lines about one alert or notification."""
    caplog.set_level(logging.DEBUG)
    post.will("ops", Outcome.rejected("no"))
    async with alerting:
        await alerting.process_alert(alert())
    found = {ids["event"]: ids for record in caplog.records if (ids := getattr(record, "ids", None))}
    incident = found["AlertRouted"]["incident_id"]
    assert found["AlertRouted"] == {"event": "AlertRouted", "alert_id": "a1", "incident_id": incident}
    sent = found["AttemptFinished"]
    assert sent["channel_id"] == "ops"
    assert sent["notification_id"] == found["NotificationChanged"]["notification_id"]
