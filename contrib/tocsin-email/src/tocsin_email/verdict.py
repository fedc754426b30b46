"""What a server's answers, or their absence, mean for a notification.

The first digit decides, as RFC 5321 has it: 2 is done, 4 may be granted later, 5 never will.
https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Collection, Mapping
from typing import Final

from tocsin import Outcome
from tocsin.http import excerpt
from tocsin_email.printable import cut
from tocsin_email.session import NoSmtpError, RefusedError, Reply

__all__ = ["PATIENCE", "failed", "late", "refused", "spread"]

PATIENCE: Final = 5
"""The attempt from which on recipients that are put off again are not waited for, if others have the mail."""

_MOST_NAMED: Final = 3
_LONGEST_DETAIL: Final = 900
_CAUSES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ssl.SSLError, "TLS failed"),
    (socket.gaierror, "the host name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was closed"),
    (BrokenPipeError, "the connection was closed"),
    (TimeoutError, "the connection timed out"),
    (NoSmtpError, "what came back is no SMTP answer"),
    (ValueError, "what came back is no SMTP answer"),
    (smtplib.SMTPServerDisconnected, "the connection was closed"),
    (smtplib.SMTPNotSupportedError, "the server does not offer what is asked for: STARTTLS, or a login"),
    (smtplib.SMTPException, "the server takes no form of login that is known here"),
)


def refused(error: RefusedError, secrets: Collection[str]) -> Outcome:
    """Judge an answer that ends the attempt, whatever the step that it ends at."""
    detail = f"{error.step}: {_shown(error.reply, secrets)}"
    if error.reply.permanent:
        return Outcome.rejected(detail, code=error.reply.code)
    return Outcome.unavailable(detail, code=error.reply.code)


def failed(error: Exception, server: str, *, handed_over: bool) -> Outcome:
    """Judge an exchange that ended in *error*; once the mail was handed over, nobody can say whether it was taken."""
    detail = f"{server}: {_cause(error)}"
    return Outcome.unknown(f"{detail}; it may have arrived") if handed_over else Outcome.unavailable(detail)


def late(server: str, seconds: float, *, handed_over: bool) -> Outcome:
    """Judge an exchange that took longer than *seconds*."""
    if handed_over:
        return Outcome.unknown(f"{server}: no answer within {seconds:g} s; it may have arrived")
    return Outcome.unavailable(f"{server}: not done within {seconds:g} s")


def spread(
    reached: Collection[str], refusals: Mapping[str, Reply], reply: Reply | None, attempt: int, secrets: Collection[str]
) -> Outcome:
    """Judge by who has it, and who was refused; *reply* is to the content, where there was somebody to send it to.

    As long as nobody has it, one recipient that was only put off is worth another attempt. Once somebody has it, that
    one is *unknown*: the channel counts as told, and those who lack it are tried again, until :data:`PATIENCE` ends.
    """
    put_off = [one for one in refusals.values() if not one.permanent]
    who = _refused(refusals, secrets)
    if not reached:
        first = next(iter(put_off or refusals.values()), None)
        code = None if first is None else first.code
        return Outcome.unavailable(who, code=code) if put_off else Outcome.rejected(who, code=code)
    shared = f"{len(reached)} of {len(reached) + len(refusals)} recipients have it; {who}"
    if put_off and attempt < PATIENCE:
        return Outcome.unknown(shared, code=put_off[0].code)
    if reply is None:
        return Outcome.delivered(shared)
    return Outcome.delivered(shared if refusals else _shown(reply, secrets), code=reply.code)


def _refused(refusals: Mapping[str, Reply], secrets: Collection[str]) -> str:
    named = [f"{address} ({_shown(one, secrets)})" for address, one in list(refusals.items())[:_MOST_NAMED]]
    more = f" and {len(refusals) - _MOST_NAMED} more" if len(refusals) > _MOST_NAMED else ""
    return f"refused: {cut(', '.join(named), _LONGEST_DETAIL)}{more}"


def _shown(reply: Reply, secrets: Collection[str]) -> str:
    said = excerpt(reply.text, secrets)
    return f"{reply.code} {said}".rstrip()


def _cause(error: Exception) -> str:
    """Name what went wrong in our own words: the exceptions' texts hold addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted ({excerpt(error.verify_message)})"
    return next((text for kind, text in _CAUSES if isinstance(error, kind)), "the connection failed")
