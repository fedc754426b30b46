"""Who may do what: bearer tokens with scopes, of which the configuration holds hashes alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin_server.web.refusal import Refused

__all__ = ["SCOPES", "Guard", "Token", "hash_token"]

SCOPES: Final = ("ingest", "read", "operate", "admin")
"""``ingest`` reports alerts, ``read`` reads, ``operate`` acknowledges, silences and sends again, ``admin`` does all,
and reloads."""

Endpoint = Callable[[Request], Awaitable[Response]]
_BEARER: Final = "bearer "
_PREFIX: Final = "sha256:"


def hash_token(token: str) -> str:
    """Return what a configuration holds of *token*.

    A token is made by a machine and has more than a hundred random bits, so that nothing slower than SHA-256 is needed.
    """
    return _PREFIX + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


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

    @property
    def open(self) -> bool:
        """Whether everybody may do everything."""
        return not self._tokens

    def needs(self, scope: str, endpoint: Endpoint) -> Endpoint:
        """Return *endpoint*, for those only who have *scope*."""

        async def guarded(request: Request) -> Response:
            self.check(request, scope)
            return await endpoint(request)

        return guarded

    def check(self, request: Request, scope: str) -> None:
        """Raise :exc:`Refused` unless the request has a token of *scope*: 401 without a known one, else 403."""
        if self.open:
            return
        found = self._found(request.headers.get("authorization", ""))
        if found is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="tocsin"'}
            raise Refused(401, "this needs a token: send 'Authorization: Bearer …'", headers=challenge)
        if not found.scopes & {scope, "admin"}:
            raise Refused(403, f"the token {found.name!r} does not have the scope {scope!r}")
        request.state.token_name = found.name

    def _found(self, header: str) -> Token | None:
        """Return the token of a header. Every known one is compared, in constant time."""
        if not header.lower().startswith(_BEARER):
            return None
        given = hash_token(header[len(_BEARER) :].strip())
        matching = [token for token in self._tokens if hmac.compare_digest(token.hashed, given)]
        return matching[0] if matching else None
