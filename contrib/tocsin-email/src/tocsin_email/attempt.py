"""One attempt to give a mail to the server: the blocking part, which runs in a thread of its own."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

import attrs

from tocsin import Outcome
from tocsin_email import verdict
from tocsin_email.line import Line
from tocsin_email.session import NoSmtpError, RefusedError, Reply, Session
from tocsin_email.settings import EmailConfig

__all__ = ["Attempt"]

_DOT_AT_START: Final = re.compile(rb"^\.", re.MULTILINE)
_FAREWELL_SECONDS: Final = 2.0


@attrs.define(slots=True, eq=False)
class Attempt:
    """Gives *mail* to the server for *recipients*. *reached* have it from an earlier attempt of the same notification.

    ``number`` counts attempts from 1. After :meth:`carry_out`, or when :meth:`give_up` ended it, ``taken`` are those
    for whom the server took it this time.
    """

    config: EmailConfig
    context: ssl.SSLContext | None
    mail: Callable[[], bytes]
    recipients: Collection[str]
    reached: Collection[str]
    number: int
    taken: tuple[str, ...] = ()
    _line: Line = attrs.field(factory=Line, init=False)
    _handed_over: bool = attrs.field(default=False, init=False)
    _outcome: Outcome | None = attrs.field(default=None, init=False)

    @property
    def _server(self) -> str:
        return f"{self.config.host}:{self.config.server_port}"

    def carry_out(self) -> Outcome:
        """Try, and say how it ended; only an error of our own is raised."""
        mail = self.mail()
        try:
            session = Session(self._line, self.config, self.context)
            try:
                self._outcome = self._judged(session, mail)
                _part(session)
            finally:
                session.close()
        except RefusedError as error:
            return verdict.refused(error, self._secrets())
        except (OSError, ValueError, NoSmtpError, smtplib.SMTPException) as error:
            return verdict.failed(error, self._server, handed_over=self._handed_over)
        finally:
            self._line.close()
        return self._outcome

    def give_up(self) -> Outcome:
        """Cut the line, from any thread, and say how it stands: what is not handed over by now never will be."""
        self._line.cut()
        if self._outcome is not None:
            return self._outcome
        return verdict.late(self._server, self.config.timeout_seconds, handed_over=self._handed_over)

    def _judged(self, session: Session, mail: bytes) -> Outcome:
        try:
            return self._exchange(session, mail)
        except RefusedError as error:
            return verdict.refused(error, self._secrets())

    def _exchange(self, session: Session, mail: bytes) -> Outcome:
        session.begin()
        session.give_sender(self.config.originator.addr_spec, len(mail))
        answers = {recipient: session.offer(recipient) for recipient in self.recipients}
        accepted = tuple(recipient for recipient, answer in answers.items() if answer.positive)
        refusals = {recipient: answer for recipient, answer in answers.items() if not answer.positive}
        reply = self._hand_over(session, mail) if accepted else None
        if reply is not None and reply.positive:
            self.taken = accepted
        elif reply is not None:
            raise RefusedError("message", reply)
        return verdict.spread((*self.reached, *self.taken), refusals, reply, self.number, self._secrets())

    def _hand_over(self, session: Session, mail: bytes) -> Reply:
        session.announce()
        session.send(_DOT_AT_START.sub(b"..", mail))
        self._handed_over = True
        reply = session.finish()
        if not reply.positive and reply.code < 400:
            raise NoSmtpError
        return reply

    def _secrets(self) -> tuple[str, ...]:
        """What of ours a server could repeat, and nobody may see."""
        username, password = self.config.username, self.config.password
        if password is None:
            return ()
        sent = (f"\0{username}\0{password}", password)
        return (*(base64.b64encode(one.encode("ascii")).decode("ascii") for one in sent), password)


def _part(session: Session) -> None:
    """Say good-bye; nothing hangs on whether it is heard."""
    with suppress(OSError, ValueError, NoSmtpError, smtplib.SMTPException):
        if session.sock is not None:
            session.sock.settimeout(_FAREWELL_SECONDS)
        session.quit()
