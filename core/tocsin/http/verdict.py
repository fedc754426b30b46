"""What an answer, or its absence, means for a notification."""

from __future__ import annotations

import http
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx

from tocsin.http.addresses import LinkLocalError
from tocsin.http.redaction import excerpt, redact_url, secrets_of
from tocsin.http.retry_after import retry_after_seconds
from tocsin.model.outcome import Outcome

__all__ = ["failure_outcome", "lost_answer", "outcome_of", "timeout_outcome"]

_RETRY: Final = frozenset({408, 425})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LINK_LOCAL: Final = "it leads to a link-local or metadata address, which http.allow_link_local allows"
_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLError, "TLS failed"),
    (socket.gaierror, "the host name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was reset"),
    (TimeoutError, "the connection timed out"),
    (httpx.ProxyError, "the proxy refused"),
    (httpx.RemoteProtocolError, "what came back is no HTTP answer"),
)


def outcome_of(response: httpx.Response) -> Outcome:
    """Judge an answer by its status, which is how most receivers mean it.

    2xx is delivered; 429 throttled; 408, 425 and 5xx unavailable, all with their ``Retry-After``; anything else is
    rejected, redirects included, which are not followed: whoever may redirect could send alerts elsewhere. The detail
    has an excerpt of the answer. *response* must have been read, and carry its request, whose secrets are kept out of
    the detail.
    """
    code = response.status_code
    if 200 <= code < 300:
        return Outcome.delivered(_detail(response), code=code)
    if code in _REDIRECTS:
        problem = f"{_status_line(code)}: redirects are not followed; configure the final address"
        return Outcome.rejected(problem, code=code)
    detail = _detail(response)
    if code == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome.throttled(detail, code=code, retry_after_seconds=retry_after_seconds(response.headers))
    if code in _RETRY or code >= 500:
        return Outcome.unavailable(detail, code=code, retry_after_seconds=retry_after_seconds(response.headers))
    return Outcome.rejected(detail, code=code)


def failure_outcome(error: Exception, request: httpx.Request) -> Outcome:
    """Judge an exchange that ended in *error*: unavailable only if the request certainly never left."""
    detail = f"{redact_url(request.url)}: {_cause(error)}"
    if isinstance(error, (httpx.LocalProtocolError, httpx.UnsupportedProtocol)):
        return Outcome.rejected(f"{redact_url(request.url)}: the request is not one that HTTP allows")
    if isinstance(error, LinkLocalError):
        return Outcome.rejected(f"{redact_url(request.url)}: {_LINK_LOCAL}")
    if isinstance(error, _NOT_SENT):
        return Outcome.unavailable(detail)
    return Outcome.unknown(f"{detail}; it may have arrived")


def timeout_outcome(request: httpx.Request, seconds: float | None, *, sent: bool) -> Outcome:
    """Judge an exchange that took longer than *seconds*."""
    limit = "" if seconds is None else f" within {seconds:g} s"
    if sent:
        return Outcome.unknown(f"{redact_url(request.url)}: no answer{limit}; it may have arrived")
    return Outcome.unavailable(f"{redact_url(request.url)}: no connection{limit}")


def lost_answer(judged: Outcome) -> Outcome:
    """Judge an answer that broke off after its head: what the head denies stays denied, what it grants is unknown."""
    if not judged.success:
        return judged
    return Outcome.unknown(f"{judged.detail}, but the answer broke off; it may have arrived", code=judged.code)


def _status_line(code: int) -> str:
    """The code and its registered phrase; the receiver's own phrase could be anything."""
    try:
        return f"{code} {http.HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _detail(response: httpx.Response) -> str:
    # Not response.text: the answer names its own charset, and Python's codecs include decompressors.
    said = excerpt(response.content.decode("utf-8", "replace"), secrets_of(response.request))
    line = _status_line(response.status_code)
    return f"{line}: {said}" if said else line


def _cause(error: BaseException) -> str:
    """Name what went wrong in our own words: the exceptions' texts hold addresses."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return f"the certificate is not accepted ({excerpt(link.verify_message)})"
    for kind, text in _CAUSES:
        if any(isinstance(link, kind) for link in chain):
            return text
    return "the connection failed"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """*error*, what caused it, and the members of groups among them."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _chain(member)
        error = error.__cause__ or error.__context__
