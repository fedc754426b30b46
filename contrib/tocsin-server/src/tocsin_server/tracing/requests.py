"""A span for each HTTP request, as the semantic conventions for HTTP servers have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from opentelemetry import propagate
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["TracedRequests"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"})
_LONGEST: Final = 1024
_SERVER_ERROR: Final = 500


class TracedRequests:
    """Serves an application; a ``traceparent`` that comes in is continued.

    Each span is named after its route, so that there are few names. Queries are in no span: filters are nobody else's.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._tracer = tracer
        self._paths: Mapping[Any, str] = {one.endpoint: one.path for one in routes if isinstance(one, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        with self._tracer.start_as_current_span(
            _named(method, ""),
            context=propagate.extract(headers),
            kind=SpanKind.SERVER,
            attributes=_attributes(scope, method, headers),
        ) as span:
            try:
                await self._app(scope, receive, _noting_status(span, send))
            finally:
                path = self._paths.get(scope.get("endpoint"))
                if path is not None:
                    span.update_name(_named(method, path))
                    span.set_attribute("http.route", path)


def _named(method: str, path: str) -> str:
    return f"{'HTTP' if method == '_OTHER' else method} {path}".rstrip()


def _attributes(scope: Scope, method: str, headers: Mapping[str, str]) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "http.request.method": method,
        "url.path": scope["path"][:_LONGEST],
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    if method == "_OTHER":
        found["http.request.method_original"] = scope["method"][:_LONGEST]
    if "user-agent" in headers:
        found["user_agent.original"] = headers["user-agent"][:_LONGEST]
    if scope.get("client"):
        found["client.address"], found["client.port"] = scope["client"]
    if scope.get("server"):
        found["server.address"], found["server.port"] = scope["server"]
    return found


def _noting_status(span: Span, send: Send) -> Callable[[Message], Any]:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            span.set_attribute("http.response.status_code", status)
            if status >= _SERVER_ERROR:
                span.set_attribute("error.type", str(status))
                span.set_status(Status(StatusCode.ERROR))
        await send(message)

    return noting
