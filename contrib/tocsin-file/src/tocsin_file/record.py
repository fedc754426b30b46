"""What stands in the file of one notification: one line of JSON, whatever the alerts say."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

from tocsin import Message, Notification, iso_time
from tocsin.http import json_content

__all__ = ["record"]

_JSON_TYPE: Final = "application/json"
_SUSPECT: Final = re.compile(r"[^ -~]")


def record(notification: Notification) -> bytes:
    """Return *notification* as a line that ends in a line feed and has no other, in UTF-8.

    What the renderer ``json`` makes is written as it is, with the notification's ``time`` before it; the JSON of a
    user's template is written alone. Text (a template's that is no JSON) stands as ``subject`` and ``body`` beside what
    the notification is. What a terminal would act on, or a reader might take for the end of a line, is escaped.
    """
    said = json.dumps(json.loads(json_content(_document(notification))), ensure_ascii=False, separators=(",", ":"))
    return _SUSPECT.sub(lambda found: _shown(found[0]), said).encode("utf-8") + b"\n"


def _document(notification: Notification) -> Any:
    message = notification.message
    found = None if message is None else _parsed(message)
    if message is not None and message.templated and found is not None:
        return found
    own = found if isinstance(found, dict) else _plain(notification, message)
    return {"time": iso_time(notification.created_at), **own}


def _parsed(message: Message) -> Any:
    """The message's document, or None where it is none."""
    if message.content_type != _JSON_TYPE:
        return None
    try:
        return json.loads(message.body)
    except (ValueError, RecursionError):
        return None


def _plain(notification: Notification, message: Message | None) -> dict[str, Any]:
    words = {} if message is None else {"subject": message.subject, "body": message.body}
    return {
        "status": notification.status.value,
        "kind": notification.kind.value,
        "level": None if notification.level is None else notification.level.value,
        "severity": notification.severity.value,
        "incident_id": notification.incident_id,
        "notification_id": notification.notification_id,
        "channel_id": notification.channel_id,
        "test": notification.test,
        "alert_count": len(notification.alerts),
        **words,
    }


def _shown(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp"):
        return json.dumps(char)[1:-1]
    return char
