"""What is logged while Apprise works for us: heard here and nowhere else, for it holds URLs, payloads and answers.

Apprise says only whether a notification was sent. Why not is in its log: an HTTP status as ``error=503``, and the
exception that is being handled while it logs. Both are kept as what they mean; no text is.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import attrs

from tocsin_apprise.verdict import Sign, sign_of_error, sign_of_status

__all__ = ["Heard", "hearing", "service_logger"]

_FAMILIES: Final = ("apprise", "charset_normalizer", "gntp", "oauthlib", "paho", "requests", "slixmpp", "urllib3")
"""Whose logs tell of a send: Apprise's own, and those of what its plugins talk with."""

_STATUS: Final = re.compile(r"\berror=([0-9]{3})\b")


@attrs.define(slots=True)
class Heard:
    """What is known of why a send failed: the last that was logged of it counts; None: nothing."""

    sign: Sign | None = None

    def note(self, record: logging.LogRecord) -> None:
        """Take a record into account, in the thread that makes it."""
        if record.levelno < logging.WARNING:
            return
        error = sys.exc_info()[1]
        codes = _STATUS.findall(_text(record))
        if codes:
            self.sign = sign_of_status(int(codes[-1])) or self.sign
        elif error is not None:
            self.sign = sign_of_error(error)


_heard: Final[ContextVar[Heard | None]] = ContextVar("tocsin_apprise_heard", default=None)


@contextmanager
def hearing() -> Iterator[Heard]:
    """Give what is heard of what this thread does within; none of it is logged."""
    _listen()
    heard = Heard()
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


class _Diverting(logging.Filter):
    """Takes the records of a thread that works for us out of a log, and leaves all others in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _heard.get()
        if heard is None:
            return True
        heard.note(record)
        return False


class _Noting(logging.Handler):
    """Takes what a service's own logger is told."""

    def emit(self, record: logging.LogRecord) -> None:
        heard = _heard.get()
        if heard is not None:
            heard.note(record)


_diverting: Final = _Diverting()


def _listen() -> None:
    """Divert every logger of the families that there is by now; doing so again changes nothing."""
    loggers = logging.root.manager.loggerDict
    for name in [*_FAMILIES, *(name for name in list(loggers) if name.startswith(_PREFIXES))]:
        logging.getLogger(name).addFilter(_diverting)


_PREFIXES: Final = tuple(f"{family}." for family in _FAMILIES)


def _made() -> logging.Logger:
    made = logging.Logger("tocsin_apprise.service", logging.WARNING)
    made.addHandler(_Noting())
    return made


service_logger: Final = _made()
"""What a service of ours logs to, whatever the application's levels are; it belongs to no tree of loggers."""


def _text(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  a plugin's log line that cannot be put together says nothing
        return ""
