"""The backend ``telegram``: what it asks for, what the Bot API's answers mean, and its settings."""

from __future__ import annotations

import json
import logging
from typing import Any

import attrs
import pytest
from telegram_peer import CHAT, TOKEN, TelegramPeer, failed, limited, seen

from tocsin import (
    AlertSeverity,
    BackendContext,
    BackendRegistrar,
    ConfigurationError,
    EscalationLevel,
    Message,
    Notification,
    Outcome,
    RendererRegistrar,
)
from tocsin.testing.http_receiver import Bytes, Reply
from tocsin.testing.samples import make_listed, make_notification
from tocsin_telegram import plugin
from tocsin_telegram.backend import TelegramBackend
from tocsin_telegram.message import render
from tocsin_telegram.settings import TelegramConfig

on_every_loop = pytest.mark.anyio
NEW_CHAT = -1009876543210


def backend(peer: TelegramPeer, **settings: Any) -> TelegramBackend:
    """Return a backend of one channel."""
    config = TelegramConfig(**{"bot_token": TOKEN, "chat_id": CHAT, "api_url": peer.url, **settings})
    return TelegramBackend(config, BackendContext("ops"))


def rendered(**changes: Any) -> Notification:
    """Return a notification with the message that the core would give it."""
    notification = make_notification(**changes)
    return attrs.evolve(notification, message=render(notification, None))


# -- requests ----------------------------------------------------------------------------------------------------


@on_every_loop
async def test_a_message_goes_to_the_chat_and_its_topic(peer: TelegramPeer) -> None:
    outcome = await backend(peer, message_thread_id=7).send(rendered())
    assert outcome == Outcome.delivered("message 42", code=200)
    (message,) = peer.messages
    assert message == {
        "chat_id": CHAT,
        "message_thread_id": 7,
        "text": render(make_notification(), None).body,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "disable_notification": False,
    }


@on_every_loop
async def test_a_channel_may_be_named(peer: TelegramPeer) -> None:
    peer.chats = {"@ops_alerts"}
    assert (await backend(peer, chat_id="@ops_alerts").send(rendered())).success
    assert "message_thread_id" not in peer.messages[0]


@on_every_loop
@pytest.mark.parametrize(
    ("settings", "silent"),
    [
        ({}, [False, False, False]),
        ({"silent_below": AlertSeverity.ERROR}, [True, False, False]),
        ({"silent_below": AlertSeverity.EMERGENCY}, [True, True, True]),
        ({"disable_notifications": True}, [True, True, True]),
    ],
)
async def test_what_is_not_severe_makes_no_sound(
    peer: TelegramPeer, settings: dict[str, Any], silent: list[bool]
) -> None:
    sender = backend(peer, **settings)
    for severity in (AlertSeverity.WARNING, AlertSeverity.ERROR, AlertSeverity.CRITICAL):
        await sender.send(rendered(severity=severity))
    assert [message["disable_notification"] for message in peer.messages] == silent


@on_every_loop
async def test_an_escalation_is_heard_however_mild(peer: TelegramPeer) -> None:
    sender = backend(peer, silent_below=AlertSeverity.EMERGENCY)
    await sender.send(rendered(level=EscalationLevel.FIRST))
    await backend(peer, disable_notifications=True).send(rendered(level=EscalationLevel.FIRST))
    assert [message["disable_notification"] for message in peer.messages] == [False, True]


@on_every_loop
async def test_what_the_core_made_since_the_renderer_failed_is_shown(peer: TelegramPeer) -> None:
    plain = Message("[FIRING] critical", "a < b\n@ops_bot " + "x" * 9000)
    notification = attrs.evolve(make_notification(), message=plain)
    assert (await backend(peer).send(notification)).success
    assert seen(peer.messages[0]["text"]).startswith("[FIRING] critical\na < b\n@\u200bops_bot xxx")


# -- answers -----------------------------------------------------------------------------------------------------


