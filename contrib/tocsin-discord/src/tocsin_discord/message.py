"""A notification as a message of Discord's: its headline above, and the rest in an embed of the severity's colour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from tocsin import (
    AlertSeverity,
    AlertStatus,
    Message,
    Notification,
    NotificationKind,
    NotificationTemplate,
    PerformanceAlert,
    field_value,
    wording,
)
from tocsin_discord import limits
from tocsin_discord.markup import shown

__all__ = ["CALM_COLOR", "COLORS", "JSON_TYPE", "payload", "render"]

JSON_TYPE: Final = "application/json"
CALM_COLOR: Final = 0x2EB67D
"""Of what has resolved, and of heartbeats."""

COLORS: Final = {
    AlertSeverity.INFO: 0x439FE0,
    AlertSeverity.WARNING: 0xECB22E,
    AlertSeverity.ERROR: 0xE8711C,
    AlertSeverity.CRITICAL: 0xD40E0D,
    AlertSeverity.EMERGENCY: 0x7B1FA2,
}
_FACT: Final = 256
_IDS: Final = 512
_LINE: Final = 180
"""Of one alert of a summary: so all that are listed have room in the description."""

_MESSAGE: Final = 2000
_NOTE: Final = 1000
"""Of labels, and of one annotation: no text takes all the room from the others."""


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, whose own Markdown stands while that in alerts is escaped.

    Without a template the message is plain text, and the backend makes its embed from the notification. A template
    whose body is a JSON object is a message of the user's own.
    """
    if template is None:
        headline = wording.headline(notification)
        return Message(headline, "\n".join([headline, *(listed.alert.message for listed in notification.alerts[:1])]))

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return shown(value, limits.DESCRIPTION) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    body = template.body.render(values)
    if template.is_json and isinstance(json.loads(body), dict):
        return Message(subject, body, JSON_TYPE, templated=True)
    return Message(subject, body, templated=True)


def payload(notification: Notification) -> dict[str, Any]:
    """Return the message for *notification* within Discord's limits.

    Nobody is notified by name, whatever the text: ``allowed_mentions`` lets no mention through, unless a template that
    is a message of the user's own says otherwise
    (https://discord.com/developers/docs/resources/message#allowed-mentions-object).
    """
    return {"allowed_mentions": {"parse": []}, **limits.within_limits(_document(notification))}


def _document(notification: Notification) -> dict[str, Any]:
    message = notification.message
    if message is not None and message.content_type == JSON_TYPE:
        document: dict[str, Any] = json.loads(message.body)
        return document
    headline = shown(wording.headline(notification), limits.CONTENT)
    if message is not None and message.templated:
        embed = {"description": message.body} if message.body.strip() else {}
        return _with_embed(message.subject or headline, embed, notification)
    return _with_embed(headline, _embed(notification), notification)


def _with_embed(content: str, embed: dict[str, Any], notification: Notification) -> dict[str, Any]:
    if not embed:
        return {"content": content}
    calm = notification.status is AlertStatus.RESOLVED or notification.kind is NotificationKind.HEARTBEAT
    color = CALM_COLOR if calm else COLORS[notification.severity]
    return {"content": content, "embeds": [{"color": color, **embed}]}


def _embed(notification: Notification) -> dict[str, Any]:
    """Return what the headline does not say; empty members are left out, for Discord refuses them."""
    description = "\n".join(part for part in _paragraphs(notification) if part.strip())
    fields = [
        {"name": name, "value": shown(value, _FACT), "inline": True} for name, value in wording.facts(notification)
    ]
    ids = wording.legible(wording.ids_line(notification))
    return {
        **({"description": description} if description else {}),
        **({"fields": fields} if fields else {}),
        **({"footer": {"text": wording.shortened(ids, _IDS)}} if ids else {}),
    }


def _paragraphs(notification: Notification) -> Iterator[str]:
    if notification.level is not None:
        yield f"**{wording.level_line(notification)}**"
    if notification.single:
        alert = notification.alerts[0].alert
        yield shown(alert.message, _MESSAGE)
        yield from _notes(alert)
    else:
        yield from (f"• {shown(line, _LINE)}" for line in wording.shown_alerts(notification))


def _notes(alert: PerformanceAlert) -> Iterator[str]:
    if alert.labels:
        yield f"**labels**: {shown(wording.labels_line(alert), _NOTE)}"
    for name, value in sorted(alert.annotations.items()):
        if value.strip():
            yield f"**{shown(name, _LINE)}**: {shown(value, _NOTE)}"
