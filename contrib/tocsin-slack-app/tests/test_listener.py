"""The source ``slack-app`` and the ASGI application: HTTP as Slack, a proxy, or somebody else speaks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.abc
import pytest
from slack_channel import a_firing, entered
from slack_peer import TOKEN, SlackPeer
from slack_press import SECRET, USER, body_of, headers_of, payload_of

from tocsin import Acknowledged, ConfigurationError, Fact
from tocsin.testing.samples import NOW
from tocsin_slack_app import InteractionsApp, InteractionsConfig, SlackInteractions
from tocsin_slack_app import listener as listener_module
from tocsin_slack_app.interactions import MOST_BYTES
from tocsin_slack_app.listener import SlackAppSource
from tocsin_slack_app.settings import ListenerConfig

pytestmark = pytest.mark.anyio
PATH = "/slack/interactions"


@pytest.fixture(autouse=True)
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "SlackInteractions", partial(SlackInteractions, wall_clock=lambda: NOW))


class Running:
    """A source that runs: its port, and what it submitted."""

    def __init__(self) -> None:
        self.port = 0
        self.facts: list[Fact] = []

    async def submit(self, *facts: Fact) -> tuple[bool, ...]:
        """Note *facts*."""
        self.facts += facts
        return (True,) * len(facts)

    async def exchange(self, *pieces: bytes) -> bytes:
        """Send *pieces*, one after another, and return the whole answer."""
        async with await anyio.connect_tcp("127.0.0.1", self.port) as stream:
            for piece in pieces:
                try:
                    await stream.send(piece)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    break
            return await _read(stream)


async def _read(stream: anyio.abc.ByteReceiveStream) -> bytes:
    answer = b""
    try:
        async for piece in stream:
            answer += piece
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # it hung up in the middle of what it was sent
    return answer


@asynccontextmanager
async def running(slack: SlackPeer, **changes: Any) -> AsyncIterator[Running]:
    """Give a source that listens."""
    found, listens = Running(), anyio.Event()

    def note(port: int) -> None:
        found.port = port
        listens.set()

    fields = {"signing_secret": SECRET, "bot_token": TOKEN, "api_url": f"{slack.url}/api", "listen": "127.0.0.1:0"}
    source = SlackAppSource(ListenerConfig(**{**fields, **changes}), note)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(source.run, found.submit)
            await listens.wait()
            yield found
            tasks.cancel_scope.cancel()


async def pressed(slack: SlackPeer) -> bytes:
    """Return the body of a request that acknowledges an incident."""
    async with entered(slack) as backend:
        await backend.send(a_firing())
    return body_of(payload_of(slack.roots[0], "tocsin_acknowledge"))


def request(body: bytes, target: str = PATH, method: str = "POST", **headers: str) -> bytes:
    """Return a request as it goes over the wire."""
    fields = {"Host": "tocsin.example.org", "Content-Length": str(len(body)), **headers_of(body, NOW), **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_what_slack_sends_is_taken(slack: SlackPeer) -> None:
    body = await pressed(slack)
    async with running(slack) as source:
        answer = await source.exchange(request(body))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
    assert source.facts == [Acknowledged("inc-1", f"slack:ada ({USER})")]


async def test_a_request_may_come_in_pieces(slack: SlackPeer) -> None:
    body = await pressed(slack)
    whole = request(body)
    async with running(slack) as source:
        answer = await source.exchange(*[whole[start : start + 700] for start in range(0, len(whole), 700)])
        assert status_of(answer) == 200
    assert len(source.facts) == 1


async def test_a_sender_may_wait_to_be_asked_for_the_body(slack: SlackPeer) -> None:
    body = await pressed(slack)
    head, _, rest = request(body, Expect="100-continue").partition(b"\r\n\r\n")
    async with running(slack) as source, await anyio.connect_tcp("127.0.0.1", source.port) as stream:
        await stream.send(head + b"\r\n\r\n")
        assert status_of(await stream.receive()) == 100
        await stream.send(rest)
        assert status_of(await _read(stream)) == 200


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request(b"", target="/"), 404),
        (request(b"", target=f"{PATH}/x"), 404),
        (request(b"", method="GET"), 405),
        (request(b"payload=x"), 400),
        (request(b"x=1", X_Slack_Signature="v0=0"), 401),
        (b"\x16\x03\x01\x02\x00 this is TLS\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"", 0),
        (b"POST /slack", 400),
        (request(b"payload=x")[:-3], 400),
    ],
)
async def test_what_slack_would_not_send_is_refused(slack: SlackPeer, sent: bytes, status: int) -> None:
    async with running(slack) as source, await anyio.connect_tcp("127.0.0.1", source.port) as stream:
        if sent:
            await stream.send(sent)
        await stream.send_eof()
        assert status_of(await _read(stream)) == status
    assert source.facts == []


async def test_a_body_without_end_is_not_read_to_its_end(slack: SlackPeer) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    async with running(slack) as source:
        answer = await source.exchange(head, *[chunk] * (MOST_BYTES // 65_536 + 1))
    assert status_of(answer) in (0, 413)
    assert source.facts == []


async def test_who_does_not_go_on_is_hung_up_on(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_REQUEST_SECONDS", 0.02)
    async with running(slack) as source:
        assert await source.exchange(b"POST") == b""


async def test_only_so_many_connections_are_held(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_MOST_CONNECTIONS", 0)
    async with running(slack) as source:
        assert await source.exchange(request(b"")) == b""


async def test_a_request_that_fails_ends_no_other(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    body = await pressed(slack)

    async def raising(*_: Any) -> None:
        raise RuntimeError("this is a bug")

    async with running(slack) as source:
        with monkeypatch.context() as patch:
            patch.setattr(SlackInteractions, "handle", raising)
            assert status_of(await source.exchange(request(body))) == 500
        assert status_of(await source.exchange(request(body))) == 200


async def test_another_path_may_be_configured(slack: SlackPeer) -> None:
    async with running(slack, path="/buttons") as source:
        assert status_of(await source.exchange(request(b""))) == 404
        assert status_of(await source.exchange(request(b"x", target="/buttons?from=slack"))) == 400


async def test_an_address_that_is_taken_is_said(slack: SlackPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "_AGAIN_SECONDS", 0.0)
    async with running(slack) as source:
        fields: dict[str, Any] = {"signing_secret": SECRET, "bot_token": TOKEN, "listen": f"127.0.0.1:{source.port}"}
        with pytest.raises(ConfigurationError, match=r"cannot listen on 127\.0\.0\.1:.*in use") as caught:
            await SlackAppSource(ListenerConfig(**fields)).run(source.submit)
    assert caught.value.where == "listen"


async def test_an_address_that_is_about_to_be_free_is_waited_for(
    slack: SlackPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload ends one source and begins the next at once."""
    async with running(slack) as first:
        with anyio.CancelScope() as scope:
            original = anyio.create_tcp_listener
            tries = []

            async def freeing(**where: Any) -> Any:
                tries.append(where)
                return await original(local_host="127.0.0.1", local_port=first.port if len(tries) == 1 else 0)

            monkeypatch.setattr(listener_module, "_AGAIN_SECONDS", 0.0)
            monkeypatch.setattr(anyio, "create_tcp_listener", freeing)
            async with running(slack, listen=f"127.0.0.1:{first.port}"):
                assert len(tries) == 2
        assert not scope.cancelled_caught


