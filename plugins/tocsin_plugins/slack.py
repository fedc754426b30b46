"""The backend ``slack``: a notification as Block Kit, through one of Slack's incoming webhooks."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs
import httpx

from tocsin import (
    AlertSeverity,
    AlertStatus,
    BackendContext,
    BackendRegistrar,
    Message,
    Notification,
    NotificationTemplate,
    RendererRegistrar,
    field_value,
    hookimpl,
    wording,
)
from tocsin.http import (
    HARD_TIMEOUT,
    HttpBackend,
    HttpOptions,
    HttpSender,
    attempt_timeout,
    http_url,
    json_content,
    redact_url,
)
from tocsin_plugins import _slack_blocks, text

__all__ = ["SlackBackend", "SlackConfig", "payload", "render", "tocsin_register_backends", "tocsin_register_renderers"]

RESOLVED_COLOR: Final = "#2eb67d"
COLORS: Final = {
    AlertSeverity.INFO: "#439fe0",
    AlertSeverity.WARNING: "#ecb22e",
    AlertSeverity.ERROR: "#e8711c",
    AlertSeverity.CRITICAL: "#d40e0d",
    AlertSeverity.EMERGENCY: "#7b1fa2",
}
_JSON_TYPE: Final = "application/json"


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``slack``."""
    registrar.register(
        "slack",
        SlackBackend,
        config_class=SlackConfig,
        renderer="slack",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``slack``: the form that the backend of that name takes."""
    registrar.register("slack", render)


@attrs.frozen(slots=True, kw_only=True)
class SlackConfig:
    """Settings of a Slack channel.

    ``webhook_url`` is the incoming webhook's, which is a secret. ``timeout_seconds`` limits one attempt, from
    connecting to the end of the answer; at most 60. ``username`` and ``icon_emoji`` work where the webhook is a legacy
    one, or another product's that speaks the same form. ``http`` says how requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the URL is never repeated.
    """

    webhook_url: str = attrs.field(validator=http_url, repr=redact_url)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    username: str | None = None
    icon_emoji: str | None = None
    http: HttpOptions = attrs.field(factory=HttpOptions)


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, whose own mrkdwn stands while that in alerts is escaped.

    Without a template the message is plain text, and the backend makes its blocks from the notification. A template
    whose body is a JSON object is a payload of the user's own.
    """
    if template is None:
        return text.render(notification, None)

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return _slack_blocks.escaped(value) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    body = template.body.render(values)
    if template.is_json and isinstance(json.loads(body), dict):
        return Message(subject, body, _JSON_TYPE, templated=True)
    return Message(subject, body, templated=True)


class SlackBackend(HttpBackend):
    """Posts each notification to an incoming webhook; its answers mean what their status says."""

    def __init__(self, config: SlackConfig, context: BackendContext) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http))
        self._config = config

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        message = notification.message
        if message is not None and message.content_type == _JSON_TYPE:
            content = message.body.encode("utf-8", "replace")
        else:
            content = json_content({**payload(notification), **self._sender()})
        return httpx.Request("POST", self._config.webhook_url, headers={"Content-Type": _JSON_TYPE}, content=content)

    def _sender(self) -> dict[str, str]:
        named = {"username": self._config.username, "icon_emoji": self._config.icon_emoji}
        return {name: value for name, value in named.items() if value}


def payload(notification: Notification) -> dict[str, Any]:
    """Return the message for *notification* within Slack's limits.

    The header stands above; the rest hangs on a bar in the severity's colour, green once all has resolved. ``text`` is
    what notifications on a phone show.
    """
    message = notification.message
    if message is not None and message.templated:
        headline, details = message.subject, _slack_blocks.sections(message.body)
    else:
        headline = _slack_blocks.escaped(wording.headline(notification))
        details = _slack_blocks.details(notification)
    headline = headline or _slack_blocks.escaped(wording.headline(notification))
    color = RESOLVED_COLOR if notification.status is AlertStatus.RESOLVED else COLORS[notification.severity]
    document: dict[str, Any] = {
        "text": _slack_blocks.fitting(headline, _slack_blocks.TEXT),
        "blocks": [_slack_blocks.header(headline)],
    }
    if details:
        document["attachments"] = [{"color": color, "blocks": details}]
    return document
