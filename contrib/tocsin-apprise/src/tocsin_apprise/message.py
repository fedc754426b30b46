"""A notification as plain text that no service acts on, and cut, visibly, to what the service takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from apprise import NotifyBase, NotifyFormat, NotifyType, OverflowMode, conversion

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

__all__ = ["fitted", "harmless", "notify_type", "render"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|[\ud800-\udfff]|[\ufffe\uffff]")
_MENTION: Final = re.compile(r"(?P<path>https?://[^\s/@]+/\S*)|(?<![A-Za-z0-9_])@(?=[\w{])|<(?=[!@#])")
_PARTED: Final = {"@": "@\u200b", "<": "<\u200b"}
_MESSAGE: Final = 1500
_NOTE: Final = 500
_LINE: Final = 200
_LONGEST: Final = 32_768
_convert: Final[Any] = conversion.convert_between
_TYPES: Final = {AlertSeverity.INFO: NotifyType.INFO, AlertSeverity.WARNING: NotifyType.WARNING}


def harmless(text: str) -> str:
    """Return *text* without what a terminal or a chat would act on: control characters, and mentions of people.

    An at sign that begins a word is followed by a space of no width; in the path of a URL it is escaped, so that it
    still leads where it led.
    """
    text = _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))
    return _MENTION.sub(lambda found: _PARTED.get(found[0]) or found[0].replace("@", "%40"), text)


def notify_type(notification: Notification) -> NotifyType:
    """Return what Apprise calls it: a colour, an icon, a priority, where the service has such."""
    if notification.status is AlertStatus.RESOLVED or notification.kind is NotificationKind.HEARTBEAT:
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


def fitted(service: NotifyBase, message: Message) -> tuple[str, str]:
    """Return title and body of *message* within the limits of *service*, each ending in ``…`` where it was cut.

    What is split over several messages, since the URL says so, is left as it is. The body is measured as the service
    gets it: in HTML and in Markdown, escaped characters take more room.
    """
    title = _CONTROL.sub("\ufffd", wording.one_line(message.subject))
    body = _CONTROL.sub("\ufffd", message.body).strip() or title or "…"
    if service.overflow_mode is OverflowMode.SPLIT:
        return title, body
    wanted = service.resolve_format(NotifyFormat.TEXT)

    def size(text: str) -> int:
        return len(_convert(NotifyFormat.TEXT, wanted, text))

    most, alone = min(int(service.body_maxlen), _LONGEST), int(service.title_maxlen)
    room = max(most - int(service.overflow_buffer), 1)
    if alone > 0:
        title = wording.shortened(title, alone)
    if alone <= 0 or service.overflow_amalgamate_title:
        title = _cut(title, max(room // 2, 1), size)
        room = max(room - size(title) - _SEAM[wanted], 1)
    return title, _cut(body, room, size)


_SEAM: Final = {NotifyFormat.TEXT: 2, NotifyFormat.MARKDOWN: 4, NotifyFormat.HTML: 24}
"""What Apprise puts between title and body where the service has one field for both, markup included."""


def _cut(text: str, room: int, size: Callable[[str], int]) -> str:
    """Return the longest start of *text*, with an ellipsis, whose size is within *room*."""
    if len(text) <= room and size(text) <= room:
        return text
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if size(wording.prefix(text, middle) + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return wording.prefix(text, low).rstrip() + "…"