# -- ASGI --------------------------------------------------------------------------------------------------------


async def _asked(slack: SlackPeer, method: str, *messages: dict[str, Any], body: bytes = b"") -> list[dict[str, Any]]:
    """Return what the application sends."""
    source, sent, left = Running(), [], list(messages)
    headers = [(name.lower().encode(), value.encode()) for name, value in headers_of(body, NOW).items()]

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    settings = InteractionsConfig(signing_secret=SECRET, bot_token=TOKEN, api_url=f"{slack.url}/api")
    async with SlackInteractions(source.submit, settings, wall_clock=lambda: NOW) as interactions:
        scope = {"type": "http", "method": method, "headers": headers}
        await InteractionsApp(interactions)(scope, receive, send)
    return [{**message, "facts": source.facts} for message in sent]


async def test_an_application_takes_what_slack_sends(slack: SlackPeer) -> None:
    body = await pressed(slack)
    parts: list[dict[str, Any]] = [
        {"type": "http.request", "body": body[:100], "more_body": True},
        {"type": "http.request", "body": body[100:]},
    ]
    begin, _ = await _asked(slack, "POST", *parts, body=body)
    assert begin["status"] == 200
    assert len(begin["facts"]) == 1


async def test_an_application_refuses_what_slack_would_not_send(slack: SlackPeer) -> None:
    assert (await _asked(slack, "GET"))[0]["status"] == 405
    large = [{"type": "http.request", "body": b"x" * 600_000, "more_body": True}] * 2
    assert (await _asked(slack, "POST", *large))[0]["status"] == 413
    assert await _asked(slack, "POST", {"type": "http.disconnect"}) == []
    with pytest.raises(RuntimeError):
        await InteractionsApp(None)({"type": "websocket"}, None, None)  # type: ignore[arg-type]  # none is needed
