"""The settings of a channel ``slack-app``, and of the source of that name, which takes what buttons send."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import attrs
import httpx

from tocsin import ConfigurationError
from tocsin.http import HttpOptions, attempt_timeout, hide, http_url, redact_url

__all__ = ["API_URL", "InteractionsConfig", "ListenerConfig", "SlackAppConfig"]

API_URL: Final = "https://slack.com/api"

_TOKEN: Final = re.compile(r"xoxb-[A-Za-z0-9-]{8,512}")
_SECRET: Final = re.compile(r"[!-~]{16,256}")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,30}")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]{0,200}")
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):([0-9]{1,5})")

Broadcast = Literal["more", "escalation", "repeat", "resolved"]


def _bot_token(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A bot token, as Slack shows it once the app is installed."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        problem = "is the app's bot token, which begins with xoxb- (not shown: it is secret)"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


def _signing_secret(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A signing secret, as Slack shows it under the app's credentials."""
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        problem = "is the app's signing secret, which is under its basic information (not shown: it is secret)"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


def _channel(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A conversation's id: a name is not enough to change a message, or to find one again."""
    if not isinstance(value, str) or not _CHANNEL.fullmatch(value):
        problem = "is a channel's id, such as C0123ABCD, which is at the end of its details in Slack; not its name"
        raise ConfigurationError(f"{attribute.name} {problem}", attribute.name)


def _api_url(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """The URL under which the Web API's methods are."""
    http_url(instance, attribute, value)
    url = httpx.URL(str(value))
    if url.query or url.fragment:
        raise ConfigurationError(f"{attribute.name} has no ? and no # in it", attribute.name)


def _page_url(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        http_url(instance, attribute, value)


def _users(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for index, user in enumerate(value):
        if not _USER.fullmatch(user):
            problem = f"expected the id of a member, such as U0123ABCD, not {user!r:.60}"
            raise ConfigurationError(problem, f"{attribute.name}[{index}]")


def _listen(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    found = _ADDRESS.fullmatch(value)
    if found is None or int(found[2]) > 65_535:
        problem = f'an address to listen on is written "127.0.0.1:9096", not {value!r:.60}'
        raise ConfigurationError(problem, attribute.name)


def _path(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not _PATH.fullmatch(value):
        raise ConfigurationError(f"{attribute.name} is written /slack/interactions, not {value!r:.60}", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class SlackAppConfig:
    """Settings of a channel of the backend ``slack-app``.

    ``bot_token`` is the app's, and a secret. ``channel`` is the id of the Slack channel. ``buttons`` says whether
    messages have buttons to acknowledge and to resolve; these need something that takes what they send, such as the
    source ``slack-app``. ``page_url`` is where a button for reading more leads (None: there is none); ``{incident_id}``
    and ``{alert_id}`` in it are filled in. ``broadcast`` are the events that are shown in the channel as well, and not
    in the incident's thread alone, where only those hear of them who follow it. ``api_url`` is the Web API's address.
    ``timeout_seconds`` limits one attempt, however many requests it makes; at most 60. ``http`` says how requests get
    out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the token is never repeated.
    """

    bot_token: str = attrs.field(validator=_bot_token, repr=hide)
    channel: str = attrs.field(validator=_channel)
    buttons: bool = True
    page_url: str | None = attrs.field(default=None, validator=_page_url)
    broadcast: tuple[Broadcast, ...] = ("more", "escalation", "repeat")
    api_url: str = attrs.field(default=API_URL, validator=_api_url, repr=redact_url)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)


@attrs.frozen(slots=True, kw_only=True)
class InteractionsConfig:
    """Settings of what takes the answers that people give with buttons.

    ``signing_secret`` and ``bot_token`` are the app's, and secrets. ``users`` are the ids of those who may press
    buttons (empty: whoever is in the channel). ``api_url``, ``timeout_seconds`` (of one request) and ``http`` are as
    those of the channel.

    :raises ConfigurationError: for a setting that cannot work; no secret is ever repeated.
    """

    signing_secret: str = attrs.field(validator=_signing_secret, repr=hide)
    bot_token: str = attrs.field(validator=_bot_token, repr=hide)
    users: tuple[str, ...] = attrs.field(default=(), validator=_users)
    api_url: str = attrs.field(default=API_URL, validator=_api_url, repr=redact_url)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)


@attrs.frozen(slots=True, kw_only=True)
class ListenerConfig(InteractionsConfig):
    """Settings of the source ``slack-app``, which listens for those answers itself.

    ``listen`` is the address, and ``path`` the path, to which a proxy passes Slack's requests on.

    :raises ConfigurationError: for a setting that cannot work.
    """

    listen: str = attrs.field(default="127.0.0.1:9096", validator=_listen)
    path: str = attrs.field(default="/slack/interactions", validator=_path)

    @property
    def address(self) -> tuple[str, int]:
        """The host to listen on, empty for every one, and the port; 0 takes a free one."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)
