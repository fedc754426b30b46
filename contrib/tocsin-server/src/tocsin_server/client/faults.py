"""What kept a request from being answered, in words that say what would help."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from tocsin_server.client.failure import Unreachable
from tocsin_server.client.times import duration_text
from tocsin_server.client.where import Where

__all__ = ["too_late", "unreachable"]

_ELSEWHERE = "--url or TOCSIN_URL says where the daemon is"


def too_late(where: Where) -> Unreachable:
    """Return the error for an answer that takes longer than it may."""
    limit = f"{where.timeout:g}s" if where.timeout < 1 else duration_text(where.timeout)
    return Unreachable(f"{where.shown} did not answer within {limit}; --timeout gives it longer")


def unreachable(where: Where, error: httpx.HTTPError) -> Unreachable:
    """Return the error for a request that ended in *error*; nothing of httpx's own text is shown, but for causes."""
    if isinstance(error, httpx.TimeoutException):
        return too_late(where)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return Unreachable(f"TLS with {where.shown} failed: {_tls(cause, where)}")
    if isinstance(error, httpx.ProxyError):
        return Unreachable(f"the proxy of the environment did not lead to {where.shown}; NO_PROXY leaves it out")
    if isinstance(error, httpx.ConnectError):
        reason = next((_reason(cause) for cause in causes if isinstance(cause, OSError)), "no connection")
        return Unreachable(f"no daemon can be reached at {where.shown}: {reason}; {_ELSEWHERE}")
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        hint = "; does it want https?" if where.url.scheme == "http" else ""
        return Unreachable(f"{where.shown} broke the connection off, or speaks no HTTP{hint}")
    return Unreachable(f"{where.shown} could not be asked ({type(error).__name__}); {_ELSEWHERE}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no host of that name"
    return os.strerror(error.errno).lower() if error.errno else "no connection"


def _tls(error: ssl.SSLError, where: Where) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        help_ = "--ca names the file of its authority" if where.ca is None else f"{where.ca} does not vouch for it"
        return f"{error.verify_message}; {help_}"
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "it speaks no TLS; does the address begin with http:// instead?"
    return (error.reason or "no secure connection").replace("_", " ").lower()
