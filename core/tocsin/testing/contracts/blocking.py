"""Calls that hold up the event loop, noted as they are made: nothing here depends on how long one takes."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from types import FrameType
from typing import Any, Final

import pytest

__all__ = ["blocking_calls"]

_watched: Final = ContextVar("watched", default=0)
"""The thread whose event loop runs what is watched; 0 where nothing is. Tasks that it starts are watched, too; threads
are others, and may block."""

_STREAMS: Final = ("connect", "connect_ex", "send", "sendall", "sendmsg", "sendfile")
"""What blocks with a stream, and does not with datagrams."""
_ANY: Final = ("accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into")
_LOOKUPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
_PROCESSES: Final = ("wait", "communicate")


@contextmanager
def blocking_calls(package: str) -> Iterator[list[str]]:
    """Give what blocks in this thread meanwhile, in what is called and in the tasks that it starts.

    That is ``time.sleep``, sockets that are not set to non-blocking, names that are looked up, and processes that are
    waited for. A sleep ends at once, and a socket raises :exc:`TimeoutError`, so that nobody waits for a test that
    fails.

    :param package: the top package of whose call it is: the line is given where that last called.
    """
    found: list[str] = []
    patch = pytest.MonkeyPatch()

    def note(what: str) -> None:
        found.append(f"{what}, {_caller(package)}")

    _patch_sockets(patch, note)
    _patch_lookups(patch, note)
    _patch_sleep(patch, note)
    _patch_processes(patch, note)
    token = _watched.set(threading.get_ident())
    try:
        yield found
    finally:
        _watched.reset(token)
        patch.undo()


def _here() -> bool:
    return _watched.get() == threading.get_ident()


def _patch_sockets(patch: pytest.MonkeyPatch, note: Callable[[str], None]) -> None:
    def watched(name: str) -> Callable[..., Any]:
        original = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any, **options: Any) -> Any:
            stream = self.type is not socket.SOCK_DGRAM
            if _here() and self.gettimeout() != 0 and (stream or name in _ANY):
                note(f"socket.{name}")
                raise TimeoutError("a socket that blocks the event loop")
            return original(self, *arguments, **options)

        return call

    for name in (*_STREAMS, *_ANY):
        patch.setattr(socket.socket, name, watched(name))


def _patch_lookups(patch: pytest.MonkeyPatch, note: Callable[[str], None]) -> None:
    def watched(name: str) -> Callable[..., Any]:
        original = getattr(socket, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if _here() and not _numeric(arguments[0] if arguments else options.get("host")):
                note(f"socket.{name}")
            return original(*arguments, **options)

        return call

    for name in _LOOKUPS:
        patch.setattr(socket, name, watched(name))


def _numeric(host: Any) -> bool:
    """Return whether *host* is an address, or this machine, which nobody has to be asked for."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


def _patch_sleep(patch: pytest.MonkeyPatch, note: Callable[[str], None]) -> None:
    original = time.sleep

    def call(seconds: float, /) -> None:
        if not _here():
            original(seconds)
        elif seconds > 0:
            note(f"time.sleep({seconds:g})")

    patch.setattr(time, "sleep", call)


def _patch_processes(patch: pytest.MonkeyPatch, note: Callable[[str], None]) -> None:
    def watched(name: str) -> Callable[..., Any]:
        original = getattr(subprocess.Popen, name)

        def call(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> Any:
            if _here() and self.poll() is None:
                note(f"subprocess.Popen.{name}")
            return original(self, *arguments, **options)

        return call

    for name in _PROCESSES:
        patch.setattr(subprocess.Popen, name, watched(name))


def _caller(package: str) -> str:
    """Return the line where *package* made the call, or where it was made if none of it is on the way."""
    frame: FrameType | None = sys._getframe(2)
    innermost = frame
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name == package or name.startswith(f"{package}."):
            break
        frame = frame.f_back
    frame = frame or innermost
    assert frame is not None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}, in {frame.f_code.co_name}"
