"""A notification as plain text that calls nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from apprise import NotifyType

from tocsin import (
    AlertSeverity,
    Message,
    Notification,
    NotificationTemplate,
    PerformanceAlert,
    field_value,
    wording,
)

__all__ = ["harmless", "notify_type", "render"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|[\ud800-\udfff]|[\ufffe\uffff]")
_MENTION: Final = re.compile(
    r"""
    (?P<path>https?://[A-Za-z0-9\-._~:\[\]]+/[^\s<>"]*)       # in the path of a URL an at sign can be escaped
    | (?P<mail>(?<=[A-Za-z0-9_.+\-])@                         # an address of a mail
        (?!(?:all|channel|everyone|here|online|room|team)\b)
        (?=[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+))
    | @(?=[\w{*"'\[&!])
    | <(?=[!@\#&]|at\b|users/)
    | \((?=(?:met|rol|chn)\))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PARTED: Final = "\u200b"
_MESSAGE: Final = 1500
_NOTE: Final = 500
_LINE: Final = 200
_TYPES: Final = {AlertSeverity.INFO: NotifyType.INFO, AlertSeverity.WARNING: NotifyType.WARNING}


def harmless(text: str) -> str:
    """Return *text* without what a terminal or a chat would act on: control characters, what turns the direction of
    reading, and mentions of people.

    What would call somebody is followed by a space of no width; in the path of a URL an at sign is escaped, so that it
    still leads where it led. Addresses of mails stay as they are.
    """
    return _MENTION.sub(_parted, _CONTROL.sub("\ufffd", wording.legible(text)))


def _parted(found: re.Match[str]) -> str:
    if found["path"]:
        return found[0].replace("@", "%40")
    return found[0] if found["mail"] else found[0] + _PARTED


def notify_type(notification: Notification) -> NotifyType:
    """Return what Apprise calls it: a colour, an icon, a priority, where the service has such."""
    if notification.calm:
        return NotifyType.SUCCESS
    return _TYPES.get(notification.severity, NotifyType.FAILURE)


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* as plain text, in the words of *template* or in the default ones."""
    headline = _short(wording.headline(notification), _NOTE)
    if template is None:
        return Message(headline, "\n".join(_lines(notification)))

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        return harmless(value) if isinstance(value, str) else value

    subject = wording.one_line(template.subject.render(values))
    return Message(subject or headline, template.body.render(values).strip() or headline, templated=True)


def _short(text: str, limit: int) -> str:
    return harmless(wording.shortened(text, limit))


def _lines(notification: Notification) -> Iterator[str]:
    if notification.level is not None:
        yield wording.level_line(notification)
    if notification.single:
        yield from filter(str.strip, [_short(notification.alerts[0].alert.message, _MESSAGE)])
    yield from (f"{name}: {_short(value, _LINE)}" for name, value in wording.facts(notification))
    if notification.single:
        yield from _notes(notification.alerts[0].alert)
    else:
        yield from (f"- {_short(line, _LINE)}" for line in wording.shown_alerts(notification))
    ids = wording.ids_line(notification)
    if ids:
        yield _short(ids, _NOTE)


def _notes(alert: PerformanceAlert) -> Iterator[str]:
    if alert.labels:
        yield f"labels: {_short(wording.labels_line(alert), _NOTE)}"
    for name, value in sorted(alert.annotations.items()):
        if value.strip():
            yield f"{_short(name, _LINE)}: {_short(value, _NOTE)}"
