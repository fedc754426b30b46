"""A receiver in a process of its own: answers 200 to whatever comes, until it is ended."""

from __future__ import annotations

import selectors
import socket
import sys
from functools import partial
from typing import Final

from tests.bench import flight

TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def serve(server: socket.socket) -> None:
    """Answer on every connection, for as long as the process lives."""
    with selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is server:
                    one = server.accept()[0]
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(one, selectors.EVENT_READ, partial(_answer, selector, one, bytearray()))
                else:
                    key.data()


def _answer(selector: selectors.BaseSelector, one: socket.socket, received: bytearray) -> None:
    read = flight.read(one)
    received += read
    for _ in flight.whole(received):
        one.sendall(TAKEN)
    if not read:
        selector.unregister(one)
        one.close()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
