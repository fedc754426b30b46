"""A real HTTP receiver on loopback, for tests of backends that speak HTTP; it answers as it is told, well or badly."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader
from typing import Any, Final, Self, TypeAlias, cast

import attrs

from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival, BackendReceiver

__all__ = ["Bytes", "Hang", "HttpReceiver", "Received", "Reply", "Reset", "strings_of"]

_TLS_HANDSHAKE: Final = b"\x16"
_PATIENCE_SECONDS: Final = 30.0
"""After this a test that waits for what never comes fails; nothing waits so long otherwise."""


@attrs.frozen(slots=True)
class Received:
    """One request, as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@attrs.frozen(slots=True)
class Reply:
    """Answer properly; the connection is kept."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def encoded(self) -> bytes:
        """The answer's bytes."""
        phrase = HTTPStatus(self.status).phrase if self.status in set(HTTPStatus) else "Whatever"
        head = [f"HTTP/1.1 {self.status} {phrase}", f"Content-Length: {len(self.body)}"]
        head += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


@attrs.frozen(slots=True)
class Bytes:
    """Answer with these bytes, be they HTTP or not, and close."""

    content: bytes


@attrs.frozen(slots=True)
class Hang:
    """Answer nothing after ``first``, until the sender goes away."""

    first: bytes = b""


@attrs.frozen(slots=True)
class Reset:
    """Answer ``first`` and reset the connection."""

    first: bytes = b""


Scripted: TypeAlias = Reply | Bytes | Hang | Reset


class HttpReceiver(BackendReceiver):
    """Listens on a free port of 127.0.0.1 while entered, and serves each connection in a thread.

    It answers with what :meth:`will` queued, and then as the last :class:`Answer` says, at first 200. To stand for
    one service, override :meth:`take`, which may check what was asked for and refuse as the service does, and
    :meth:`arrival`. An assertion that fails there is a refusal (422) with its text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self.connections = 0
        """How many connections there were."""
        self._scripted: deque[Scripted] = deque()
        self._came = threading.Semaphore(0)
        self._departures = threading.Semaphore(0)
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._serving = False

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, *answers: Answer | Scripted) -> None:
        """Answer like this from now on (an :class:`Answer`), or so once, for one request to come after another."""
        for answer in answers:
            if isinstance(answer, Answer):
                self.answer = answer
            else:
                self._scripted.append(answer)
        if self.answer is Answer.DOWN:
            self.stop()

    def take(self, request: Received) -> Scripted:
        """Return how the service answers *request* when all is well with it; a reply of 4xx is its refusal."""
        return Reply()

    def arrival(self, request: Received) -> Arrival:
        """Return *request* as the service understands it: by default its text, and ``Idempotency-Key`` as the key."""
        try:
            text = "\n".join(strings_of(request.json()))
        except ValueError:
            return _unreadable(request)
        return Arrival(text, request.headers.get("idempotency-key"))

    def reply(self, request: Received, answer: Answer) -> Scripted:
        """Return how *request* is answered where nothing was queued; override it for a service of other words."""
        if answer is Answer.REFUSES:
            return Reply(400, b"not like this: " + _repeated(request))
        if answer is Answer.THROTTLES:
            return Reply(429, b"slow down", {"Retry-After": str(RETRY_AFTER_SECONDS)})
        if answer is Answer.FAILS:
            return Reply(503, b"out of order")
        if answer is Answer.BREAKS_OFF:
            return Reset()
        return Hang() if answer is Answer.HANGS else self.take(request)

    def wait_for_request(self) -> None:
        """Block until another request has arrived whole."""
        assert self._came.acquire(timeout=_PATIENCE_SECONDS), "no request arrived"

    def wait_for_departure(self) -> None:
        """Block until a sender that was left hanging has closed its connection."""
        assert self._departures.acquire(timeout=_PATIENCE_SECONDS), "the sender kept the connection"

    def stop(self) -> None:
        """Stop listening, and end all connections."""
        with self._lock:
            serving, self._serving = self._serving, False
            for connection in self._sockets:
                _shut(connection)
        if serving:
            self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._serving = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def _answer_to(self, request: Received) -> Scripted:
        """Note *request* and say what its answer is."""
        with self._lock:
            self.requests.append(request)
            scripted = self._scripted.popleft() if self._scripted else None
        try:
            arrival = self.arrival(request)
            answer = self.reply(request, self.answer) if scripted is None else scripted
        except AssertionError as error:
            arrival, answer = _unreadable(request), Reply(422, _said(error))
        except Exception as error:  # noqa: BLE001  the test's receiver failed: who reads the outcome sees how
            arrival, answer = _unreadable(request), Reply(500, b"this receiver raised " + _said(error))
        self.arrived(arrival)
        self._came.release()
        return answer

    def _connected(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            self._sockets.add(connection)
            if not self._serving:  # it was accepted while the server stopped
                _shut(connection)
        self.opened()

    def _disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(connection)
        self.closed()

    def _departed(self) -> None:
        self._departures.release()


class _Server(socketserver.ThreadingTCPServer):
    """Hands connections to threads."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, receiver: HttpReceiver) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.receiver = receiver


