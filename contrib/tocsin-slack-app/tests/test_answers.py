"""What Slack's words mean for a notification."""

from __future__ import annotations

import json

import httpx
import pytest
from slack_channel import a_firing, entered, more
from slack_peer import SlackPeer, failed, limited

from tocsin import Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Hang, Reply
from tocsin_slack_app.answers import answer_of

on_every_loop = pytest.mark.anyio
SECRETS = ("xoxb-secret-one",)
JSON = {"Content-Type": "application/json; charset=utf-8"}


def judged(status: int, body: bytes, **headers: str) -> Outcome:
    """Return what an answer means."""
    request = httpx.Request("POST", "https://slack.com/api/chat.postMessage")
    response = httpx.Response(status, headers={**JSON, **headers}, content=body, request=request)
    return answer_of(response, SECRETS).outcome


def said(error: str, **more: object) -> Outcome:
    """Return what a word means."""
    return judged(200, json.dumps({"ok": False, "error": error, **more}).encode())


@pytest.mark.parametrize(
    "error",
    [
        *("account_inactive", "channel_not_found", "invalid_auth", "invalid_blocks", "is_archived", "missing_scope"),
        *("metadata_too_large", "msg_blocks_too_long", "no_text", "not_authed", "not_in_channel", "restricted_action"),
        *("token_expired", "token_revoked", "a_word_of_tomorrow"),
    ],
)
def test_what_no_later_attempt_can_mend_is_rejected(error: str) -> None:
    outcome = said(error)
    assert outcome.status is OutcomeStatus.REJECTED
    assert outcome.detail.startswith(error)
    assert outcome.code == 200


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_what_is_wrong_with_slack_itself_is_tried_again(error: str) -> None:
    assert said(error).status is OutcomeStatus.UNAVAILABLE


@pytest.mark.parametrize("error", ["ratelimited", "rate_limited", "message_limit_exceeded"])
def test_what_is_too_much_is_throttled(error: str) -> None:
    outcome = judged(200, json.dumps({"ok": False, "error": error}).encode(), **{"Retry-After": "30"})
    assert outcome == Outcome.throttled(error, code=200, retry_after_seconds=30.0)


def test_a_refusal_says_what_can_be_done() -> None:
    assert said("not_in_channel").detail == "not_in_channel: invite the app into the channel"
    assert said("missing_scope", needed="chat:write").detail == "missing_scope: the app lacks the scope chat:write"
    assert said("missing_scope", needed=7).detail == "missing_scope: the app lacks a scope"
    metadata = {"messages": ["[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]", 7]}
    assert "json-pointer" in said("invalid_blocks", response_metadata=metadata).detail
    assert said("invalid_blocks", response_metadata={"messages": "x"}).detail == "invalid_blocks"
    assert said("invalid_blocks", response_metadata=[]).detail == "invalid_blocks"


def test_what_slack_says_is_one_short_line_without_secrets() -> None:
    outcome = said("x\n\x1b[2J xoxb-secret-one " + "y" * 5000)
    assert "\n" not in outcome.detail
    assert "\x1b" not in outcome.detail
    assert "secret" not in outcome.detail
    assert len(outcome.detail) <= 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"hello": 1}', "application/json", OutcomeStatus.REJECTED),
        (b'{"ok": "true"}', "application/json", OutcomeStatus.REJECTED),
        (b'{"ok": false}', "application/json", OutcomeStatus.REJECTED),
        (b"<html>log in</html>", "text/html", OutcomeStatus.REJECTED),
        (b"", "application/json", OutcomeStatus.UNKNOWN),
        (b"[1]", "application/json", OutcomeStatus.UNKNOWN),
        (b'{"ok": tru', "application/json", OutcomeStatus.UNKNOWN),
        (b"[" * 60_000, "application/json", OutcomeStatus.UNKNOWN),
    ],
)
def test_what_is_no_answer_of_slack_is_no_delivery(body: bytes, kind: str, status: OutcomeStatus) -> None:
    assert judged(200, body, **{"Content-Type": kind}).status is status


@on_every_loop
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (limited(30), (OutcomeStatus.THROTTLED, 429, 30.0)),
        (failed("is_archived"), (OutcomeStatus.REJECTED, 200, None)),
        (failed("fatal_error"), (OutcomeStatus.UNAVAILABLE, 200, None)),
        (Reply(500, b"oops"), (OutcomeStatus.UNAVAILABLE, 500, None)),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), (OutcomeStatus.REJECTED, 302, None)),
        (Reply(404, b"no team"), (OutcomeStatus.REJECTED, 404, None)),
    ],
)
async def test_an_attempt_ends_as_slack_says(
    slack: SlackPeer, reply: Reply, outcome: tuple[OutcomeStatus, int, float | None]
) -> None:
    """In one call."""
    async with entered(slack) as backend:
        slack.will_fail("chat.postMessage", reply)
        found = await backend.send(a_firing())
    assert (found.status, found.code, found.retry_after_seconds) == outcome
    assert slack.asked() == ["chat.postMessage"]


@on_every_loop
@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"])
async def test_a_form_that_slack_does_not_take_is_told_as_text(slack: SlackPeer, error: str) -> None:
    """An alert without buttons is better than none; an event and a change likewise."""
    async with entered(slack) as backend:
        slack.will_fail("chat.postMessage", error)
        assert (await backend.send(a_firing())).success
        assert "blocks" not in slack.roots[0]
        assert (await backend.send(more())).success
        assert "blocks" in slack.roots[0]
        slack.will_fail("chat.update", error)
        assert (await backend.send(more(notification_id="ntf-third"))).success
    (root,) = slack.roots
    assert "blocks" not in root
    assert root["text"].startswith("🔴 [FIRING] CRITICAL cpu_usage: 2 alerts")
    assert root["metadata"]["event_payload"]["incident_id"] == "inc-1"
    assert len(slack.replies(root["ts"])) == 2


@on_every_loop
async def test_a_token_that_is_wrong_is_said(slack: SlackPeer) -> None:
    async with entered(slack, bot_token="xoxb-another-one") as backend:
        outcome = await backend.send(a_firing())
    assert outcome == Outcome.rejected("invalid_auth: look at the bot token", code=200)


@on_every_loop
async def test_an_attempt_of_several_calls_has_one_timeout(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is under way is given up; if it was a message, people may have been told."""
    monkeypatch.setattr("tocsin_slack_app.backend._GRACE_SECONDS", -9.95)
    async with entered(slack) as backend:
        slack.will(Hang())
        outcome = await backend.send(a_firing())
        assert outcome == Outcome.unknown("Slack did not answer all calls within 10 s")
        slack.will(Hang())
        outcome = await backend.send(a_firing(attempt=2))
        assert outcome == Outcome.unavailable("Slack did not answer all calls within 10 s"), "nothing was posted"
