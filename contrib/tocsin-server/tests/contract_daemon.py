"""A real HTTP server on loopback that answers as the daemon's own API does, or as badly as a test tells it to."""

from __future__ import annotations

import json
import queue
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import attrs

__all__ = ["API", "Asked", "ContractDaemon", "Reply", "alert", "running_daemon"]

API: Final = "/api/tocsin/v1"


@attrs.frozen
class Asked:
    """One request, as it came over the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any


@attrs.frozen
class Reply:
    """An answer. A stream's chunks are sent one by one, and then the connection is closed.

    ``hang`` keeps the request waiting until the server stops; ``drop`` closes the connection without a word.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    chunks: Sequence[bytes] | None = None
    hang: bool = False
    drop: bool = False

    def content(self) -> bytes:
        """Return the body in bytes; whatever is no bytes already is sent as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class ContractDaemon:
    """What it was asked, and what it answers: the replies of a path in turn, the last of them again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self._arrivals: queue.Queue[Asked] = queue.Queue()
        self._replies: dict[tuple[str, str], list[Reply]] = {}

    def answers(self, method: str, path: str, *replies: Any, **fields: Any) -> None:
        """Answer requests to *path*, which is beneath the API, with *replies*: documents, or :class:`Reply`."""
        made = [one if isinstance(one, Reply) else Reply(one, **fields) for one in replies] or [Reply(**fields)]
        self._replies[method, API + path] = made

    def reply(self, asked: Asked) -> Reply:
        """Note a request and return what is answered."""
        self.asked.append(asked)
        self._arrivals.put(asked)
        replies = self._replies.get((asked.method, asked.path))
        if replies is None:
            return Reply({"error": f"there is no {asked.path}"}, 404)
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def next(self) -> Asked:
        """Return the next request, when it is there."""
        return self._arrivals.get(timeout=60)

    @property
    def bodies(self) -> list[Any]:
        """The bodies of all requests."""
        return [asked.body for asked in self.asked]

    @property
    def paths(self) -> list[str]:
        """The paths of all requests, beneath the API."""
        return [asked.path.removeprefix(API) for asked in self.asked]

    @property
    def queries(self) -> list[str]:
        """The queries of all requests."""
        return [asked.query for asked in self.asked]


def alert(alert_id: str = "disk-full", **fields: Any) -> dict[str, Any]:
    """Return an alert as the API shows one."""
    return {
        "alert_id": alert_id,
        "cluster_id": "eu-1",
        "node_id": None,
        "severity": "critical",
        "metric_name": "disk_used",
        "current_value": 97,
        "threshold_value": 90,
        "message": "/var is almost full",
        "timestamp": "2026-01-31T10:00:00.000Z",
        "labels": {},
        "annotations": {},
        "generator_url": "",
        "episode": 1,
        "incident_id": "i-1",
        "status": "firing",
        "fired_at": "2026-01-31T10:00:00.000Z",
        "resolved_at": None,
        "rule_ids": ["all"],
        "channels": ["pager"],
        "receivers": [],
        "policy_id": None,
        "acknowledged": None,
        "snoozed_until": None,
        "suppressed": False,
        "silenced_by": [],
        "inhibited_by": [],
        "muted_by": [],
        **fields,
    }


def _handler(daemon: ContractDaemon) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(content) if content else None
            self._send(daemon.reply(Asked(self.command, path, query, headers, body)))

        def do_GET(self) -> None:
            self._take()

        def do_POST(self) -> None:
            self._take()

        def do_DELETE(self) -> None:
            self._take()

        def _send(self, reply: Reply) -> None:
            if reply.hang:
                daemon.stopped.wait()
            if reply.hang or reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunks is None:
                content = reply.content()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return
            self.send_header("Connection", "close")
            self.end_headers()
            for chunk in reply.chunks:
                self.wfile.write(chunk)

        def log_message(self, *arguments: object) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


@contextmanager
def running_daemon(certificate: Path | None = None) -> Iterator[ContractDaemon]:
    """Run one on a free port; with *certificate*, which holds its key too, over TLS."""
    made = ContractDaemon()
    server = _Server(("127.0.0.1", 0), _handler(made))
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    made.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
