"""A real mail server (aiosmtpd) on loopback, in a thread of its own: it answers as told, and keeps what it gets."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tocsin.testing.receiver import Answer, Arrival, BackendReceiver

__all__ = ["PASSWORD", "USERNAME", "Delivered", "PostOffice"]

USERNAME = "tocsin"
PASSWORD = "S3cret-of-the-post"

_TURNS = 5
"""Of the loop, in which a connection that was accepted begins, and one that is aborted ends."""

logging.getLogger("mail.log").disabled = True  # the server's own, which tells all that it hears


@attrs.frozen
class Delivered:
    """One mail that came: its envelope and content, and over what it came."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    secured: bool
    login: bool
    hello: str

    @property
    def mail(self) -> EmailMessage:
        """The content, parsed."""
        found = message_from_bytes(self.content, policy=policy.SMTP)
        assert isinstance(found, EmailMessage)
        return found

    def part(self, subtype: str) -> str:
        """The text or the HTML, decoded."""
        found = self.mail.get_body((subtype,))
        assert found is not None
        return str(found.get_content())


class _Server(SMTP):
    """aiosmtpd's server, which tells its office when a connection begins and ends."""

    def __init__(self, office: PostOffice, **options: Any) -> None:
        self._office = office
        self._counted = False
        super().__init__(office, **options)

    def connection_made(self, transport: Any) -> None:
        """Count the connection, once: after STARTTLS it is made again."""
        if not self._counted:
            self._counted = True
            self._office.opened()
        self._office.talking.append(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        super().connection_lost(error)
        self._office.closed()


class PostOffice(BackendReceiver):
    """Listens on a free port of 127.0.0.1 while entered.

    ``answers`` are what it says to recipients, or to the content (under ``DATA``) or the sender (under ``MAIL``), where
    that is not yes; ``offered`` are all recipients that were named to it.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False, **options: Any) -> None:
        super().__init__()
        self.delivered: list[Delivered] = []
        self.answers: dict[str, str] = {}
        self.offered: list[str] = []
        self.port = 0
        self.talking: list[asyncio.WriteTransport] = []
        self._tls = tls
        self._implicit = implicit
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._server: asyncio.Server | None = None

    def settings(self, **changes: Any) -> Mapping[str, Any]:
        """What a channel is told to send here."""
        tls = "none" if self._tls is None else "implicit" if self._implicit else "starttls"
        mine = {"host": "localhost", "port": self.port, "tls": tls}
        return {**mine, "to": ["ops@example.org"], "sender": "tocsin@example.org", **changes}

    def will(self, answer: Answer, /) -> None:
        """Answer like this from now on; down, it listens no longer."""
        super().will(answer)
        if answer is Answer.DOWN:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)

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
        """Keep the mail, and answer."""
        come = Delivered(
            envelope.mail_from,
            tuple(envelope.rcpt_tos),
            envelope.original_content,
            session.ssl is not None or self._implicit,
            bool(session.authenticated),
            session.host_name,
        )
        self.delivered.append(come)
        self.arrived(_arrival(come.mail))
        if self.answer is Answer.HANGS:
            await asyncio.get_running_loop().create_future()
        if self.answer is Answer.BREAKS_OFF:
            server.transport.abort()  # type: ignore[union-attr]  # it is a connection's
        return self.answers.get("DATA") or {
            Answer.REFUSES: f"550 5.7.1 no: {USERNAME} {PASSWORD}",
            Answer.FAILS: "451 4.3.0 not now",
        }.get(self.answer, "250 2.0.0 queued as 4711")

    def authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in who knows the password."""
        right = isinstance(data, LoginPassword) and data == LoginPassword(USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    # its life

    def _protocol(self) -> SMTP:
        starttls = None if self._implicit else self._tls
        return _Server(
            self,
            hostname="post.example.org",
            loop=self._loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=self.authenticate,
            **self._options,
        )

    async def _serve(self) -> None:
        tls = self._tls if self._implicit else None
        self._server = await self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        await self._hang_up()  # a closed server's connections that were accepted just now would be nobody's
        self._server.close()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Let go of every connection, also of those that were accepted just now."""
        for _ in range(_TURNS):
            while self.talking:
                self.talking.pop().abort()
            await asyncio.sleep(0)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def stop(self) -> None:
        """End at once, with all connections."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(30)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _arrival(mail: EmailMessage) -> Arrival:
    parts = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
    text = "\n".join([str(mail["Subject"]), *parts]).replace("\r\n", "\n")  # as a reader has it
    return Arrival(text, str(mail["Message-ID"]), str(mail["References"]))
