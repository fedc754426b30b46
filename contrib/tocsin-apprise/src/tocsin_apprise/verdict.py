"""What a failure of Apprise means for a notification, as far as anything can be known of it."""

from __future__ import annotations

import http
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import attrs
import requests
import urllib3.exceptions

from tocsin import Outcome, OutcomeStatus

__all__ = ["Sign", "ToldToWait", "outcome_of", "sign_of_error", "sign_of_status"]

_LONGEST_WAIT: Final = 86_400.0
_RETRY: Final = frozenset({408, 425})
_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "the certificate is not accepted"),
    (urllib3.exceptions.ProxyError, "the proxy refused"),
    (urllib3.exceptions.NameResolutionError, "the host name does not resolve"),
    (socket.gaierror, "the host name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
    (urllib3.exceptions.NewConnectionError, "there is no connection"),
)
"""Errors after which nothing can have left."""

_IMPOSSIBLE: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


class ToldToWait(Exception):
    """A service asked Apprise to wait before the next request, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"told to wait {seconds:g} s")
        self.seconds = seconds


@attrs.frozen(slots=True)
class Sign:
    """What one thing that went wrong means, in our own words."""

    status: OutcomeStatus
    detail: str
    code: int | None = None
    retry_after_seconds: float | None = None


def sign_of_status(code: int) -> Sign | None:
    """Return what an HTTP status means, as tocsin's own HTTP backends read it; None: it does not say why it failed."""
    if 200 <= code < 300:
        return None
    try:
        detail = f"{code} {http.HTTPStatus(code).phrase}"
    except ValueError:
        detail = str(code)
    if code == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Sign(OutcomeStatus.THROTTLED, detail, code)
    if code in _RETRY or code >= 500:
        return Sign(OutcomeStatus.UNAVAILABLE, detail, code)
    return Sign(OutcomeStatus.REJECTED, detail, code)


def sign_of_error(error: BaseException) -> Sign:
    """Return what an exception means: unavailable only if nothing can have left, and unknown where nobody can say."""
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, ToldToWait):
            seconds = min(max(one.seconds, 0.0), _LONGEST_WAIT)
            return Sign(OutcomeStatus.THROTTLED, "it asks for less", retry_after_seconds=seconds)
        if isinstance(one, smtplib.SMTPResponseException):
            return _smtp(one.smtp_code)
        if isinstance(one, smtplib.SMTPRecipientsRefused):
            return _smtp(max((code for code, _ in one.recipients.values()), default=0))
    for kind, detail in _CAUSES:
        if any(isinstance(one, kind) for one in chain):
            return Sign(OutcomeStatus.UNAVAILABLE, detail)
    if any(isinstance(one, _IMPOSSIBLE) for one in chain):
        return Sign(OutcomeStatus.REJECTED, "the request is not one that HTTP allows")
    return Sign(OutcomeStatus.UNKNOWN, f"{_broken(chain)}; it may have arrived")


def _broken(chain: list[BaseException]) -> str:
    late = (TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
    if any(isinstance(one, late) for one in chain):
        return "no answer in time"
    lost = (OSError, requests.exceptions.RequestException, urllib3.exceptions.HTTPError, smtplib.SMTPException)
    return "the connection broke off" if isinstance(chain[0], lost) else f"Apprise raised {type(chain[0]).__name__}"


def _smtp(code: int) -> Sign:
    status = OutcomeStatus.REJECTED if 500 <= code < 600 else OutcomeStatus.UNAVAILABLE
    return Sign(status, f"the mail server answered {code}", code)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """*error*, what it wraps (requests and urllib3 keep that in ``args`` and ``reason``) and what caused it."""
    due, seen = [error], set[int]()
    while due:
        one = due.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        due += [each for each in inner if isinstance(each, BaseException)]


def outcome_of(service: str, sign: Sign | None) -> Outcome:
    """Return the outcome of a send to *service* that Apprise says failed; *sign* is what is known of why."""
    if sign is None:
        return Outcome.unavailable(f"{service}: Apprise says that it was not sent, and not why")
    return Outcome(sign.status, f"{service}: {sign.detail}", sign.code, sign.retry_after_seconds)
