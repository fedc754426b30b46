"""The connection to a mail server, made in one thread, which another may cut."""

from __future__ import annotations

import contextlib
import socket
import threading

__all__ = ["CutError", "Line"]


class CutError(OSError):
    """The line was cut before it was made."""


class Line:
    """At most one connection. :meth:`cut` ends whatever waits for it, in whichever thread, and any that is yet to come.

    What is kept of the connection is a second handle: TLS takes the first one over in the middle of the exchange.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False

    def open(self, host: str, port: int, seconds: float) -> socket.socket:
        """Return a connection to the first address of *host* that answers; *seconds* are shared among all of them.

        :raises OSError: when none does; it is the last one's error.
        """
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        problem: OSError = OSError("the host name has no address")
        for family, kind, protocol, _, address in addresses:
            try:
                return self._connected(socket.socket(family, kind, protocol), address, seconds, len(addresses))
            except CutError:
                raise
            except OSError as error:
                problem = error
        raise problem

    def _connected(self, made: socket.socket, address: object, seconds: float, shares: int) -> socket.socket:
        try:
            self._hold(made)
            made.settimeout(seconds / shares)
            made.connect(address)  # type: ignore[arg-type]  # it is what getaddrinfo gave for this family
            made.settimeout(seconds)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:  # whatever it is, nothing stays open
            made.close()
            raise
        return made

    def _hold(self, made: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                raise CutError("the line was cut")
            if self._handle is not None:
                self._handle.close()
            self._handle = made.dup()

    def cut(self) -> None:
        """End the connection now, in both directions, and let no other be made."""
        with self._lock:
            self._is_cut = True
            if self._handle is not None:
                with contextlib.suppress(OSError):  # it is not connected yet, or not any more
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the second handle back; the first is closed by whom :meth:`open` gave it to."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None
