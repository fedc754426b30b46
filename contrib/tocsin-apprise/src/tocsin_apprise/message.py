"""A notification as plain text that no service acts on, and cut, visibly, to what the service takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from apprise import NotifyFormat, NotifyType, OverflowMode

from tocsin import (
    AlertSeverity,
    Message,
    Notification,
    NotificationTemplate,
    PerformanceAlert,
    field_value,
    wording,
)
from tocsin_apprise.markup import Dialect

__all__ = ["fitted", "harmless", "notify_type", "render"]

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
_LONGEST: Final = 32_768
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


def fitted(dialect: Dialect, message: Message) -> tuple[str, str]:
    """Return title and body of *message* in *dialect*, within its service's limits, with an ellipsis where it was cut.

    What is split over several messages, since the URL says so, is left as it is. Both are measured as the service gets
    them: escaped characters take more room.
    """
    title = _CONTROL.sub("\ufffd", wording.one_line(message.subject))
    body = _CONTROL.sub("\ufffd", message.body).strip() or title or "…"
    if dialect.service.overflow_mode is not OverflowMode.SPLIT:
        title, body = _cut_both(dialect, title, body)
    if dialect.joined:
        title, body = "", f"{title}\n{body}"
    return dialect.title(title), dialect.body(body)


def _cut_both(dialect: Dialect, title: str, body: str) -> tuple[str, str]:
    service = dialect.service
    room = max(min(dialect.most, _LONGEST) - int(service.overflow_buffer), 1)
    if dialect.title_most > 0:
        title = _cut(title, dialect.title_most, lambda text: wording.utf16_length(dialect.title(text)))
    if dialect.title_most <= 0 or service.overflow_amalgamate_title:
        title = _cut(title, max(room // 2, 1), dialect.title_size)
        room = max(room - dialect.title_size(title) - _SEAM[dialect.format], 1)
    return title, _cut(body, room, dialect.size)


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
