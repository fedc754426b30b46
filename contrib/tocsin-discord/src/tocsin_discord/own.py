"""A message of the user's own: a template that is a JSON object, filled with what alerts say.

Only some members of a message are read as Markdown; a backslash elsewhere would be seen, or break an address.
https://discord.com/developers/docs/resources/message#embed-object has the members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from tocsin import Notification, NotificationTemplate, field_value, wording
from tocsin_discord import limits
from tocsin_discord.markup import shown

__all__ = ["document_of"]

_MARKED: Final = frozenset({"content", "title", "description", "name", "value"})
_PLAIN_HOLDERS: Final = frozenset({"author", "footer"})
_URLS: Final = frozenset({"url", "icon_url", "proxy_url", "proxy_icon_url", "avatar_url"})
_IN_URL: Final = "!#$%&'()*+,/:;=?@~"

_HOLE: Final = re.compile("\ufdd0([0-9]+)\ufdd1")
"""What stands for a value while the template is JSON: characters that are none."""


def document_of(notification: Notification, template: NotificationTemplate) -> dict[str, Any] | None:
    """Return the message that *template* is for *notification*; None where its body is no JSON object."""
    said: list[str] = []

    def values(field: str) -> str | float | None:
        value = field_value(notification, field)
        if not isinstance(value, str):
            return value
        said.append(value)
        return f"\ufdd0{len(said) - 1}\ufdd1"

    document = json.loads(template.body.render(values)) if template.is_json else None
    return _filled(document, said, "", "") if isinstance(document, dict) else None


def _filled(value: Any, said: list[str], holder: str, key: str) -> Any:
    """Return *value*, which is member *key* of member *holder*, with what is *said* in its holes."""
    if isinstance(value, dict):
        return {_text(name, said, wording.legible): _filled(one, said, key, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, said, holder, key) for one in value]
    return _text(value, said, _form(holder, key)) if isinstance(value, str) else value


def _form(holder: str, key: str) -> Callable[[str], str]:
    if key in _URLS:
        return _in_url
    return _escaped if key in _MARKED and holder not in _PLAIN_HOLDERS else wording.legible


def _escaped(text: str) -> str:
    return shown(text, limits.DESCRIPTION)


def _in_url(text: str) -> str:
    """Return *text* so that no character of it ends an address; what is percent-encoded already stays so."""
    return quote(text, safe=_IN_URL, errors="replace")


def _text(text: str, said: list[str], form: Callable[[str], str]) -> str:
    def value(found: re.Match[str]) -> str:
        index = int(found[1])
        return form(said[index]) if index < len(said) else found[0]

    return _HOLE.sub(value, text)
