"""An answer of server-sent events, which ends when its client goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

__all__ = ["EVENT_STREAM", "Streamed"]

EVENT_STREAM: Final = "text/event-stream"
"""The media type."""


class Streamed(Response):
    """The answer whose body *serve* sends, until that returns or the client goes."""

    media_type = EVENT_STREAM

    def __init__(self, serve: Callable[[Send], Awaitable[None]]) -> None:
        super().__init__()
        self._serve = serve
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._until_gone, receive, tasks.cancel_scope)
            await self._serve(send)
            tasks.cancel_scope.cancel()

    @staticmethod
    async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        scope.cancel()
