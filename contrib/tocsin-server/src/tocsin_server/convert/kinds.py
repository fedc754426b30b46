"""The kinds of receiver that have a backend: which setting becomes which, and what has no counterpart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from tocsin import AlertSeverity
from tocsin_server.convert.document import Value
from tocsin_server.convert.durations import go_duration
from tocsin_server.convert.secrets import Secret, url

__all__ = ["KINDS", "Field", "Kind", "comma_list"]

_LONGEST_ATTEMPT: Final = 60.0
_MAILBOX: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^,"])+', re.DOTALL)


@attrs.frozen(slots=True)
class Field:
    """A setting that is no secret: its name in tocsin, its form, and the global setting behind it."""

    to: str
    form: Callable[[Value], Any] = Value.text
    fallback: str = ""


@attrs.frozen(slots=True)
class Kind:
    """One of a receiver's lists. ``without`` are its fields that have no counterpart.

    ``bundled`` backends come with tocsin; any other is in a package of its own. ``empty`` says whether an entry may be
    null. ``base`` are settings that every channel of the kind has. ``http`` channels speak HTTP, and some of
    them take ``headers`` of their own.
    """

    backend: str
    send_resolved: bool
    secrets: tuple[Secret, ...]
    fields: Mapping[str, Field]
    without: tuple[str, ...]
    base: Mapping[str, Any] = attrs.field(factory=dict)
    headers: bool = False
    http: bool = True
    bundled: bool = False
    empty: bool = False

    @property
    def known(self) -> frozenset[str]:
        """All fields that an entry may have."""
        secret = (key for one in self.secrets for key in one.keys)
        return frozenset({"send_resolved", "http_config", *secret, *self.fields, *self.without})


def comma_list(value: Value) -> list[str]:
    """Return the parts of a text between its commas."""
    return [part.strip() for part in value.text().split(",") if part.strip()]


def _mailboxes(value: Value) -> list[str]:
    """Return the mailboxes of a list of them, as RFC 5322 has it: a comma in a quoted name separates none."""
    return [part.strip() for part in _MAILBOX.findall(value.text()) if part.strip()]


def _attempt(value: Value) -> float | None:
    """Return the seconds that an attempt may take; no limit, or more than tocsin grants, is tocsin's own."""
    seconds = go_duration(value.text())
    if seconds is None or seconds < 0:
        raise value.wrong("is a duration such as 10s")
    return None if not 0 < seconds <= _LONGEST_ATTEMPT else seconds


def _link(value: Value) -> str | None:
    """Return a text that is a URL; Alertmanager takes any."""
    return value.text() if value.text().startswith(("https://", "http://")) else None


def _priority(value: Value) -> str | None:
    """Return one of Opsgenie's priorities; Alertmanager takes any text."""
    return value.text() if value.text() in ("P1", "P2", "P3", "P4", "P5") else None


def _severities(value: Value) -> dict[str, str] | None:
    """Return PagerDuty's severity of all alerts, by each of tocsin's; Alertmanager takes any text."""
    known = value.text() in ("critical", "error", "warning", "info")
    return {severity.value: value.text() for severity in AlertSeverity} if known else None


KINDS: Final[dict[str, Kind]] = {
    "webhook_configs": Kind(
        backend="webhook",
        send_resolved=True,
        secrets=(Secret("url", "webhook_url", form=url),),
        fields={"timeout": Field("timeout_seconds", _attempt)},
        without=("max_alerts", "payload"),
        base={"format": "alertmanager"},
        headers=True,
        bundled=True,
    ),
    "slack_configs": Kind(
        backend="slack",
        send_resolved=False,
        secrets=(Secret("api_url", "webhook_url", "slack_api_url", form=url, required=False),),
        fields={
            "username": Field("username"),
            "icon_emoji": Field("icon_emoji"),
            "timeout": Field("timeout_seconds", _attempt),
        },
        without=(
            *("app_token", "app_token_file", "app_url", "channel", "color", "title", "title_link", "pretext", "text"),
            *("message_text", "fields", "short_fields", "footer", "fallback", "callback_id", "icon_url", "image_url"),
            *("thumb_url", "link_names", "mrkdwn_in", "actions", "update_message"),
        ),
        bundled=True,
        empty=True,
    ),
    "email_configs": Kind(
        backend="email",
        send_resolved=False,
        secrets=(Secret("auth_password", "password", "smtp_auth_password", required=False),),
        fields={
            "to": Field("to", _mailboxes),
            "from": Field("sender", fallback="smtp_from"),
            "auth_username": Field("username", fallback="smtp_auth_username"),
            "hello": Field("hello", fallback="smtp_hello"),
        },
        without=(
            *("auth_secret", "auth_secret_file", "auth_identity", "headers", "html", "text", "tls_config"),
            *("threading", "smarthost", "require_tls", "force_implicit_tls"),
        ),
        http=False,
    ),
    "pagerduty_configs": Kind(
        backend="pagerduty",
        send_resolved=True,
        secrets=(Secret("routing_key", "routing_key", required=False),),
        fields={
            "url": Field("url", url, "pagerduty_url"),
            "client": Field("client"),
            "client_url": Field("client_url", _link),
            "severity": Field("severities", _severities),
            "timeout": Field("timeout_seconds", _attempt),
        },
        without=(
            *("service_key", "service_key_file", "description", "details", "images", "links"),
            *("source", "class", "component", "group"),
        ),
    ),
    "opsgenie_configs": Kind(
        backend="opsgenie",
        send_resolved=True,
        secrets=(Secret("api_key", "api_key", "opsgenie_api_key"),),
        fields={
            "api_url": Field("api_url", url, "opsgenie_api_url"),
            "tags": Field("tags", comma_list),
            "priority": Field("priority", _priority),
            "update_alerts": Field("update_alerts", Value.boolean),
        },
        without=("message", "description", "source", "details", "entity", "responders", "actions", "note"),
        empty=True,
    ),
    "discord_configs": Kind(
        backend="discord",
        send_resolved=True,
        secrets=(Secret("webhook_url", "webhook_url", form=url),),
        fields={"username": Field("username"), "avatar_url": Field("avatar_url")},
        without=("content", "title", "message"),
    ),
    "telegram_configs": Kind(
        backend="telegram",
        send_resolved=True,
        secrets=(
            Secret("bot_token", "bot_token", "telegram_bot_token"),
            Secret("chat_id", "chat_id", form=Value.integer),
        ),
        fields={
            "api_url": Field("api_url", url, "telegram_api_url"),
            "message_thread_id": Field("message_thread_id", Value.integer),
            "disable_notifications": Field("disable_notifications", Value.boolean),
        },
        without=("message", "parse_mode"),
    ),
    "msteams_configs": Kind(
        backend="teams",
        send_resolved=True,
        secrets=(Secret("webhook_url", "webhook_url", form=url),),
        fields={},
        without=("title", "summary", "text"),
    ),
    "msteamsv2_configs": Kind(
        backend="teams",
        send_resolved=True,
        secrets=(Secret("webhook_url", "webhook_url", form=url),),
        fields={},
        without=("title", "text"),
    ),
}
"""By the name of the list in a receiver."""
