"""The mail that carries a notification: its headers, and its two forms.

The mails of one incident are one conversation (RFC 5322, section 3.6.4): all of them are answers to one message that
is never sent, whose id is made of the incident's. So none of them has to arrive first, and none misses another.
https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from email.utils import format_datetime, formatdate
from typing import Final

from tocsin import Message, Notification
from tocsin_email import page, wording
from tocsin_email.printable import cut, one_line, printable
from tocsin_email.rendering import HTML_TYPE

__all__ = ["LONGEST_BODY", "LONGEST_SUBJECT", "encoded"]

LONGEST_SUBJECT: Final = 250
LONGEST_BODY: Final = 50_000
"""Characters of a template's body that are sent; the default form is shorter by itself."""

_LONGEST_LINE: Final = 998
"""https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1"""

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Subject(UniqueUnstructuredHeader):
    """Left on one line where it is ASCII: the standard library would fold a long one before its first word."""

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it goes over the wire."""
        fitting = policy.clone(max_line_length=_LONGEST_LINE) if str(self).isascii() else policy
        return str(super().fold(policy=fitting))  # type: ignore[misc]  # it is mixed into the class that has it


def _registry() -> HeaderRegistry:
    """No header that names messages is folded within an id: the standard library spares ``Message-ID`` alone."""
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Subject)  # type: ignore[arg-type]  # such classes are what it takes
    for name in ("in-reply-to", "references"):
        registry.map_to_type(name, MessageIDHeader)  # type: ignore[arg-type]  # such classes are what it takes
    return registry


_POLICY: Final = policy.SMTP.clone(cte_type="7bit", header_factory=_registry())


def encoded(notification: Notification, message: Message, sender: Address, recipients: tuple[Address, ...]) -> bytes:
    """Return the mail as it goes over the wire, in ASCII, before dots are doubled."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = recipients
    mail["Subject"] = _subject(message.subject) or _subject(wording.headline(notification))
    mail["Date"] = _date(notification.created_at)
    mail["Message-ID"] = _message_id(notification.notification_id, sender)
    mail["In-Reply-To"] = mail["References"] = _message_id(f"incident-{_id(notification.incident_id)}", sender)
    mail["Auto-Submitted"] = "auto-generated"  # no answers of absence: RFC 3834, section 5
    text, markup = _forms(notification, message, str(mail["Subject"]))
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(markup, subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def _subject(text: str) -> str:
    """*text* on one line; what looks like an encoded word in it would be read as what it stands for."""
    return cut(one_line(text).replace("=?", "= ?"), LONGEST_SUBJECT)


def _forms(notification: Notification, message: Message, subject: str) -> tuple[str, str]:
    """The mail as text and as HTML."""
    if message.content_type == HTML_TYPE:
        return wording.text(notification), _sayable(message.body)
    text = cut(printable(message.body), LONGEST_BODY)
    if message.templated:
        return text, page.page_of_text(notification, subject, text)
    return text, page.page(notification)


def _sayable(markup: str) -> str:
    """A user's page whole, since half of one could be anything; and without halves of surrogate pairs."""
    return markup.encode("utf-8", "replace").decode("utf-8")


def _message_id(name: str, sender: Address) -> str:
    return f"<{_id(name)}@{sender.domain}>"


def _id(name: str) -> str:
    """*name* where it is as plain as the engine's ids are, and otherwise its digest."""
    if _SAFE_ID.fullmatch(name):
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _date(seconds: float) -> str:
    try:
        return format_datetime(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):  # no date that a calendar has
        return formatdate()
