"""The settings of an Apprise channel."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin import ConfigurationError, nearest
from tocsin.http import attempt_timeout, hide
from tocsin_apprise.service import REFUSED, require

__all__ = ["AppriseConfig"]

_LONGEST_URL = 8192


def _url(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """One of Apprise's URLs, on one line."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError("url is missing", attribute.name)
    if len(value) > _LONGEST_URL or any(char.isspace() or not char.isprintable() for char in value):
        raise ConfigurationError(
            f"url contains a space or a control character, or is longer than {_LONGEST_URL} characters"
            " (not shown: it is secret)",
            attribute.name,
        )


def _schemes(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for scheme in value:
        if scheme not in REFUSED:
            raise ConfigurationError(
                f"allow_schemes names what is refused otherwise, not {scheme[:40]!r}{nearest(scheme[:40], REFUSED)}",
                attribute.name,
            )


@attrs.frozen(slots=True, kw_only=True)
class AppriseConfig:
    """Settings of an Apprise channel.

    ``url`` is one of Apprise's (https://appriseit.com/services/), or one that a service gives and Apprise takes; it is
    a secret, and leads to one destination. ``timeout_seconds`` limits one attempt; at most 60. ``allow_schemes`` are
    those that may be used although they act on this machine or post to any address.

    :raises ConfigurationError: for a setting that cannot work; the URL is never repeated.
    """

    url: str = attrs.field(validator=_url, repr=hide)
    timeout_seconds: float = attrs.field(default=15.0, validator=attempt_timeout)
    allow_schemes: tuple[str, ...] = attrs.field(default=(), validator=_schemes)
    service: str = attrs.field(init=False, repr=True)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "service", require(self.url, self.allow_schemes))
