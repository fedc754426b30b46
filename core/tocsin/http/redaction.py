"""What of a URL, a request or an answer may be shown to people: never anything that could be a secret."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

import httpx

__all__ = ["EXCERPT_LENGTH", "SECRETS_EXTENSION", "excerpt", "redact_url", "secrets_of"]

EXCERPT_LENGTH: Final = 200
"""How many characters of an answer are shown at most."""

SECRETS_EXTENSION: Final = "tocsin.secrets"
"""The request extension that holds further strings (a key inside the body) that must never be shown."""

_SHORTEST_SECRET: Final = 4
"""A shorter path segment or password is not looked for in answers: it would blot out ordinary words."""

_OPEN_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
    }
)
_HIDDEN: Final = "***"


def redact_url(url: object) -> str:
    """Return ``scheme://host:port/…``: nothing of the user, the path or the query, where tokens live."""
    try:
        parsed = url if isinstance(url, httpx.URL) else httpx.URL(str(url))
        host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return _HIDDEN
    if not parsed.scheme or not host:
        return _HIDDEN
    port = "" if parsed.port is None else f":{parsed.port}"
    return f"{parsed.scheme}://{host}{port}/…"


def secrets_of(request: httpx.Request) -> tuple[str, ...]:
    """Return every string of *request* that an answer might repeat and nobody may see, the longest first."""
    found = {*_url_secrets(request.url), *_header_secrets(request.headers)}
    found.update(str(secret) for secret in request.extensions.get(SECRETS_EXTENSION, ()))
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len, reverse=True))


def _url_secrets(url: httpx.URL) -> Iterable[str]:
    target = url.raw_path.decode("ascii", "replace")
    path, _, query = target.partition("?")
    yield from (target, url.username, url.password, query)
    for part in (path, *path.split("/"), *(value for _, value in url.params.multi_items())):
        yield part
        yield unquote(part)


def _header_secrets(headers: httpx.Headers) -> Iterable[str]:
    for name, value in headers.items():
        if name not in _OPEN_HEADERS:
            yield value
            yield from value.split()


def excerpt(text: str, secrets: Iterable[str] = ()) -> str:
    """Return at most ``EXCERPT_LENGTH`` characters of *text* on one line, without control characters.

    *secrets* are blotted out, since error pages like to repeat the path that was asked for.
    """
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    shown = " ".join("".join(char if _harmless(char) else " " for char in text).split())
    return shown if len(shown) <= EXCERPT_LENGTH else shown[: EXCERPT_LENGTH - 1] + "…"


def _harmless(char: str) -> bool:
    return char == " " or unicodedata.category(char)[0] not in "CZ"
