"""One exchange with one receiver: a request goes out once, and an outcome comes of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from email.utils import formatdate
from types import TracebackType
from typing import Any, Final, Self

import anyio
import httpx

from tocsin.http.addresses import LinkLocalError, refused_address
from tocsin.http.options import HttpOptions
from tocsin.http.redaction import SECRETS_EXTENSION
from tocsin.http.retry_after import http_date
from tocsin.http.verdict import failure_outcome, lost_answer, outcome_of, timeout_outcome
from tocsin.model.outcome import Outcome

__all__ = ["HttpSender"]

Judge = Callable[[httpx.Response], Outcome]
ANSWER_BYTES: Final = 65_536
_CONNECTING: Final = ("connection.", "proxy.", "socks.")
_CONNECTED: Final = "connection.connect_tcp.complete"
_DEFAULT_HEADERS: Final = {"User-Agent": "tocsin", "Accept": "*/*", "Accept-Encoding": "identity"}


_DIRECT: Final = HttpOptions()


class HttpSender:
    """Sends requests to one receiver; several sends may run at once.

    ``async with`` keeps connections open between sends; outside of it every send opens one of its own and closes it.
    It never retries and never follows a redirect. What carries the requests is a transport, not a client: a client logs
    each URL, keeps cookies, and reads proxies and ``.netrc`` from the environment, where a daemon's configuration alone
    should say who gets to see an alert. Certificate authorities do come from ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``
    where they are set; the files are read once.

    :param timeout_seconds: how long one send may take, from connecting to the end of the answer (None: no limit here;
        whoever calls :meth:`send` may cancel it).
    :param secrets: strings that requests hold in their bodies and no outcome may show.
    :param options: how requests get out.
    :param answer_bytes: how much of the body of an answer is read (64 KiB); the rest is left.
    :param transport: makes what carries the requests, in place of what *options* make.
    :param wall_clock: seconds since the epoch; used where an answer does not say its own time.
    :param expires_after: gives the cancel scope of one send; tests give one that they end themselves.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float | None = None,
        secrets: Iterable[str] = (),
        options: HttpOptions = _DIRECT,
        answer_bytes: int = ANSWER_BYTES,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        wall_clock: Callable[[], float] = time.time,
        expires_after: Callable[[float | None], AbstractContextManager[object, bool]] = anyio.move_on_after,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._secrets = tuple(secrets)
        self._make_transport = transport or options.transport
        self._guarded = not options.allow_link_local
        self._answer_bytes = answer_bytes
        self._wall_clock = wall_clock
        self._expires_after = expires_after
        self._transport: httpx.AsyncBaseTransport | None = None

    async def __aenter__(self) -> Self:
        self._transport = await self._make_transport().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def send(self, request: httpx.Request, judge: Judge = outcome_of) -> Outcome:
        """Send *request* once and return what came of it; no failure of network or receiver raises.

        *judge* turns an answer into an outcome; the response that it is given holds at most ``answer_bytes`` of the
        body, and always a ``Date``. A request that may have arrived without an answer is *unknown*.
        """
        progress = _Progress(guarded=self._guarded)
        if self._guarded and refused_address(request.url.host):
            return failure_outcome(LinkLocalError("refused"), request)
        self._complete(request, progress)
        if isinstance(request.stream, httpx.ByteStream):
            request.stream = _Body(request.read())
        with self._expires_after(self.timeout_seconds):
            async with self._opened() as transport:
                return await self._exchange(transport, request, judge)
        return timeout_outcome(request, self.timeout_seconds, sent=not progress.connecting)

    def _complete(self, request: httpx.Request, progress: _Progress) -> None:
        for name, value in _DEFAULT_HEADERS.items():
            request.headers.setdefault(name, value)
        if request.url.userinfo and "authorization" not in request.headers:
            next(httpx.BasicAuth(request.url.username, request.url.password).auth_flow(request))
        request.extensions = {**request.extensions, "trace": progress.note, SECRETS_EXTENSION: self._secrets}

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        if self._transport is not None:
            yield self._transport
            return
        async with self._make_transport() as transport:
            yield transport

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request, judge: Judge) -> Outcome:
        try:
            response = await transport.handle_async_request(request)
        except (httpx.TransportError, OSError) as error:
            return failure_outcome(error, request)
        body, whole = await _read(response, self._answer_bytes)
        judged = judge(self._answer(response, body, request))
        return judged if whole else lost_answer(judged)

    def _answer(self, response: httpx.Response, body: bytes, request: httpx.Request) -> httpx.Response:
        """The response with what was read of its body; a compressed one is left out: it could unpack to any size."""
        headers = httpx.Headers(response.headers)
        if headers.pop("content-encoding", "identity").strip().lower() not in ("", "identity"):
            body = b""
        for name in ("content-length", "transfer-encoding"):
            headers.pop(name, None)
        if http_date(headers.get("date", "")) is None:
            headers["date"] = formatdate(self._wall_clock(), usegmt=True)
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)


class _Body(httpx.AsyncByteStream):
    """A request's body, read as often as it is sent.

    Its iterator is none of the generators of httpx, which a write that fails or is cancelled leaves in the middle, for
    the garbage collector to find and trio to warn of.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Chunks(self._content)


class _Chunks:
    """An asynchronous iterator over *chunks* that needs no closing."""

    def __init__(self, *chunks: bytes) -> None:
        self._left = iter(chunks)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = next(self._left, None)
        if chunk is None:
            raise StopAsyncIteration
        return chunk


class _Progress:
    """How far a request got: httpcore tells, through its ``trace`` extension. It is stopped at an address that is
    refused, before anything was sent there."""

    def __init__(self, *, guarded: bool) -> None:
        self._guarded = guarded
        self.connecting = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        self.connecting = event.startswith(_CONNECTING)
        if self._guarded and event == _CONNECTED:
            stream = info["return_value"]
            reached = stream.get_extra_info("server_addr")
            if not reached or refused_address(str(reached[0])):
                await stream.aclose()
                raise LinkLocalError("refused")


async def _read(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    """Read at most *most* bytes of the body; the flag says whether it ended, or was cut by us, in good order.

    A body that is too long is closed and then read on to the error that follows, rather than left in the middle: that
    would leave the generators inside httpx to the garbage collector, which trio warns of.
    """
    body = bytearray()
    cut = False
    try:
        async for chunk in response.aiter_raw():
            body += chunk[: most - len(body)]
            if len(body) >= most and not cut:
                cut = True
                await response.aclose()
    except (httpx.TransportError, OSError):
        return bytes(body), cut
    return bytes(body), True
