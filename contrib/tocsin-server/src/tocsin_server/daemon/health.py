"""What watches and steers the daemon itself: ``/-/healthy``, ``/-/ready``, ``/-/reload``, ``/metrics``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin import ConfigurationError
from tocsin_server.daemon.metrics import Metrics
from tocsin_server.web.refusal import Refused
from tocsin_server.web.scopes import Guard

__all__ = ["health_routes"]


def health_routes(
    guard: Guard, reload: Callable[[], Awaitable[None]], ready: Callable[[], bool], metrics: Metrics
) -> list[BaseRoute]:
    """Return the requests; the first two need no token, for whoever asks them has none."""

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("OK")

    async def is_ready(request: Request) -> Response:
        if not ready():
            raise Refused(503, "not ready")
        return PlainTextResponse("OK")

    async def reloaded(request: Request) -> Response:
        try:
            await reload()
        except ConfigurationError as error:
            raise Refused(400, f"failed to reload config: {error}") from None
        return PlainTextResponse("")

    async def measured(request: Request) -> Response:
        content, media_type = await anyio.to_thread.run_sync(metrics.exposed, request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": media_type})

    return [
        Route("/-/healthy", healthy, methods=["GET"]),
        Route("/-/ready", is_ready, methods=["GET"]),
        Route("/-/reload", guard.needs("admin", reloaded), methods=["POST", "PUT"]),
        Route("/metrics", guard.needs("read", measured), methods=["GET"]),
    ]
