"""The settings of a Telegram channel."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs
import httpx

from tocsin import AlertSeverity, ConfigurationError
from tocsin.http import HttpOptions, attempt_timeout, hide, http_url, redact_url

__all__ = ["TelegramConfig"]

_TOKEN: Final = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
_USERNAME: Final = re.compile(r"@[A-Za-z][A-Za-z0-9_]{1,63}")
_LARGEST_CHAT: Final = 2**52
"""Chats have at most 52 significant bits: https://core.telegram.org/bots/api#chat."""


def _token(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A bot's token, as @BotFather gives it."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ConfigurationError(
            f"{attribute.name} looks like 123456:ABC-DEF1234, as @BotFather gives it (not shown: it is secret)",
            attribute.name,
        )


def _chat(value: Any) -> int | str:
    """Return a chat's number, which may be written as a string (in a file), or a channel's @username."""
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and _NUMBER.fullmatch(text):
        text = int(text)
    if isinstance(text, int) and not isinstance(text, bool) and 0 < abs(text) <= _LARGEST_CHAT:
        return text
    if isinstance(text, str) and _USERNAME.fullmatch(text):
        return text
    raise ConfigurationError("chat_id is a chat's number, such as -1001234567890, or a channel's @username", "chat_id")


def _topic(value: int | None) -> int | None:
    """Return a topic's number; 0, as Alertmanager has it, is none."""
    if value is not None and (isinstance(value, bool) or value < 0):
        raise ConfigurationError("message_thread_id is the number of a topic, or null", "message_thread_id")
    return value or None


def _server(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """The URL of a server, under which the Bot API's methods are."""
    http_url(instance, attribute, value)
    url = httpx.URL(str(value))
    if url.query or url.fragment:
        raise ConfigurationError(f"{attribute.name} is a server's URL, with no ? and no # in it", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class TelegramConfig:
    """Settings of a Telegram channel.

    ``bot_token`` is the bot's, which is a secret. ``chat_id`` is who is told: the number of a person, a group or a
    channel, or a channel's ``@username``; ``message_thread_id`` is a topic in a group that has topics. Messages make no
    sound with ``disable_notifications``, nor where nothing in them is as severe as ``silent_below``, unless an
    escalation level came due. ``api_url`` is the Bot API's server. ``timeout_seconds`` limits one attempt, from
    connecting to the end of the answer; at most 60. ``http`` says how requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the token is never repeated.
    """

    bot_token: str = attrs.field(validator=_token, repr=hide)
    chat_id: Any = attrs.field(converter=_chat)
    message_thread_id: int | None = attrs.field(default=None, converter=_topic)
    disable_notifications: bool = False
    silent_below: AlertSeverity = AlertSeverity.INFO
    api_url: str = attrs.field(default="https://api.telegram.org", validator=_server, repr=redact_url)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)
