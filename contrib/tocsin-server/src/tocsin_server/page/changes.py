"""Changes: tells browsers that there is another look, as server-sent events. What there is to see, they ask for."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from tocsin import Clock
from tocsin_server.api.pulse import Pulse
from tocsin_server.page.looks import Looks
from tocsin_server.page.sessions import Session
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.refusal import Refused
from tocsin_server.web.streamed import Streamed

__all__ = ["Changes"]

_ALIVE_SECONDS: Final = 15.0
_PATIENCE_SECONDS: Final = 30.0
_FAREWELL_SECONDS: Final = 0.5
_MOST: Final = 200


class Changes:
    """Tells the number of the newest look to whoever listens. All of them share the looks."""

    def __init__(self, looks: Looks, visitors: Visitors, pulse: Pulse, clock: Clock) -> None:
        self._looks = looks
        self._visitors = visitors
        self._pulse = pulse
        self._clock = clock
        self._listeners = 0

    async def listen(self, request: Request, session: Session) -> Response:
        """Answer with the numbers, until the client goes, its session ends or the daemon stops."""
        if self._pulse.closed:
            raise Refused(503, "the daemon stops", headers={"Retry-After": "5"})
        if self._listeners >= _MOST:
            raise Refused(503, f"{_MOST} pages listen already", headers={"Retry-After": "30"})
        return Streamed(partial(self._serve, request=request))

    async def _serve(self, send: Send, request: Request) -> None:
        self._listeners += 1
        try:
            await self._tell(send, request)
        finally:
            self._listeners -= 1
        with self._clock.move_on_after(_FAREWELL_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send, request: Request) -> None:
        told = -1
        while not self._pulse.closed and self._visitors.of(request) is not None:
            rung = self._pulse.next()
            number = (await self._looks.current()).number
            chunk = b": alive\n\n" if number == told else f"data: {number}\n\n".encode("ascii")
            with self._clock.move_on_after(_PATIENCE_SECONDS) as limit:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if limit.cancelled_caught:
                return
            told = number
            with self._clock.move_on_after(_ALIVE_SECONDS):
                await rung.wait()
            await self._until_due()

    async def _until_due(self) -> None:
        """Wait until another look may be taken, or the daemon stops."""
        while not self._pulse.closed and (left := self._looks.next_at - self._clock.now()) > 0:
            with self._clock.move_on_after(left):
                await self._pulse.next().wait()
