"""The listener: HTTP over a socket that is bound before anything else starts, and let go in time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final

import attrs
import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from tocsin import ConfigurationError

__all__ = ["Address", "Limits", "Listener", "Tls", "bound"]

_log: Final = logging.getLogger("tocsin")

_BACKLOG: Final = 1024
_LONGEST_HEAD: Final = 65_536
_STOP_SECONDS: Final = 3.0


@attrs.frozen(slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that *text* is: ``127.0.0.1:9093``, ``[::1]:9093`` or ``:9093`` (every interface)."""
        host, separator, port = text.rpartition(":")
        if not separator or not port.isdecimal() or not port.isascii() or int(port) > 65_535:
            raise ConfigurationError(f'an address to listen on is written "127.0.0.1:9093", not {text!r:.60}', "listen")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@attrs.frozen(slots=True)
class Limits:
    """How many connections there may be, and the seconds in which the head of a request has to be there.

    In as many seconds TLS has to be agreed on.
    """

    connections: int = 1000
    head_seconds: float = 30.0


@attrs.frozen(slots=True)
class Tls:
    """Paths of PEM files: the chain of certificates and its key, and who signs the clients' (None: nobody is asked)."""

    certificate: str
    key: str
    client_ca: str | None = None

    def context(self) -> ssl.SSLContext:
        """Return what serves with them; TLS 1.2 or newer."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with _readable("server.tls"):
            made.load_cert_chain(self.certificate, self.key, password=_no_password)
        if self.client_ca is not None:
            with _readable("server.tls.client_ca"):
                made.load_verify_locations(self.client_ca)
            made.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which wants what many private authorities leave out
            made.verify_mode = ssl.CERT_REQUIRED
        return made


def _no_password() -> str:
    raise ValueError("it is encrypted, and nobody is here to ask for its password")


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        problem = str(error) if isinstance(error, (ssl.SSLError, ValueError)) else error.strerror
        raise ConfigurationError(f"the certificate or its key cannot be read: {problem}", where) from None


def bound(address: Address) -> socket.socket:
    """Return a socket that is bound to *address* and does not listen yet.

    :raises ConfigurationError: when that cannot be had.
    """
    host = address.host or "::"
    try:
        family = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "that is no name of a machine"
        raise ConfigurationError(f"cannot listen on {address}: {reason}", "listen") from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and not address.host:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, address.port))
    except OSError as error:
        made.close()
        raise ConfigurationError(f"cannot listen on {address}: {error.strerror or error}", "listen") from None
    return made


class _Punctual(H11Protocol):
    """Hangs up on one connection too many, on who begins one, or the head of a request, and does not go on in time, and
    on who does not read what was answered."""

    head_seconds = 30.0
    most = 1000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = self.loop.call_later(self.head_seconds, transport.close)
        self._unread = 0
        self._look = self.loop.call_later(self.head_seconds, self._check_reading)
        if len(self.connections) > self.most:
            transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._head_is_incomplete():
            self._let_be()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _head_is_incomplete(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def _check_reading(self) -> None:
        """Hang up on who has read nothing of an answer since the last look."""
        unread = self.transport.get_write_buffer_size()
        if unread and unread == self._unread:
            _log.warning("hung up on a client that does not read its answer")
            self.transport.abort()
            return
        self._unread = unread
        self._look = self.loop.call_later(self.head_seconds, self._check_reading)

    def _let_be(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._let_be()
        self._look.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon, opens its door itself, and says when it listens."""

    listens: Callable[[], None]
    door: socket.socket
    tls: ssl.SSLContext | None
    handshake_seconds: float

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=[])
        await self.open()
        self.listens()

    async def open(self) -> None:
        """Take connections as ``tls`` says now; whoever is connected stays, and nobody who knocks meanwhile is lost."""
        made = await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=self.door.dup(),
            backlog=_BACKLOG,
            ssl=self.tls,
            ssl_handshake_timeout=None if self.tls is None else self.handshake_seconds,
        )
        before, self.servers = self.servers, [made]
        for server in before:
            server.close()

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # its base takes none
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


class Listener:
    """Serves *app* on a socket until it is told to stop.

    :param listens: called once requests are answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        bound_to: socket.socket,
        limits: Limits,
        tls: ssl.SSLContext | None,
        listens: Callable[[], None],
    ) -> None:
        self._socket = bound_to
        protocol = type("Punctual", (_Punctual,), {"head_seconds": limits.head_seconds, "most": limits.connections})
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=limits.connections,
            timeout_graceful_shutdown=int(_STOP_SECONDS),
            h11_max_incomplete_event_size=_LONGEST_HEAD,
        )
        config.load()
        self._server = _Server(config)
        self._server.listens = listens
        self._server.door = bound_to
        self._server.tls = tls
        self._server.handshake_seconds = limits.head_seconds

    async def serve(self) -> None:
        """Answer requests until :meth:`stop`; what is under way then has three seconds to end."""
        await self._server.serve(sockets=[self._socket])

    async def renew(self, tls: ssl.SSLContext) -> None:
        """Let connections from now on be made with *tls*; no session of an earlier one is resumed."""
        self._server.tls = tls
        if not self._server.should_exit:
            await self._server.open()

    def stop(self) -> None:
        """Take no more connections, and let :meth:`serve` return."""
        self._server.should_exit = True
