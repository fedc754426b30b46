"""The backend ``slack``: blocks within Slack's limits, whatever an alert says, and what Slack's answers mean."""

from __future__ import annotations

import json
import logging
from typing import Any

import anyio
import anyio.to_thread
import attrs
import cattrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import unhurried

from tocsin.errors import ConfigurationError
from tocsin.model.escalation import EscalationLevel
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.model.severity import AlertSeverity
from tocsin.model.template import NotificationTemplate
from tocsin.registry import BackendRegistrar, RendererRegistrar
from tocsin.roles.backend import BackendContext
from tocsin.testing.http_receiver import Bytes, Hang, HttpReceiver, Reply, Reset
from tocsin.testing.samples import make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_plugins import _slack_blocks, slack

on_every_loop = pytest.mark.anyio
TOKEN = "services/T000/B000/XXXXs3cretXXXX"

GUIDE = NotificationTemplate(
    template_id="custom_slack",
    name="Custom Slack Alert",
    backend="slack",
    subject_template="🚨 {severity} Alert: {metric_name}",
    body_template="*🚨 {severity} Alert in {cluster_id}*\n💬 *Details:* {message}\n🕐 *Time:* {timestamp}",
)


def backend(url: str, **settings: Any) -> slack.SlackBackend:
    """Return a Slack backend as the core makes it, its settings structured by cattrs."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    config = converter.structure({"webhook_url": url, **settings}, slack.SlackConfig)
    return slack.SlackBackend(config, BackendContext("ops-slack"))


def rendered(notification: Notification, template: NotificationTemplate | None = None) -> Notification:
    """Return *notification* with the message that the core would give it."""
    return attrs.evolve(notification, message=slack.render(notification, template))


def shown(document: Any) -> str:
    """Return all text of a payload, as one string."""
    if isinstance(document, dict):
        return "\n".join(shown(value) for key, value in document.items() if key not in ("type", "color"))
    if isinstance(document, list):
        return "\n".join(shown(value) for value in document)
    return document if isinstance(document, str) else ""


# -- the payload -------------------------------------------------------------------------------------------------


def test_a_single_alert_as_blocks() -> None:
    document = slack.payload(rendered(make_notification()))
    headline = "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert document["text"] == headline
    assert document["blocks"] == [{"type": "header", "text": {"type": "plain_text", "text": headline, "emoji": True}}]
    (attachment,) = document["attachments"]
    assert attachment["color"] == "#d40e0d"
    message, fields, notes, context = attachment["blocks"]
    assert message == {"type": "section", "text": {"type": "mrkdwn", "text": "High CPU usage detected"}}
    assert [field["text"] for field in fields["fields"]] == [
        "*Status*\nFIRING",
        "*Severity*\nCRITICAL",
        "*Cluster*\nprod-web-01",
        "*Node*\nnode-7",
        "*Metric*\ncpu_usage",
        "*Value*\n85",
        "*Threshold*\n80",
        "*Since*\n2023-11-14T22:13:20.000Z",
    ]
    assert notes["text"]["text"] == "*labels*: service=web\n*runbook*: https://wiki.example/cpu"
    assert context["elements"] == [{"type": "mrkdwn", "text": "manual-001 · inc-1"}]


def test_a_summary_lists_its_alerts_and_counts_the_rest() -> None:
    listed = [make_listed(alert_id=f"a{n}", cluster_id=f"c{n}") for n in range(32)]
    text = shown(slack.payload(rendered(make_notification(*listed, level=EscalationLevel.FIRST))))
    assert "32 alerts in 32 clusters" in text
    assert "*Alerts*\n32: 32 firing" in text
    assert text.count("• [FIRING]") == 20
    assert "• … and 12 more" in text
    assert "escalation level first" in text


def test_every_severity_has_a_color_of_its_own_and_a_resolution_is_green() -> None:
    colors = [
        slack.payload(rendered(make_notification(make_listed(severity=severity))))["attachments"][0]["color"]
        for severity in AlertSeverity
    ]
    assert len({*colors, slack.RESOLVED_COLOR}) == 6
    for severity in AlertSeverity:
        document = slack.payload(rendered(make_notification(make_listed(severity=severity, resolved=True))))
        assert document["attachments"][0]["color"] == slack.RESOLVED_COLOR
        assert document["text"].startswith("[RESOLVED]")
        assert "FIRING" not in shown(document)


def test_what_an_alert_says_is_shown_and_not_done() -> None:
    listed = make_listed(message="<!channel> <https://evil.example|click> & more\x00", cluster_id="<@U1>")
    text = shown(slack.payload(rendered(make_notification(listed))))
    assert "<" not in text
    assert "&lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; more�" in text
    assert "&lt;@U1&gt;" in text


def test_the_guides_template_makes_header_and_section() -> None:
    document = slack.payload(rendered(make_notification(make_listed(message="a < b\nc")), GUIDE))
    assert document["blocks"][0]["text"]["text"] == document["text"] == "🚨 CRITICAL Alert: cpu_usage"
    (section,) = document["attachments"][0]["blocks"]
    assert section["text"]["text"] == (
        "*🚨 CRITICAL Alert in prod-web-01*\n💬 *Details:* a &lt; b\nc\n🕐 *Time:* 2023-11-14T22:13:20.000Z"
    )


def test_a_templates_own_markup_stands() -> None:
    template = NotificationTemplate("t", "T", "slack", "", "<https://wiki.example|Runbook> for {message}")
    document = slack.payload(rendered(make_notification(make_listed(message="<!here>")), template))
    assert document["attachments"][0]["blocks"][0]["text"]["text"] == (
        "<https://wiki.example|Runbook> for &lt;!here&gt;"
    )
    assert document["text"] == "[FIRING] CRITICAL cpu_usage on prod-web-01", "an empty subject is not sent"


def test_a_template_without_a_body_is_a_header_alone() -> None:
    document = slack.payload(rendered(make_notification(), NotificationTemplate("t", "T", "slack", "S", " \n ")))
    assert set(document) == {"text", "blocks"}


def test_a_digest_that_lists_nothing_any_more_is_still_a_message() -> None:
    empty = attrs.evolve(make_notification(), alerts=(), incident_id="")
    document = slack.payload(rendered(empty))
    assert document["text"].startswith("[FIRING] CRITICAL")
    assert "attachments" not in document


def test_a_long_body_is_parted_between_lines() -> None:
    lines = [f"line {number} " + "x" * 90 for number in range(100)]
    blocks = _slack_blocks.sections("\n".join(lines))
    assert len(blocks) == 4
    assert "\n".join(block["text"]["text"] for block in blocks).split("\n") == lines


def test_a_body_beyond_measure_ends_in_an_ellipsis() -> None:
    blocks = _slack_blocks.sections("x" * 1_000_000)
    assert len(blocks) == 20
    assert blocks[-1]["text"]["text"] == "…"


# -- the limits --------------------------------------------------------------------------------------------------


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_text(text: str, limit: int) -> None:
    """Assert that a text is not empty, within *limit*, and has no broken entity."""
    assert text.strip()
    assert _units(text) <= limit
    for rest in text.split("&")[1:]:
        assert rest.startswith(("amp;", "lt;", "gt;"))


def check_block(block: dict[str, Any]) -> None:
    """Assert that a block keeps Slack's limits."""
    if block["type"] == "header":
        assert block["text"]["type"] == "plain_text"
        check_text(block["text"]["text"], 150)
    elif block["type"] == "context":
        assert 1 <= len(block["elements"]) <= 10
        for element in block["elements"]:
            check_text(element["text"], 3000)
    elif "fields" in block:
        assert 1 <= len(block["fields"]) <= 10
        for field in block["fields"]:
            check_text(field["text"], 2000)
    else:
        check_text(block["text"]["text"], 3000)


