"""Who may do what: bearer tokens with scopes, of which the configuration holds hashes alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import anyio
import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin_server.web.refusal import Refused
from tocsin_server.web.token_hash import fits, hash_token, is_slow

__all__ = ["SCOPES", "Guard", "Token"]

SCOPES: Final = ("ingest", "read", "operate", "admin")
"""``ingest`` reports alerts, ``read`` reads, ``operate`` acknowledges, silences and sends again, ``admin`` does all,
and reloads."""

Endpoint = Callable[[Request], Awaitable[Response]]
_BEARER: Final = "bearer "
_REMEMBERED: Final = 1000


@attrs.frozen(slots=True)
class Token:
    """One token as the configuration has it: a name for logs, the hash, and the scopes."""

    name: str
    hashed: str = attrs.field(repr=False)
    scopes: frozenset[str]


class Guard:
    """Lets through what a token's scope allows; without any token, everything.

    :param tokens: those that are configured; none switches the guard off, which is for loopback only.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        self._slow = any(is_slow(token.hashed) for token in self._tokens)
        self._known: dict[str, Token | None] = {}
        self._one_at_a_time = anyio.Lock()

    @property
    def open(self) -> bool:
        """Whether everybody may do everything."""
        return not self._tokens

    def needs(self, scope: str, endpoint: Endpoint) -> Endpoint:
        """Return *endpoint*, for those only who have *scope*."""

        async def guarded(request: Request) -> Response:
            await self.check(request, scope)
            return await endpoint(request)

        return guarded

    async def check(self, request: Request, scope: str) -> None:
        """Raise :exc:`Refused` unless the request has a token of *scope*: 401 without a known one, else 403."""
        header = request.headers.get("authorization", "")
        given = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
        await self.check_token(request, given, scope)

    async def check_token(self, request: Request, given: str, scope: str) -> None:
        """Raise :exc:`Refused` as :meth:`check` does, for a token that was given elsewhere; an empty one is none."""
        if self.open:
            return
        found = await self._found(given)
        if found is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="tocsin"'}
            raise Refused(401, "this needs a token: send 'Authorization: Bearer …'", headers=challenge)
        if not found.scopes & {scope, "admin"}:
            raise Refused(403, f"the token {found.name!r} does not have the scope {scope!r}")
        request.state.token_name = found.name

    async def _found(self, given: str) -> Token | None:
        """Return what is known of a token. What takes long to compare is compared in a thread, once, and remembered."""
        if not given:
            return None
        if not self._slow:
            return self._matching(given)
        digest = hash_token(given)
        async with self._one_at_a_time:
            if digest not in self._known:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[digest] = await anyio.to_thread.run_sync(self._matching, given)
        return self._known.get(digest)

    def _matching(self, given: str) -> Token | None:
        """Return the token that was given. Every known one is compared."""
        matching = [token for token in self._tokens if fits(token.hashed, given)]
        return matching[0] if matching else None
