"""Sessions: who is signed in to the page, with which token; kept in memory, bounded, and ended in time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

import attrs

from tocsin import Clock
from tocsin_server.web.scopes import Token

__all__ = ["IDLE_SECONDS", "LONGEST_SECONDS", "Session", "Sessions"]

IDLE_SECONDS: Final = 12 * 3600.0
"""A session that nobody uses for so long ends."""

LONGEST_SECONDS: Final = 7 * 86_400.0
"""And any ends after this."""

_MOST: Final = 1000
_BYTES: Final = 32


@attrs.frozen(slots=True)
class Session:
    """Somebody who is signed in.

    :param token: what they signed in with; None: the daemon has no tokens, and everybody may do everything.
    :param form_key: what every form sends back, which pages of other sites do not know.
    """

    token: Token | None
    form_key: str = attrs.field(repr=False)

    def allows(self, scope: str) -> bool:
        """Whether they may do what needs *scope*."""
        return self.token is None or self.token.allows(scope)

    def sent(self, form_key: str) -> bool:
        """Whether a form with that key comes from a page of this session."""
        return hmac.compare_digest(form_key.encode("utf-8", "replace"), self.form_key.encode())


@attrs.define(slots=True)
class _Kept:
    session: Session
    ends_at: float
    idle_at: float


class Sessions:
    """The sessions of a daemon. Of their secrets it keeps hashes alone.

    :param most: how many there are; another one ends the one that was used longest ago.
    """

    def __init__(self, clock: Clock, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._kept: dict[str, _Kept] = {}
        self.anybody = Session(None, secrets.token_urlsafe(_BYTES))

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, token: Token) -> str:
        """Begin a session; return its secret, which the browser keeps."""
        now = self._clock.now()
        self._forget(now)
        while len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        secret = secrets.token_urlsafe(_BYTES)
        session = Session(token, secrets.token_urlsafe(_BYTES))
        self._kept[_digest(secret)] = _Kept(session, now + LONGEST_SECONDS, now + IDLE_SECONDS)
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session of that *secret*, which goes on from now; None where there is none."""
        digest, now = _digest(secret), self._clock.now()
        kept = self._kept.pop(digest, None)
        if kept is None or now >= min(kept.ends_at, kept.idle_at):
            return None
        kept.idle_at = now + IDLE_SECONDS
        self._kept[digest] = kept  # as the one that was used last
        return kept.session

    def end(self, secret: str) -> None:
        """End the session of that *secret*, if there is one."""
        self._kept.pop(_digest(secret), None)

    def _forget(self, now: float) -> None:
        over = [digest for digest, kept in self._kept.items() if now >= min(kept.ends_at, kept.idle_at)]
        for digest in over:
            del self._kept[digest]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
