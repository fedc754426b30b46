"""The application for Starlette, FastAPI, or whatever else speaks ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tocsin_slack_app.interactions import MOST_BYTES, SlackInteractions

__all__ = ["InteractionsApp"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class InteractionsApp:
    """Answers ``POST`` wherever it is routed to. Enter the :class:`SlackInteractions` where the service is entered."""

    def __init__(self, interactions: SlackInteractions) -> None:
        self._interactions = interactions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise RuntimeError("this application answers HTTP requests alone")
        if scope["method"] != "POST":
            await _answer(send, 405, b"only POST")
            return
        body = await _body(receive)
        if body is None:
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        await _answer(send, *await self._interactions.handle(headers, body))


async def _body(receive: Receive) -> bytes | None:
    """Return the body, or a little more of it than is taken; None where the sender left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BYTES or not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
