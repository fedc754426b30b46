"""The renderer ``slack-app``: a user's template in Slack's mrkdwn, in which what alerts say is harmless."""

from __future__ import annotations

from tocsin import Message, Notification, NotificationTemplate, field_value, wording
from tocsin_slack_app.mrkdwn import escaped

__all__ = ["render"]


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, whose own mrkdwn stands while that in alerts is escaped.

    Without a template the message is a plain summary, and the backend makes its blocks from the notification.
    """
    headline = wording.headline(notification)
    if template is None:
        lines = [headline, *(f"{name}: {value}" for name, value in wording.facts(notification))]
        return Message(headline, "\n".join([*lines, *wording.shown_alerts(notification)]))

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return escaped(value) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    body = template.body.render(values)
    return Message(subject, body if body.strip() else escaped(headline), templated=True)