def check_limits(document: dict[str, Any]) -> None:
    """Assert that a payload keeps Slack's limits."""
    check_text(document["text"], 3000)
    for blocks in (document["blocks"], *(attached["blocks"] for attached in document.get("attachments", ()))):
        assert 1 <= len(blocks) <= 50
        for block in blocks:
            check_block(block)
    json.dumps(document, allow_nan=False)


@unhurried
@given(any_notifications())
def test_any_notification_keeps_slacks_limits(notification: Notification) -> None:
    check_limits(slack.payload(rendered(notification)))


@unhurried
@given(any_notifications())
def test_any_notification_in_a_users_template_keeps_slacks_limits(notification: Notification) -> None:
    check_limits(slack.payload(rendered(notification, GUIDE)))


@unhurried
@given(any_text(), st.integers(1, 400))
def test_a_text_is_cut_only_where_it_is_too_long(text: str, limit: int) -> None:
    cut = _slack_blocks.fitting(text, limit)
    assert _units(cut) <= limit
    assert (cut == text) is (_units(text) <= limit)


# -- sending -----------------------------------------------------------------------------------------------------


@on_every_loop
async def test_a_message_is_posted_to_the_webhook(receiver: HttpReceiver) -> None:
    async with backend(f"{receiver.url}/{TOKEN}") as sender:
        assert await sender.send(rendered(make_notification())) == Outcome.delivered("200 OK: ok", code=200)
    (request,) = receiver.requests
    assert (request.method, request.target) == ("POST", f"/{TOKEN}")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == slack.payload(rendered(make_notification()))


