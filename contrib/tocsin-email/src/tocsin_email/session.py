"""One session with a mail server: smtplib's, over a line that can be cut, with answers of bounded length."""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Final

import attrs

from tocsin_email.line import Line
from tocsin_email.settings import EmailConfig

__all__ = ["NoSmtpError", "RefusedError", "Reply", "Session"]

_LONGEST_LINE: Final = 2_000
_MOST_LINES: Final = 200
_GRACE: Final = 1.0
"""Seconds by which a socket waits longer than the attempt, whose own end knows more."""


@attrs.frozen(slots=True)
class Reply:
    """What the server answered: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether it has done what was asked for."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Whether the same will never be granted; an answer that fits nothing may be another one next time."""
        return 500 <= self.code < 600


class RefusedError(Exception):
    """The server refused a step."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(step)
        self.step = step
        self.reply = reply


class NoSmtpError(Exception):
    """What came back is no answer that SMTP knows."""


class Session(smtplib.SMTP):
    """A connection on which the server has greeted; :meth:`begin` brings it to where mail can be given.

    Any step may raise :exc:`RefusedError`, :exc:`NoSmtpError`, ``smtplib.SMTPException`` or :exc:`OSError`.
    """

    def __init__(self, line: Line, config: EmailConfig, context: ssl.SSLContext | None) -> None:
        self._line = line
        self._config = config
        self._context = context
        host, port = config.host, config.server_port
        try:
            super().__init__(host, port, local_hostname=config.hello or "", timeout=config.timeout_seconds + _GRACE)
        except smtplib.SMTPConnectError as error:
            raise RefusedError("greeting", Reply(error.smtp_code, _text(error.smtp_error))) from None
        except BaseException:  # whatever it is, nothing stays open
            self.close()
            raise
        self.local_hostname = config.hello or _own_name(self.sock)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect; smtplib's own name for the place where its ``SMTP_SSL`` does so in another way too."""
        made = self._line.open(host, port, timeout)
        if self._context is None or self._config.tls != "implicit":
            return made
        try:
            return self._context.wrap_socket(made, server_hostname=host)
        except BaseException:  # whatever it is, nothing stays open
            made.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """Return the next answer; smtplib's own bounds its lines in length, and not in number."""
        if self.file is None:
            assert self.sock is not None
            self.file = self.sock.makefile("rb")
        lines: list[bytes] = []
        while len(lines) < _MOST_LINES:
            line = self.file.readline(_LONGEST_LINE)
            if not line:
                raise ConnectionResetError("the connection was closed")
            if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b"\r", b"\n") or not line.endswith(b"\n"):
                break
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        raise NoSmtpError

    def begin(self) -> None:
        """Greet, secure the connection where that is asked for, and log in."""
        self._greet()
        if self._config.tls == "starttls":
            assert self._context is not None
            try:
                self.starttls(context=self._context)
            except smtplib.SMTPResponseException as error:
                raise RefusedError("STARTTLS", Reply(error.smtp_code, _text(error.smtp_error))) from None
            self._greet()
        if self._config.username is not None and self._config.password is not None:
            try:
                self.login(self._config.username, self._config.password)
            except smtplib.SMTPAuthenticationError as error:
                raise RefusedError("login", Reply(error.smtp_code, _text(error.smtp_error))) from None

    def _greet(self) -> None:
        try:
            self.ehlo_or_helo_if_needed()
        except smtplib.SMTPHeloError as error:
            raise RefusedError("EHLO", Reply(error.smtp_code, _text(error.smtp_error))) from None

    def give_sender(self, sender: str, size: int) -> None:
        """Begin a mail of *size* bytes."""
        self._must("sender", self.mail(sender, [f"size={size}"] if self.has_extn("size") else []))

    def offer(self, recipient: str) -> Reply:
        """Name a recipient, and return whether the server takes mail for it."""
        code, text = self.rcpt(recipient)
        return Reply(code, _text(text))

    def announce(self) -> None:
        """Say that the mail's content follows."""
        code, text = self.docmd("DATA")
        if code != 354:
            raise RefusedError("message", Reply(code, _text(text)))

    def finish(self) -> Reply:
        """End the content, and return what the server says to it."""
        self.send(b".\r\n")
        code, text = self.getreply()
        return Reply(code, _text(text))

    def _must(self, step: str, answer: tuple[int, bytes]) -> None:
        reply = Reply(answer[0], _text(answer[1]))
        if not reply.positive:
            raise RefusedError(step, reply)


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _own_name(sock: socket.socket | None) -> str:
    """This machine's full name, or its address as RFC 5321, section 4.1.4, wants it where there is none."""
    name = socket.gethostname()
    if "." in name.strip(".") and name.isascii():
        return name
    address = sock.getsockname()[0] if sock is not None else "127.0.0.1"
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
