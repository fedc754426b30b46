"""The source ``slack-app``: it listens for Slack's requests on an address of its own, to which a proxy passes them on.

A daemon has no other way for a plugin to be asked something over HTTP: a source runs beside the service and may submit
facts, which is all that is needed.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import anyio.abc
import h11

from tocsin import ConfigurationError
from tocsin_slack_app.interactions import MOST_BYTES, SlackInteractions
from tocsin_slack_app.settings import ListenerConfig

__all__ = ["SlackAppSource"]

_log: Final = logging.getLogger("tocsin.slack_app")

_HEAD_BYTES: Final = 16_384
_REQUEST_SECONDS: Final = 10.0
_MOST_CONNECTIONS: Final = 64
_TRIES: Final = 20
_AGAIN_SECONDS: Final = 0.25


class SlackAppSource:
    """Listens until it is cancelled; one request per connection, each of which has ten seconds.

    :param listens: called with the port, once requests are answered.
    """

    def __init__(self, config: ListenerConfig, listens: Callable[[int], None] | None = None) -> None:
        self._config = config
        self._listens = listens
        self._connections = 0

    async def run(self, submit: Callable[..., Awaitable[Any]]) -> None:
        """Hand to *submit* what is pressed, until cancelled.

        :raises ConfigurationError: where the address cannot be had.
        """
        async with await self._bound() as listener, SlackInteractions(submit, self._config) as interactions:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            _log.info("listening for Slack's interactions on port %d", port)
            if self._listens is not None:
                self._listens(port)

            async def connected(stream: anyio.abc.SocketStream) -> None:
                await self._serve(stream, interactions)

            await listener.serve(connected)

    async def _bound(self) -> anyio.abc.Listener[anyio.abc.SocketStream]:
        """Listen; the one before this one, whose settings were others, may be about to let the address go."""
        host, port = self._config.address
        for left in reversed(range(_TRIES)):
            try:
                return await anyio.create_tcp_listener(local_host=host or None, local_port=port)
            except OSError as error:
                if left and error.errno == errno.EADDRINUSE:
                    await anyio.sleep(_AGAIN_SECONDS)
                    continue
                reason = error.strerror or type(error).__name__
                _log.error("cannot listen for Slack's interactions on %s: %s", self._config.listen, reason)
                raise ConfigurationError(f"cannot listen on {self._config.listen}: {reason}", "listen") from None
        raise AssertionError("the last try returns or raises")

    async def _serve(self, stream: anyio.abc.SocketStream, interactions: SlackInteractions) -> None:
        async with stream:
            if self._connections >= _MOST_CONNECTIONS:
                return
            self._connections += 1
            try:
                with anyio.move_on_after(_REQUEST_SECONDS):
                    await _Exchange(stream, self._config.path).run(interactions)
            except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
                pass  # who asked has left
            finally:
                self._connections -= 1


class _Exchange:
    """One request and its answer."""

    def __init__(self, stream: anyio.abc.SocketStream, path: str) -> None:
        self._stream = stream
        self._path = path
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)

    async def run(self, interactions: SlackInteractions) -> None:
        """Read a request whole and answer it."""
        try:
            request = await self._next()
            if not isinstance(request, h11.Request):
                return
            status, answer = self._refusal(request)
            if not status:
                status, answer = await self._handled(request, interactions)
        except h11.RemoteProtocolError as error:
            status, answer = error.error_status_hint, b"no request that can be read"
        await self._answer(status, answer)

    async def _handled(self, request: h11.Request, interactions: SlackInteractions) -> tuple[int, bytes]:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        body = await self._body()
        try:
            return await interactions.handle(headers, body)
        except Exception as error:  # noqa: BLE001  whatever one request does, the others are served
            _log.error("a request could not be served: %s", type(error).__name__)
            return 500, b"this is a bug"

    def _refusal(self, request: h11.Request) -> tuple[int, bytes]:
        if request.target.partition(b"?")[0] != self._path.encode("ascii"):
            return 404, b"not here"
        return (0, b"") if request.method == b"POST" else (405, b"only POST")

    async def _body(self) -> bytes:
        """Return the body, or a little more of it than is taken."""
        body = bytearray()
        while len(body) <= MOST_BYTES:
            event = await self._next()
            if not isinstance(event, h11.Data):
                break
            body += event.data
        return bytes(body)

    async def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                data = await self._stream.receive()
            except anyio.EndOfStream:
                data = b""
            self._http.receive_data(data)
        return event

    async def _answer(self, status: int, body: bytes) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")]
        await self._send(h11.Response(status_code=status, headers=headers))
        await self._send(h11.Data(data=body))
        await self._send(h11.EndOfMessage())

    async def _send(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            await self._stream.send(data)
