"""Who asks: a program, or a page of another site in somebody's browser, which is refused.

A browser lets any page send simple requests to a daemon on its machine, and, where a name is made to lead there, read
the answers as well. So bodies have to be declared as JSON, which such a page may not do unasked; what says that it
comes from elsewhere is refused; and where no token is needed, the daemon has to be called by an address, or by a name
of its own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin_server.web.answers import Refusing, refused
from tocsin_server.web.refusal import Refused

__all__ = ["Origins"]

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL: Final = "localhost"


class Origins:
    """Refuses requests of other sites' pages.

    :param names: the names that the daemon is known by, besides addresses and localhost.
    :param by_any_name: whether it may be called by any name: where tokens are needed.
    :param origin: host and port that browsers know it by, when a proxy calls it by another; empty: none.
    :param refused: makes the answers to what is refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Iterable[str] = (),
        by_any_name: bool = False,
        origin: str = "",
        refused: Refusing = refused,
    ) -> None:
        self._app = app
        self._origin = origin.lower()
        self._refused = refused
        self._names = frozenset(name.lower() for name in names)
        self._by_any_name = by_any_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            problem = self._problem(scope["method"], Headers(scope=scope))
            if problem is not None:
                await self._refused(Request(scope), problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _problem(self, method: str, headers: Headers) -> Refused | None:
        host = headers.get("host", "")
        if not self._by_any_name and not self._is_ours(_name(host)):
            return Refused(421, f"this is not {host:.60}; without tokens, call it by its address or localhost")
        origin = headers.get("origin")
        if method not in _READING and origin is not None and not self._is_own(origin, host):
            return Refused(403, f"pages of {origin:.60} may not change anything here")
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        netloc = _netloc(origin)
        return netloc == host.lower() or (bool(netloc) and netloc == self._origin)

    def _is_ours(self, name: str) -> bool:
        if name == _LOCAL or name.endswith(f".{_LOCAL}") or name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """Return the name or address of a ``Host`` header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
