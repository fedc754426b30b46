"""The renderer ``teams``, and the message that is made of what it rendered."""

from __future__ import annotations

import json
from typing import Any, Final

from tocsin import Message, Notification, NotificationTemplate, field_value, wording
from tocsin.http import json_content
from tocsin_teams import cards
from tocsin_teams.markup import shown

__all__ = ["JSON_TYPE", "payload", "render"]

JSON_TYPE: Final = "application/json; charset=utf-8"
"""With the character set, as Teams wants it for emoji:
https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-format."""

_VALUE: Final = 4000


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, whose own Markdown stands while that in alerts is escaped.

    Without a template the message is plain text, and the backend makes its card from the notification. A template
    whose body is a JSON object is an Adaptive Card, or a whole message, of the user's own.
    """
    if template is None:
        headline = wording.headline(notification)
        return Message(headline, "\n".join([headline, *(listed.alert.message for listed in notification.alerts[:1])]))

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return shown(value, _VALUE) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    body = template.body.render(values)
    if template.is_json and isinstance(json.loads(body), dict):
        return Message(subject, body, JSON_TYPE, templated=True)
    return Message(subject, body, templated=True)


def payload(notification: Notification) -> bytes:
    """Return the message for *notification* within what Teams takes.

    A card of the user's own cannot be cut in a way that its author meant: one that is too large gives way to ours.
    """
    message = notification.message
    if message is not None and message.content_type == JSON_TYPE:
        own = json_content(_message(json.loads(message.body)))
        if len(own) <= cards.MESSAGE_BYTES:
            return own
    elif message is not None and message.templated:
        subject = message.subject or shown(wording.headline(notification), _VALUE)
        return json_content(cards.enveloped(cards.templated_card(notification, subject, message.body)))
    return json_content(cards.enveloped(cards.card(notification)))


def _message(document: dict[str, Any]) -> dict[str, Any]:
    return cards.enveloped(document) if document.get("type") == "AdaptiveCard" else document
