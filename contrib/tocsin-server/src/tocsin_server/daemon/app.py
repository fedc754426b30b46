"""The application: every interface of the daemon behind one guard, with strict headers and a limit of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin import ConfigurationError, ServiceClosed, StoreError
from tocsin_server.web.answers import Refusing, refused
from tocsin_server.web.headers import StrictHeaders
from tocsin_server.web.origins import Origins
from tocsin_server.web.refusal import Refused

__all__ = ["Interface", "application"]


def application(
    routes: Sequence[BaseRoute],
    seconds: float,
    *,
    names: Sequence[str] = (),
    by_any_name: bool = False,
    origin: str = "",
    refused: Refusing = refused,
) -> ASGIApp:
    """Return what answers the requests of *routes*.

    :param seconds: how long one may take until its answer begins; what takes longer is answered with 408.
    :param names: the names that the daemon is known by, besides addresses and localhost.
    :param by_any_name: whether it may be called by any name.
    :param origin: host and port that browsers know it by, when a proxy calls it by another.
    :param refused: makes the answers to what is refused.
    """

    async def answer(request: Request, error: Exception) -> Response:
        return refused(request, error)

    foreseen = (Refused, ConfigurationError, StoreError, ServiceClosed)
    handlers: dict[Any, Any] = dict.fromkeys((404, 405, Exception, *foreseen), answer)
    middleware = [
        Middleware(StrictHeaders),
        Middleware(Origins, names=names, by_any_name=by_any_name, origin=origin, refused=refused),
        Middleware(_InTime, seconds=seconds, refused=refused),
    ]
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)


class _InTime:
    """Refuses a request whose answer does not begin in time: its sender is slow, or is waiting for nothing."""

    def __init__(self, app: ASGIApp, seconds: float, refused: Refusing) -> None:
        self._app = app
        self._seconds = seconds
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def begin(message: Any) -> None:
            nonlocal begun
            begun, limit.deadline = True, float("inf")
            await send(message)

        with anyio.move_on_after(self._seconds) as limit:
            await self._app(scope, receive, begin)
        if limit.cancelled_caught and not begun:
            late = Refused(408, f"the request took more than {self._seconds:g} s")
            await self._refused(Request(scope), late)(scope, receive, send)


class Interface:
    """An application that can be replaced while it serves: a request keeps the one that it began with."""

    def __init__(self) -> None:
        self.current: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert self.current is not None, "it is there before anybody listens"
        await self.current(scope, receive, send)
