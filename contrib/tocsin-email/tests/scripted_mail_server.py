"""A server on loopback that answers each line with what it is told to, well or badly; also nothing, or a hang-up."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

__all__ = ["HANG", "HANG_UP", "ScriptedServer"]

HANG = "hang"
HANG_UP = "hang up"
_PATIENCE_SECONDS = 30.0

_POLITE = {
    "": "220 ready",
    "EHLO": "250-scripted\r\n250 SIZE 1000000",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go on",
    ".": "250 queued",
    "QUIT": "221 bye",
}


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers by the first word of a line; under the empty one is the greeting, under ``.`` the answer to content."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.script: dict[str, str] = dict(_POLITE)
        self.heard: list[str] = []
        self._reached = threading.Semaphore(0)
        self._left = threading.Semaphore(0)

    def settings(self, **changes: Any) -> Mapping[str, Any]:
        """What a channel is told to send here."""
        mine = {"host": "127.0.0.1", "port": self.server_address[1], "tls": "none"}
        return {**mine, "to": ["ops@example.org"], "sender": "tocsin@example.org", **changes}

    def wait_until_it_hangs(self) -> None:
        """Block until a conversation has come to where nothing is answered."""
        assert self._reached.acquire(timeout=_PATIENCE_SECONDS), "nobody came so far"

    def wait_until_left(self) -> None:
        """Block until the other side of a conversation has gone away."""
        assert self._left.acquire(timeout=_PATIENCE_SECONDS), "the other side stayed"

    def hang(self, connection: socket.socket) -> None:
        """Answer nothing until the other side goes away."""
        self._reached.release()
        connection.settimeout(_PATIENCE_SECONDS)
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass

    def leave(self) -> None:
        """A conversation is over."""
        self._left.release()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("ScriptedServer", self.server)
        try:
            self._talk(server)
        except OSError:
            pass
        finally:
            server.leave()

    def _talk(self, server: ScriptedServer) -> None:
        going = self._answer(server, "")
        content = False
        while going and (line := self.rfile.readline().decode("latin-1")):
            if content and line != ".\r\n":
                continue
            word = "." if content else line.split()[0].upper()
            server.heard.append(line.strip())
            content = word == "DATA" and server.script["DATA"].startswith("354")
            going = self._answer(server, word)

    def _answer(self, server: ScriptedServer, word: str) -> bool:
        answer = server.script.get(word, "502 no such thing")
        if answer == HANG:
            server.hang(self.connection)
        elif answer != HANG_UP:
            self.wfile.write(f"{answer}\r\n".encode("latin-1", "replace"))
            return True
        return False
