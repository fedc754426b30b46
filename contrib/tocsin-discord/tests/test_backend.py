"""The backend ``discord``: what it asks for, what Discord's answers mean, and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from discord_peer import THREAD, TOKEN, DiscordPeer

from tocsin import (
    BackendContext,
    BackendRegistrar,
    ConfigurationError,
    Notification,
    NotificationTemplate,
    Outcome,
    RendererRegistrar,
)
from tocsin.testing.http_receiver import Bytes, Reply
from tocsin.testing.samples import make_notification
from tocsin_discord import plugin
from tocsin_discord.backend import DiscordBackend
from tocsin_discord.message import render
from tocsin_discord.settings import DiscordConfig

on_every_loop = pytest.mark.anyio
URL = f"https://discord.com/api/webhooks/1/{TOKEN}"


def backend(url: str, **settings: Any) -> DiscordBackend:
    """Return a backend of one channel."""
    return DiscordBackend(DiscordConfig(webhook_url=url, **settings), BackendContext("ops"))


def rendered(template: NotificationTemplate | None = None) -> Notification:
    """Return a notification with the message that the core would give it."""
    notification = make_notification()
    return attrs.evolve(notification, message=render(notification, template))


def answer(status: int, document: Mapping[str, Any], **headers: str) -> Reply:
    """Return an answer of Discord's."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **named})


# -- requests ----------------------------------------------------------------------------------------------------


@on_every_loop
async def test_discord_is_waited_for_and_says_which_message_it_is(peer: DiscordPeer) -> None:
    outcome = await backend(peer.webhook).send(rendered())
    assert outcome == Outcome.delivered("message 1111222233334444", code=200)
    assert parse_qs(urlsplit(peer.requests[0].target).query) == {"wait": ["1"]}


@on_every_loop
async def test_a_thread_joins_what_the_address_asks_for(peer: DiscordPeer) -> None:
    assert (await backend(f"{peer.webhook}?with_components=true", thread_id=int(THREAD)).send(rendered())).success
    assert parse_qs(urlsplit(peer.requests[0].target).query) == {
        "with_components": ["true"],
        "wait": ["1"],
        "thread_id": [THREAD],
    }


@on_every_loop
async def test_a_sender_may_be_named_and_a_message_of_the_users_own_goes_first(peer: DiscordPeer) -> None:
    sender = backend(peer.webhook, username="tocsin", avatar_url="https://x.example/bell.png")
    await sender.send(rendered())
    await sender.send(rendered(NotificationTemplate("t", "T", "discord", "S", '{"content": "x", "username": "own"}')))
    first, second = peer.messages
    assert (first["username"], first["avatar_url"]) == ("tocsin", "https://x.example/bell.png")
    assert (second["username"], second["avatar_url"]) == ("own", "https://x.example/bell.png")


# -- answers -----------------------------------------------------------------------------------------------------

_LIMITED = {"message": "You are being rate limited.", "global": False}


@on_every_loop
@pytest.mark.parametrize(
    ("reply", "status", "seconds"),
    [
        (Reply(204, b""), "delivered", None),
        (answer(200, {"id": 5}), "delivered", None),
        (Reply(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}), "rejected", None),
        (answer(400, {"code": 50035, "message": "Invalid Form Body"}), "rejected", None),
        (answer(401, {"code": 50027, "message": "Invalid Webhook Token"}), "rejected", None),
        (answer(404, {"code": 10015, "message": "Unknown Webhook"}), "rejected", None),
        (answer(429, {**_LIMITED, "retry_after": 64.57}, Retry_After="65"), "throttled", 65.0),
        (answer(429, {**_LIMITED, "retry_after": 64.57}, Retry_After="1"), "throttled", 64.57),
        (answer(429, {**_LIMITED, "retry_after": 64.57}), "throttled", 64.57),
        (answer(429, {**_LIMITED, "retry_after": "soon"}, Retry_After="7"), "throttled", 7.0),
        (Reply(429, b"error code: 1015"), "throttled", None),
        (Reply(502, b"<html>bad gateway"), "unavailable", None),
        (Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "unknown", None),
    ],
)
async def test_what_discord_answers_decides(
    peer: DiscordPeer, reply: Reply | Bytes, status: str, seconds: float | None
) -> None:
    peer.will(reply)
    outcome = await backend(peer.webhook).send(rendered())
    assert (outcome.status.value, outcome.retry_after_seconds) == (status, seconds)
    assert TOKEN not in repr(outcome)


@on_every_loop
async def test_a_webhook_that_is_gone_says_so(peer: DiscordPeer) -> None:
    outcome = await backend(f"{peer.url}/api/webhooks/9/gone").send(rendered())
    assert (outcome.status.value, outcome.code) == ("rejected", 404)
    assert "Unknown Webhook" in outcome.detail


# -- settings ----------------------------------------------------------------------------------------------------


def test_a_config_shows_no_secret() -> None:
    shown = repr(DiscordConfig(webhook_url=URL, avatar_url="https://x.example/s3cret.png"))
    assert "webhook_url=https://discord.com/…" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("thread", [THREAD, int(THREAD), None])
def test_a_thread_is_a_number_or_a_string_of_digits(thread: Any) -> None:
    assert DiscordConfig(webhook_url=URL, thread_id=thread).thread_id == (None if thread is None else int(THREAD))


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"webhook_url": "discord.com/api/webhooks/1/s3cret"}, "webhook_url", "starts with neither"),
        ({"webhook_url": f"{URL}/slack"}, "webhook_url", "ends in /slack"),
        ({"webhook_url": f"{URL}/GitHub/?wait=1"}, "webhook_url", "ends in /github"),
        ({"username": " "}, "username", "1 to 80"),
        ({"username": "x" * 81}, "username", "1 to 80"),
        ({"username": "My Discord"}, "username", "'discord'"),
        ({"avatar_url": "bell.png"}, "avatar_url", "starts with neither"),
        ({"thread_id": "general"}, "thread_id", "number of a thread"),
        ({"thread_id": 0}, "thread_id", "number of a thread"),
        ({"thread_id": True}, "thread_id", "number of a thread"),
        ({"thread_id": 2**64}, "thread_id", "number of a thread"),
        ({"thread_id": "²"}, "thread_id", "number of a thread"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        DiscordConfig(**{"webhook_url": URL, **settings})
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)


def test_the_plugin_registers_a_backend_for_people_and_its_renderer() -> None:
    backends, renderers = BackendRegistrar(), RendererRegistrar()
    plugin.tocsin_register_backends(backends)
    plugin.tocsin_register_renderers(renderers)
    backends.commit()
    renderers.commit()
    spec = backends.frozen()["discord"].spec
    assert (spec.human, spec.per_incident, spec.renderer) == (True, False, "discord")
    assert renderers.frozen()["discord"].spec.render is render