@on_every_loop
async def test_a_sender_may_be_named(receiver: HttpReceiver) -> None:
    await backend(receiver.url, username="tocsin", icon_emoji=":bell:").send(rendered(make_notification()))
    document = json.loads(receiver.requests[0].body)
    assert (document["username"], document["icon_emoji"]) == ("tocsin", ":bell:")


@on_every_loop
async def test_a_template_that_is_a_json_object_is_the_payload(receiver: HttpReceiver) -> None:
    template = NotificationTemplate("t", "T", "slack", "S", '{"text": "{message}", "unfurl_links": false}')
    notification = make_notification(make_listed(message='say "<!here>"'))
    await backend(receiver.url).send(rendered(notification, template))
    assert json.loads(receiver.requests[0].body) == {"text": 'say "&lt;!here&gt;"', "unfurl_links": False}


def test_a_template_that_is_a_json_list_is_ordinary_text() -> None:
    message = slack.render(make_notification(), NotificationTemplate("t", "T", "slack", "S", "[{current_value}]"))
    assert (message.body, message.content_type) == ("[85.0]", "text/plain; charset=utf-8")


@on_every_loop
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (
            Reply(429, b"", {"Retry-After": "30"}),
            Outcome.throttled("429 Too Many Requests", code=429, retry_after_seconds=30.0),
        ),
        (Reply(500, b"rollup_error"), Outcome.unavailable("500 Internal Server Error: rollup_error", code=500)),
        (Reply(400, b"invalid_payload"), Outcome.rejected("400 Bad Request: invalid_payload", code=400)),
        (Reply(403, b"action_prohibited"), Outcome.rejected("403 Forbidden: action_prohibited", code=403)),
        (Reply(404, b"no_service"), Outcome.rejected("404 Not Found: no_service", code=404)),
        (Reply(410, b"channel_is_archived"), Outcome.rejected("410 Gone: channel_is_archived", code=410)),
    ],
)
async def test_slacks_answers_mean_what_they_say(receiver: HttpReceiver, reply: Reply, outcome: Outcome) -> None:
    receiver.will(reply)
    assert await backend(f"{receiver.url}/{TOKEN}").send(rendered(make_notification())) == outcome


@on_every_loop
async def test_no_answer_is_unknown(receiver: HttpReceiver) -> None:
    receiver.will(Reset(), Bytes(b"garbage\r\n\r\n"))
    async with backend(f"{receiver.url}/{TOKEN}") as sender:
        for _ in range(2):
            outcome = await sender.send(rendered(make_notification()))
            assert outcome.status is OutcomeStatus.UNKNOWN


@on_every_loop
async def test_a_slack_that_hangs_can_be_left(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    async with backend(receiver.url) as sender, anyio.create_task_group() as tasks:
        tasks.start_soon(sender.send, rendered(make_notification()))
        await anyio.to_thread.run_sync(receiver.wait_for_request)
        tasks.cancel_scope.cancel()
    await anyio.to_thread.run_sync(receiver.wait_for_departure)


@on_every_loop
async def test_the_webhooks_address_stays_secret(receiver: HttpReceiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.will(Reply(404, f"nothing at /{TOKEN}".encode()), Reset())
    async with backend(f"{receiver.url}/{TOKEN}") as sender:
        for _ in range(2):
            assert "s3cret" not in repr(await sender.send(rendered(make_notification())))
    assert "s3cret" not in caplog.text


# -- settings ----------------------------------------------------------------------------------------------------


def test_a_config_shows_no_secret() -> None:
    config = slack.SlackConfig(webhook_url=f"https://hooks.slack.com/{TOKEN}")
    assert "webhook_url=https://hooks.slack.com/…" in repr(config)
    assert "s3cret" not in repr(config)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"webhook_url": "hooks.slack.com/s3cret"}, "webhook_url"),
        ({"webhook_url": ""}, "webhook_url"),
        ({"webhook_url": "https://hooks.slack.com/x", "timeout_seconds": -1}, "timeout_seconds"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        slack.SlackConfig(**settings)
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)


def test_the_plugin_registers_a_human_backend_and_its_renderer() -> None:
    backends, renderers = BackendRegistrar(), RendererRegistrar()
    slack.tocsin_register_backends(backends)
    slack.tocsin_register_renderers(renderers)
    for registrar in (backends, renderers):
        registrar.commit()
    spec = backends.frozen()["slack"].spec
    assert (spec.human, spec.config_class) == (True, slack.SlackConfig)
    assert spec.renderer in renderers.frozen()
