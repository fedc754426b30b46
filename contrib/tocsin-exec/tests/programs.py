"""Programs for the tests, in Python that starts fast, and the contract's receiver: one that says what it was given."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tocsin.testing.receiver import Answer, Arrival, BackendReceiver

__all__ = ["ProgramReceiver", "written"]

_CODES = {Answer.TAKES: b"0", Answer.REFUSES: b"78", Answer.FAILS: b"75", Answer.BREAKS_OFF: b"-9"}

_REPORTS = """\
import _socket
said = sys.stdin.buffer.read()
names = ("TOCSIN_NOTIFICATION_ID", "TOCSIN_INCIDENT_ID")
peer = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
peer.connect(("127.0.0.1", {port}))
told = b"\\0".join([os.environb[name.encode()] for name in names] + [said])
told = b"%20d" % len(told) + told
while told:
    told = told[peer.send(told):]
code = int(peer.recv(10) or b"1")
if code == 78:
    sys.stderr.write(repr(dict(os.environ)) + " " + os.environ["TOKEN"])
    sys.stderr.flush()
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


def written(folder: Path, source: str, name: str = "program") -> str:
    """Write a program of Python that has ``os`` and ``sys``, and return its path."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -IS\nimport os, sys\n{source}\n")
    path.chmod(0o700)
    return str(path)


class ProgramReceiver(BackendReceiver):
    """Each run of the program connects to it and tells what it was given; its connection ends when the process does."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-exec-"))
        self._sockets: set[socket.socket] = set()
        self._serving = False
        receiver = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                receiver._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.program = written(self._folder, _REPORTS.format(port=self._server.server_address[1]))

    def will(self, answer: Answer, /) -> None:
        """Answer like this from now on. Down, the program's interpreter is gone."""
        super().will(answer)
        if answer is Answer.DOWN:
            Path(self.program).write_text("#!/nonexistent/interpreter\n")

    def _serve(self, connection: socket.socket) -> None:
        self.opened()
        self._sockets.add(connection)
        try:
            with contextlib.suppress(OSError):
                self._take(connection)
        finally:
            self._sockets.discard(connection)
            self.closed()

    def _take(self, connection: socket.socket) -> None:
        said = connection.makefile("rb")
        told = said.read(int(said.read(20)))
        key, incident, content = told.split(b"\0", 2)
        self.arrived(Arrival("\n".join(_strings(_parsed(content))), key.decode(), incident.decode()))
        if self.answer is not Answer.HANGS:
            connection.sendall(_CODES[self.answer])
        said.read()

    def stop(self) -> None:
        """End at once."""
        if self._serving:
            self._serving = False
            self._server.shutdown()
            for connection in list(self._sockets):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._server.server_close()

    def __enter__(self) -> Self:
        self._serving = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._server.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _parsed(said: bytes) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return said.decode()


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
    elif isinstance(document, str):
        yield document
