"""The settings of a channel, and what makes one of them wrong."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs
from tocsin import ConfigurationError
from tocsin.http import HttpOptions, attempt_timeout, hide, http_url, redact_url

__all__ = ["ServiceConfig"]

_TOKEN: Final = re.compile(r"[!-~]{8,256}")


def _token(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Visible ASCII; what is wrong is said without repeating it."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        problem = "is 8 to 256 characters without spaces, as the service shows it (not shown: it is secret)"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class ServiceConfig:
    """Settings of a channel.

    ``url`` is where messages are posted. ``token`` is the service's, and a secret. ``timeout_seconds`` limits one
    attempt, from connecting to the end of the answer; at most 60. ``http`` says how requests get out (proxy,
    certificates).

    :raises ConfigurationError: for a setting that cannot work; the token is never repeated.
    """

    url: str = attrs.field(validator=http_url, repr=redact_url)
    token: str = attrs.field(validator=_token, repr=hide)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)
