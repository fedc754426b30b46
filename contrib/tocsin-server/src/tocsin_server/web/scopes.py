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
_WAITING: Final = 8


@attrs.frozen(slots=True)
class Token:
    """One token as the configuration has it: a name for logs, the hash, and the scopes."""

    name: str
    hashed: str = attrs.field(repr=False)
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Whether its owner may do what needs *scope*."""
        return bool(self.scopes & {scope, "admin"})


class Guard:
    """Lets through what a token's scope allows; without any token, everything.

    :param tokens: those that are configured; none switches the guard off, which is for loopback only.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)
        self._slow = tuple(token for token in self._tokens if is_slow(token.hashed))
        self._quick = tuple(token for token in self._tokens if not is_slow(token.hashed))
        self._fitting: dict[str, Token] = {}
        self._unknown: dict[str, None] = {}
        self._one_at_a_time = anyio.CapacityLimiter(1)

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
        found = await self.known(given)
        if found is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="tocsin"'}
            raise Refused(401, "this needs a token: send 'Authorization: Bearer …'", headers=challenge)
        if not found.allows(scope):
            raise Refused(403, f"the token {found.name!r} does not have the scope {scope!r}")
        request.state.token_name = found.name

    def still(self, token: Token) -> Token | None:
        """Return the token as it is configured now, with its present scopes; None once it was taken away."""
        return next((one for one in self._tokens if (one.name, one.hashed) == (token.name, token.hashed)), None)

    async def known(self, given: str) -> Token | None:
        """Return the token that was *given*, or None: nobody has it.

        :raises Refused: with 503 when too many that nobody has are being compared.

        What takes long to compare is compared in a thread, once, and remembered; whoever comes with known tokens does
        not wait for those who come with others.
        """
        if not given:
            return None
        digest = hash_token(given)
        found = _matching(self._quick, given) or self._fitting.get(digest)
        if found is not None or not self._slow or digest in self._unknown:
            return found
        if self._one_at_a_time.statistics().tasks_waiting >= _WAITING:
            raise Refused(503, "too many unknown tokens are being compared", headers={"Retry-After": "1"})
        found = await anyio.to_thread.run_sync(_matching, self._slow, given, limiter=self._one_at_a_time)
        if found is not None:
            self._fitting[digest] = found
        else:
            if len(self._unknown) >= _REMEMBERED:
                self._unknown.clear()
            self._unknown[digest] = None
        return found


def _matching(tokens: tuple[Token, ...], given: str) -> Token | None:
    """Return the token that was given. Every known one is compared."""
    matching = [token for token in tokens if fits(token.hashed, given)]
    return matching[0] if matching else None
