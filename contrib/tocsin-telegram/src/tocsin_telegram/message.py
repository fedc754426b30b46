"""A notification as Telegram's HTML: its headline in bold, what is known, and the ids at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

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
from tocsin_telegram.markup import TEXT, fitting, shown

__all__ = ["HTML_TYPE", "render"]

HTML_TYPE: Final = "text/html; charset=utf-8"

_CALM: Final = "🟢"
_SIGNS: Final = {
    AlertSeverity.INFO: "🔵",
    AlertSeverity.WARNING: "🟡",
    AlertSeverity.ERROR: "🟠",
    AlertSeverity.CRITICAL: "🔴",
    AlertSeverity.EMERGENCY: "🟣",
}
_HEADLINE: Final = 512
_MESSAGE: Final = 1500
_FACT: Final = 128
_LINE: Final = 140
"""Of one alert of a summary: so all that are listed have room in the message."""

_NOTE: Final = 500
"""Of labels, and of one annotation: no text takes all the room from the others."""


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, whose own HTML stands while what alerts say is escaped.

    A template's subject is the first line, in bold. Whatever the text, it is short enough for Telegram, and no markup
    in it is broken.
    """
    headline = wording.headline(notification)
    if template is None:
        return Message(headline, fitting("\n".join(_lines(notification))), HTML_TYPE)

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return shown(value, TEXT) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    body = template.body.render(values).strip()
    whole = "\n".join([*([f"<b>{subject}</b>"] if subject else []), *([body] if body else [])])
    return Message(subject or headline, fitting(whole or _headline(notification)), HTML_TYPE, templated=True)


def _lines(notification: Notification) -> Iterator[str]:
    yield _headline(notification)
    if notification.level is not None:
        yield f"<b>{wording.level_line(notification)}</b>"
    if notification.single:
        yield from filter(str.strip, [shown(notification.alerts[0].alert.message, _MESSAGE)])
    yield from (f"<b>{name}</b>: {shown(value, _FACT)}" for name, value in wording.facts(notification))
    if notification.single:
        yield from _notes(notification.alerts[0].alert)
    else:
        yield from (f"• {shown(line, _LINE)}" for line in wording.shown_alerts(notification))
    ids = wording.ids_line(notification)
    if ids:
        yield f"<i>{shown(ids, _NOTE)}</i>"


def _headline(notification: Notification) -> str:
    calm = notification.status is AlertStatus.RESOLVED or notification.kind is NotificationKind.HEARTBEAT
    sign = _CALM if calm else _SIGNS[notification.severity]
    return f"{sign} <b>{shown(wording.headline(notification), _HEADLINE)}</b>"


def _notes(alert: PerformanceAlert) -> Iterator[str]:
    if alert.labels:
        yield f"<b>labels</b>: {shown(wording.labels_line(alert), _NOTE)}"
    for name, value in sorted(alert.annotations.items()):
        if value.strip():
            yield f"<b>{shown(name, _FACT)}</b>: {shown(value, _NOTE)}"
