"""The renderer ``email``: a notification in a user's words, plain or HTML, or in the default ones."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from tocsin import Message, Notification, NotificationTemplate, field_value
from tocsin_email import wording
from tocsin_email.printable import cut, one_line, printable

__all__ = ["HTML_TYPE", "render"]

HTML_TYPE: Final = "text/html; charset=utf-8"
_MARKUP: Final = re.compile(
    r"\s*<(!doctype html|html|head|body|div|p|table|section|article|span|h[1-6]|b|strong|ul|ol|br)\b[^<]*>",
    re.IGNORECASE,
)


def render(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return *notification* in the words of *template*, or in the default form, as plain text.

    A template whose body begins with an element of HTML is HTML: its own markup stands, and what comes from the alert
    is escaped. Any other is plain text.
    """
    if template is None:
        return Message(wording.headline(notification), wording.text(notification))
    subject = one_line(template.subject.render(_values(notification, printable)))
    if _MARKUP.match(template.body_template) is None:
        return Message(subject, printable(template.body.render(_values(notification, printable))), templated=True)
    body = template.body.render(_values(notification, lambda value: html.escape(printable(value))))
    return Message(subject, body, HTML_TYPE, templated=True)


def _values(notification: Notification, form: Callable[[str], str]) -> Callable[[str], str | float | None]:
    def value(field: str) -> str | float | None:
        found = field_value(notification, field)
        return form(cut(found, wording.LONGEST_MESSAGE)) if isinstance(found, str) else found

    return value
