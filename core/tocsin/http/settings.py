"""Validators for the config classes of backends that speak HTTP; none of them repeats a value, which may be secret."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from tocsin.errors import ConfigurationError
from tocsin.http.signing import WebhookSigner

__all__ = [
    "HARD_TIMEOUT",
    "LONGEST_TIMEOUT",
    "attempt_timeout",
    "hide",
    "http_headers",
    "http_url",
    "seconds",
    "signing_secret",
]

LONGEST_TIMEOUT: Final = 60.0
"""Seconds that a channel may give one attempt."""

HARD_TIMEOUT: Final = LONGEST_TIMEOUT + 5.0
"""Seconds after which the runtime ends an attempt, for a backend's registration; the channel's own timeout comes first,
since it knows more."""

_HOST: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[!-~]([ \t!-~]*[!-~])?|")
_FRAMING: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def hide(value: object) -> str:
    """Show only whether a value is set; for ``attrs.field(repr=hide)``."""
    return "***" if value else repr(value)


def http_url(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """An absolute URL of http or https with a host."""
    problem = _url_problem(value)
    if problem:
        raise ConfigurationError(
            f"{attribute.name} {problem}; it must look like https://host/path (not shown: it may be secret)",
            attribute.name,
        )


def _url_problem(value: object) -> str:
    if not isinstance(value, str) or not value:
        return "is missing"
    if any(char.isspace() or not char.isprintable() for char in value):
        return "contains a space or a control character"
    try:
        url = httpx.URL(value)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return "is not a valid URL"
    if url.scheme not in ("http", "https"):
        return "starts with neither https:// nor http://"
    return "" if ":" in host or _HOST.fullmatch(host) else "has no valid host"


def http_headers(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A mapping of header names to values that leaves the framing of the request alone."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{attribute.name} is a mapping of names to values", attribute.name)
    seen: set[str] = set()
    for name, text in value.items():
        problem = _header_problem(name, text, seen)
        if problem:
            raise ConfigurationError(f"the header {str(name)[:60]!r} {problem}", f"{attribute.name}.{str(name)[:60]}")
        seen.add(name.lower())


def _header_problem(name: object, text: object, seen: set[str]) -> str:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        return "is not a header's name"
    if name.lower() in _FRAMING:
        return "is set by the connection itself"
    if name.lower() in seen:
        return "is given twice"
    if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
        return "has a value that is not visible ASCII on one line (not shown: it may be secret)"
    return ""


def seconds(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A finite number of seconds above zero."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:  # type: ignore[arg-type, operator]  # checked to be a number
        raise ConfigurationError(f"{attribute.name} is a number of seconds above zero, not {value!r}", attribute.name)


def attempt_timeout(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A number of seconds above zero and at most :data:`LONGEST_TIMEOUT`."""
    seconds(instance, attribute, value)
    if value > LONGEST_TIMEOUT:  # type: ignore[operator]  # checked to be a number
        raise ConfigurationError(
            f"{attribute.name} is at most {LONGEST_TIMEOUT:g} seconds, not {value:g}", attribute.name
        )


def signing_secret(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A Standard Webhooks secret, or None."""
    if value is None:
        return
    try:
        WebhookSigner.from_secret(value if isinstance(value, str) else "")
    except ConfigurationError as error:
        raise ConfigurationError(error.problem, attribute.name) from None