@on_every_loop
@pytest.mark.parametrize(
    ("reply", "status", "seconds"),
    [
        (failed(400, "Bad Request: chat not found"), "rejected", None),
        (failed(401, "Unauthorized"), "rejected", None),
        (failed(403, "Forbidden: bot was kicked from the supergroup chat"), "rejected", None),
        (failed(404, "Not Found"), "rejected", None),
        (failed(400, "Bad Request", retry_after=5), "rejected", None),
        (limited(17), "throttled", 17.0),
        (failed(429, "Too Many Requests: retry after 23", retry_after=23), "throttled", 23.0),
        (failed(429, "Too Many Requests", retry_after="soon"), "throttled", None),
        (Reply(429, limited(3).body, {"Retry-After": "9"}), "throttled", 9.0),
        (failed(500, "Internal Server Error: restart", retry_after=3), "unavailable", 3.0),
        (Reply(502, b"<html>bad gateway"), "unavailable", None),
        (Reply(200, b'{"ok": false, "error_code": 400}'), "rejected", None),
        (Reply(200, b'{"hello": "world"}'), "rejected", None),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "rejected", None),
        (Reply(200, b'{"ok": true}'), "delivered", None),
        (Reply(200, b'{"ok": true, "result": {"message_id": "x"}}'), "delivered", None),
        (Reply(200, b""), "unknown", None),
        (Bytes(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ok": tr'), "unknown", None),
        (Bytes(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ok": true}'), "unknown", None),
    ],
)
async def test_what_telegram_answers_decides(
    peer: TelegramPeer, reply: Reply | Bytes, status: str, seconds: float | None
) -> None:
    peer.will(reply)
    outcome = await backend(peer).send(rendered())
    assert (outcome.status.value, outcome.retry_after_seconds) == (status, seconds)


@on_every_loop
async def test_a_group_that_became_a_supergroup_is_followed(peer: TelegramPeer) -> None:
    peer.will(failed(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=NEW_CHAT))
    peer.chats = {NEW_CHAT}
    sender = backend(peer)
    first = await sender.send(rendered())
    assert (first.status.value, first.retry_after_seconds) == ("unavailable", 0.0)
    assert str(NEW_CHAT) in first.detail
    assert (await sender.send(rendered())).success
    assert [message["chat_id"] for message in peer.messages] == [CHAT, NEW_CHAT]


@on_every_loop
async def test_a_move_that_several_sends_are_told_of_loses_none(peer: TelegramPeer) -> None:
    moved = failed(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=NEW_CHAT)
    peer.will(*[moved] * 3)
    sender = backend(peer)
    under_way = [sender.request(rendered()) for _ in range(3)]
    outcomes = [await sender.sender.send(request, sender.judge) for request in under_way]
    assert [outcome.status.value for outcome in outcomes] == ["unavailable"] * 3
    assert sender.request(rendered()).content.startswith(f'{{"chat_id": {NEW_CHAT}'.encode())


@on_every_loop
@pytest.mark.parametrize("moved", [CHAT, "x", True, None, 1.5, {"a": 1}])
async def test_a_move_to_nowhere_is_a_refusal(peer: TelegramPeer, moved: Any) -> None:
    peer.will(
        failed(400, "Bad Request", migrate_to_chat_id=moved), Reply(400, json.dumps({"parameters": [1]}).encode())
    )
    sender = backend(peer)
    assert [(await sender.send(rendered())).status.value for _ in range(2)] == ["rejected", "rejected"]
    assert [message["chat_id"] for message in peer.messages] == [CHAT, CHAT]


@on_every_loop
async def test_the_token_stays_secret_whoever_repeats_it(peer: TelegramPeer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    half = TOKEN.partition(":")[2]
    peer.will(
        Reply(502, f"no such page: /bot{TOKEN}/sendMessage, {TOKEN}, {half}, {TOKEN.replace(':', '%3A')}".encode())
    )
    sender = backend(peer)
    outcome = await sender.send(rendered())
    for shown in (repr(outcome), caplog.text, repr(sender), repr(vars(sender.sender)["timeout_seconds"])):
        assert half not in shown


# -- settings ----------------------------------------------------------------------------------------------------


def test_no_topic_is_0_too() -> None:
    """As Alertmanager has it, and so a file that was converted."""
    assert TelegramConfig(bot_token=TOKEN, chat_id=CHAT, message_thread_id=0).message_thread_id is None


def test_a_config_shows_no_secret() -> None:
    shown = repr(TelegramConfig(bot_token=TOKEN, chat_id=CHAT, api_url="https://user:s3cret@proxy.example/s3cret"))
    assert "bot_token=***" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    ("given", "chat"),
    [(CHAT, CHAT), (str(CHAT), CHAT), (f" {CHAT}\n", CHAT), (5, 5), ("@ops_alerts", "@ops_alerts")],
)
def test_a_chat_is_a_number_however_written_or_a_channels_name(given: Any, chat: int | str) -> None:
    assert TelegramConfig(bot_token=TOKEN, chat_id=given).chat_id == chat


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"bot_token": "s3cret"}, "bot_token", "@BotFather"),
        ({"bot_token": f"{TOKEN}/getMe"}, "bot_token", "@BotFather"),
        ({"bot_token": f"{TOKEN}\n"}, "bot_token", "@BotFather"),
        ({"bot_token": "<secret>"}, "bot_token", "@BotFather"),
        ({"bot_token": 5}, "bot_token", "@BotFather"),
        ({"chat_id": "ops"}, "chat_id", "chat's number"),
        ({"chat_id": "@o"}, "chat_id", "chat's number"),
        ({"chat_id": 0}, "chat_id", "chat's number"),
        ({"chat_id": True}, "chat_id", "chat's number"),
        ({"chat_id": 10**20}, "chat_id", "chat's number"),
        ({"chat_id": 1.5}, "chat_id", "chat's number"),
        ({"chat_id": None}, "chat_id", "chat's number"),
        ({"message_thread_id": -1}, "message_thread_id", "number of a topic"),
        ({"message_thread_id": True}, "message_thread_id", "number of a topic"),
        ({"api_url": "https://x.example/?s3cret"}, "api_url", "server's URL"),
        ({"api_url": "https://x.example/#s3cret"}, "api_url", "server's URL"),
        ({"api_url": "api.telegram.org"}, "api_url", "starts with neither"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        TelegramConfig(**{"bot_token": TOKEN, "chat_id": CHAT, **settings})
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)


def test_the_plugin_registers_a_backend_for_people_and_its_renderer() -> None:
    backends, renderers = BackendRegistrar(), RendererRegistrar()
    plugin.tocsin_register_backends(backends)
    plugin.tocsin_register_renderers(renderers)
    backends.commit()
    renderers.commit()
    spec = backends.frozen()["telegram"].spec
    assert (spec.human, spec.per_incident, spec.renderer) == (True, False, "telegram")
    assert renderers.frozen()["telegram"].spec.render is render


def test_a_resolution_sounds_as_what_resolved_did() -> None:
    """Its severity is that of the alerts that it lists."""
    assert make_notification(make_listed(resolved=True)).severity is AlertSeverity.CRITICAL