def strings_of(document: Any) -> Iterator[str]:
    """Yield every string in *document*, decoded JSON: values, and the names of members."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for name, value in document.items():
            yield name
            yield from strings_of(value)
    elif isinstance(document, list):
        for item in document:
            yield from strings_of(item)


def _unreadable(request: Received) -> Arrival:
    return Arrival(request.body.decode("utf-8", "replace"), request.headers.get("idempotency-key"))


def _said(error: Exception) -> bytes:
    return f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _repeated(request: Received) -> bytes:
    """What an error page shows that repeats all that it was sent; the body's beginning is enough."""
    lines = [request.target, *(f"{name}: {value}" for name, value in request.headers.items())]
    return "\n".join(lines).encode("latin-1", "replace") + b"\n" + request.body[:4096]


class _Connection(socketserver.StreamRequestHandler):
    """One connection; it serves requests until one is answered badly or the sender leaves."""

    server: _Server

    def handle(self) -> None:
        self.server.receiver._connected(self.connection)
        try:
            while self._serve_one():
                pass
        except OSError:
            pass  # The sender left in the middle: some tests are about that.
        finally:
            self.server.receiver._disconnected(self.connection)

    def finish(self) -> None:
        with suppress(OSError):  # As above.
            super().finish()

    def _serve_one(self) -> bool:
        stream = cast("BufferedReader", self.rfile)
        if stream.peek(1)[:1] == _TLS_HANDSHAKE:
            self.connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return False
        request = _read_request(stream)
        if request is None:
            return False
        answer = self.server.receiver._answer_to(request)
        if isinstance(answer, Reply):
            self.connection.sendall(answer.encoded())
            return True
        if isinstance(answer, Bytes):
            self.connection.sendall(answer.content)
            return False
        self.connection.sendall(answer.first)
        if isinstance(answer, Hang):
            while self.connection.recv(65_536):
                pass
            self.server.receiver._departed()
        else:
            self._reset()
        return False

    def _reset(self) -> None:
        """Close at once, with a reset: nothing is lingered for."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


def _read_request(stream: BufferedReader) -> Received | None:
    start = stream.readline().decode("latin-1").split()
    if len(start) != 3:
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b"".join(_chunks(stream))
    else:
        body = stream.read(int(headers.get("content-length", "0")))
    return Received(start[0], start[1], headers, body)


def _chunks(stream: BufferedReader) -> Iterator[bytes]:
    """Yield what a body consists of that does not say its length; trailers are read over."""
    while size := int(stream.readline().partition(b";")[0] or b"0", 16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # It may be closed already.
        connection.shutdown(socket.SHUT_RDWR)
