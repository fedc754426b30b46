"""A card of the user's own: a template that is a JSON object, filled with what alerts say.

Only some members of a card are read as Markdown, as
https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features has it; a backslash elsewhere would be
seen, or break an address. An address that is none is worse than none: a workflow has said yes to the card before Teams
refuses all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from tocsin import Notification, NotificationTemplate, field_value, wording
from tocsin_teams.markup import shown

__all__ = ["document_of"]

Form = Callable[[str], str]

_VALUE: Final = 4000
_MARKED: Final = frozenset(
    {
        "text",
        "fallbackText",
        "title",
        "label",
        "errorMessage",
        "summary",
        "activityTitle",
        "activitySubtitle",
        "activityText",
    }
)
"""Members that Teams reads as Markdown, in cards and in the older ones of connectors."""

_IN_FACTS: Final = frozenset({"title", "name", "value"})
_PLAIN: Final = re.compile(r"TextRun|mention|Action\..*")
"""Types of elements in which nothing is markup."""

_URLS: Final = frozenset({"url", "iconUrl", "contentUrl", "poster", "backgroundImage"})
_NEEDS_URL: Final = re.compile(r"Action\.OpenUrl|Image")
_URL: Final = re.compile(r"(?:https?://[^\s/?#]+|mailto:|tel:|sip:|msteams:|data:image/)\S*", re.IGNORECASE)
_IN_URL: Final = "!#$%&'()*+,/:;=?@~"

_HOLE: Final = re.compile("\ufdd0([0-9]+)\ufdd1")
"""What stands for a value while the template is JSON: characters that are none."""


def document_of(notification: Notification, template: NotificationTemplate) -> dict[str, Any] | None:
    """Return the card, or the message, that *template* is for *notification*; None where it is no JSON object."""
    said: list[str] = []

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        if not isinstance(value, str):
            return value
        said.append(value)
        return f"\ufdd0{len(said) - 1}\ufdd1"

    document = json.loads(template.body.render(values)) if template.is_json else None
    if not isinstance(document, dict):
        return None
    found: dict[str, Any] = _reachable(_filled(document, said, "", wording.legible))
    return found


def _filled(value: Any, said: list[str], place: str, form: Form) -> Any:
    """Return *value*, which stands in the member *place*, with what is *said* in its holes, in *form*."""
    if isinstance(value, dict):
        kind = str(value.get("type", ""))
        return {
            _text(key, said, wording.legible): _filled(one, said, key, _form(kind, place, key))
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_filled(one, said, place, form) for one in value]
    return _text(value, said, form) if isinstance(value, str) else value


def _text(text: str, said: list[str], form: Form) -> str:
    def value(found: re.Match[str]) -> str:
        index = int(found[1])
        return form(said[index]) if index < len(said) else found[0]

    return _HOLE.sub(value, text)


def _reachable(value: Any) -> Any:
    """Return *value* without addresses that are none, and without pictures and actions that need one."""
    if isinstance(value, list):
        return [_reachable(one) for one in value if not _leads_nowhere(one)]
    if isinstance(value, dict):
        return {
            key: _reachable(one) for key, one in value.items() if not _leads_nowhere(one) and not _is_no_url(key, one)
        }
    return value


def _leads_nowhere(element: Any) -> bool:
    if not isinstance(element, dict) or not _NEEDS_URL.fullmatch(str(element.get("type", ""))):
        return False
    return _is_no_url("url", element.get("url", ""))


def _is_no_url(key: str, value: Any) -> bool:
    return key in _URLS and isinstance(value, str) and not _URL.fullmatch(value)


def _form(kind: str, place: str, key: str) -> Form:
    if key in _URLS:
        return _in_url
    if place == "facts":
        return _escaped if key in _IN_FACTS else wording.legible
    return _escaped if key in _MARKED and place != "data" and not _PLAIN.fullmatch(kind) else wording.legible


def _escaped(text: str) -> str:
    return shown(text, _VALUE)


def _in_url(text: str) -> str:
    """Return *text* so that no character of it ends an address; what is percent-encoded already stays so."""
    return quote(text, safe=_IN_URL, errors="replace")
