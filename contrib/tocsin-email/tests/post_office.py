"""A real mail server (aiosmtpd) on loopback, in a thread of its own, that keeps what it gets."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

__all__ = ["PASSWORD", "USERNAME", "Delivered", "PostOffice"]

USERNAME = "tocsin"
PASSWORD = "S3cret-of-the-post"


@attrs.frozen
class Delivered:
    """One mail that was taken: its envelope and content, and over what it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    secured: bool
    login: bool
    hello: str


class PostOffice:
    """Listens on a free port of 127.0.0.1 while entered.

    ``answers`` are what it says to recipients, and to the content (under ``DATA``) or the sender (``MAIL``), where that
    is not yes.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False, **options: Any) -> None:
        self.delivered: list[Delivered] = []
        self.answers: dict[str, str] = {}
        self.offered: list[str] = []
        self.port = 0
        self._tls = tls
        self._implicit = implicit
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def settings(self, **changes: Any) -> Mapping[str, Any]:
        """What a channel is told to send here."""
        tls = "none" if self._tls is None else "implicit" if self._implicit else "starttls"
        mine = {"host": "localhost", "port": self.port, "tls": tls}
        return {**mine, "to": ["ops@example.org"], "sender": "tocsin@example.org", **changes}

    # what aiosmtpd calls

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the sender, unless told otherwise."""
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless told otherwise."""
        self.offered.append(address)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the mail, unless told otherwise."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.delivered.append(
            Delivered(
                envelope.mail_from,
                tuple(envelope.rcpt_tos),
                envelope.original_content,
                session.ssl is not None or self._implicit,
                bool(session.authenticated),
                session.host_name,
            )
        )
        return "250 2.0.0 queued as 4711"

    def authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in who knows the password."""
        right = isinstance(data, LoginPassword) and data == LoginPassword(USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    # its life

    def _protocol(self) -> SMTP:
        starttls = None if self._implicit else self._tls
        return SMTP(
            self,
            hostname="post.example.org",
            loop=self._loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=self.authenticate,
            **self._options,
        )

    async def _serve(self) -> None:
        server = await self._loop.create_server(
            self._protocol, "127.0.0.1", 0, ssl=self._tls if self._implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
