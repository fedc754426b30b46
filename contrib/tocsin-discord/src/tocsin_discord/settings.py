"""The settings of a Discord channel."""

from __future__ import annotations

from typing import Any, Final

import attrs
import httpx

from tocsin import ConfigurationError
from tocsin.http import HttpOptions, attempt_timeout, http_url, redact_url

__all__ = ["DiscordConfig"]

_FOREIGN: Final = ("slack", "github")
"""Last parts of a webhook's URL under which Discord takes another product's form."""

_LONGEST_NAME: Final = 80
_FORBIDDEN: Final = ("clyde", "discord")
_LARGEST_ID: Final = 2**64 - 1


def _webhook(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """The URL of a webhook that takes Discord's own form."""
    http_url(instance, attribute, value)
    last = httpx.URL(str(value)).path.rstrip("/").rpartition("/")[2].lower()
    if last in _FOREIGN:
        raise ConfigurationError(
            f"{attribute.name} ends in /{last}, where Discord takes another product's form: leave that part out",
            attribute.name,
        )


def _username(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """A name that Discord lets a webhook have."""
    if value is None:
        return
    if not 1 <= len(value.strip()) <= _LONGEST_NAME:
        raise ConfigurationError(f"{attribute.name} has 1 to {_LONGEST_NAME} characters", attribute.name)
    for word in _FORBIDDEN:
        if word in value.lower():
            raise ConfigurationError(f"{attribute.name} must not contain {word!r}: Discord refuses it", attribute.name)


def _avatar(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        http_url(instance, attribute, value)


def _shown(value: str | None) -> str:
    return repr(value) if value is None else redact_url(value)


def _snowflake(value: Any) -> int | None:
    """Return the number of a thread, which may be written as a string, as Discord itself does."""
    number = (
        int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20 else value
    )
    if number is None or (isinstance(number, int) and not isinstance(number, bool) and 0 < number <= _LARGEST_ID):
        return number
    raise ConfigurationError("thread_id is the number of a thread, such as 1122334455667788990", "thread_id")


@attrs.frozen(slots=True, kw_only=True)
class DiscordConfig:
    """Settings of a Discord channel.

    ``webhook_url`` is the webhook's, which is a secret. ``username`` and ``avatar_url`` take the place of the webhook's
    own name and picture. ``thread_id`` is a thread of the webhook's channel that is written to; a forum needs one.
    ``timeout_seconds`` limits one attempt, from connecting to the end of the answer; at most 60. ``http`` says how
    requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the URL is never repeated.
    """

    webhook_url: str = attrs.field(validator=_webhook, repr=redact_url)
    username: str | None = attrs.field(default=None, validator=_username)
    avatar_url: str | None = attrs.field(default=None, validator=_avatar, repr=_shown)
    thread_id: Any = attrs.field(default=None, converter=_snowflake)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)
