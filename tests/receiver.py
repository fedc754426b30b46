"""A real HTTP receiver on loopback that answers as a test tells it to, well or badly."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from io import BufferedReader
from types import TracebackType
from typing import Self, cast

import attrs

__all__ = ["Bytes", "Hang", "Received", "Receiver", "Reply", "Reset"]

_TLS_HANDSHAKE = b"\x16"
_PATIENCE_SECONDS = 30.0
"""After this a test that waits for what never comes fails; nothing waits so long otherwise."""


@attrs.frozen
class Received:
    """One request, as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@attrs.frozen
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


@attrs.frozen
class Bytes:
    """Answer with these bytes, be they HTTP or not, and close."""

    content: bytes


@attrs.frozen
class Hang:
    """Answer nothing after ``first``, until the sender goes away."""

    first: bytes = b""


@attrs.frozen
class Reset:
    """Answer ``first`` and reset the connection."""

    first: bytes = b""


class Receiver(socketserver.ThreadingTCPServer):
    """Listens on a free port of 127.0.0.1 while entered; answers with what :meth:`will` queued, then with 200."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.requests: list[Received] = []
        self.connections = 0
        self._answers: deque[Reply | Bytes | Hang | Reset] = deque()
        self._arrivals = threading.Semaphore(0)
        self._departures = threading.Semaphore(0)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will(self, *answers: Reply | Bytes | Hang | Reset) -> None:
        """Queue answers, one for each request to come."""
        self._answers.extend(answers)

    def wait_for_request(self) -> None:
        """Block until another request has arrived whole."""
        assert self._arrivals.acquire(timeout=_PATIENCE_SECONDS), "no request arrived"

    def wait_for_departure(self) -> None:
        """Block until a sender that was left hanging has closed its connection."""
        assert self._departures.acquire(timeout=_PATIENCE_SECONDS), "the sender kept the connection"

    def take(self, request: Received) -> Reply | Bytes | Hang | Reset:
        """Note *request* and say what its answer is."""
        with self._lock:
            self.requests.append(request)
            answer = self._answers.popleft() if self._answers else Reply()
        self._arrivals.release()
        return answer

    def opened(self, connection: socket.socket) -> None:
        """Note a new connection."""
        with self._lock:
            self.connections += 1
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def departed(self) -> None:
        """Note that a hanging sender went away."""
        self._departures.release()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        with self._lock:
            for connection in self._open:
                _shut(connection)
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    """One connection; it serves requests until one is answered badly or the sender leaves."""

    server: Receiver

    def handle(self) -> None:
        self.server.opened(self.connection)
        try:
            while self._serve_one():
                pass
        except OSError:
            pass  # The sender left in the middle: some tests are about that.
        finally:
            self.server.closed(self.connection)

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
        answer = self.server.take(request)
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
            self.server.departed()
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
    body = stream.read(int(headers.get("content-length", "0")))
    return Received(start[0], start[1], headers, body)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # It may be closed already.
        connection.shutdown(socket.SHUT_RDWR)
