"""What a message may hold at most, and messages brought within that, whoever made them.

https://discord.com/developers/docs/resources/message#embed-object-embed-limits and
https://discord.com/developers/docs/resources/webhook#execute-webhook; Discord refuses the whole message otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import wording
from tocsin_discord.markup import fitting
from tocsin_discord.members import fit_color, fit_text, fit_time, fit_url

__all__ = [
    "ALL_EMBEDS",
    "AUTHOR",
    "CONTENT",
    "DESCRIPTION",
    "EMBEDS",
    "FIELDS",
    "FIELD_NAME",
    "FIELD_VALUE",
    "FOOTER",
    "TITLE",
    "USERNAME",
    "within_limits",
]

CONTENT: Final = 2000
EMBEDS: Final = 10
TITLE: Final = 256
DESCRIPTION: Final = 4096
FIELDS: Final = 25
FIELD_NAME: Final = 256
FIELD_VALUE: Final = 1024
FOOTER: Final = 2048
AUTHOR: Final = 256
ALL_EMBEDS: Final = 6000
"""Characters in the texts of all embeds together."""

USERNAME: Final = 80

_TEXTS: Final = {"title": TITLE, "description": DESCRIPTION}
_NESTED: Final = {"footer": ("text", FOOTER), "author": ("name", AUTHOR)}
_PICTURES: Final = ("image", "thumbnail")
_SEEN: Final = {"title", "description", "fields", "footer", "author", "image", "thumbnail"}
"""Of these an embed has to have one."""
_UNNAMED: Final = "\u200b"
_NO_NAME: Final = re.compile("discord|clyde", re.IGNORECASE)


def within_limits(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document*, a message, with every text that is too long cut to an ellipsis, and what is empty left out.

    Of the embeds together descriptions give way first, the last embed's before the others', then fields, then footers.
    An address, a time or a colour that is none is left out as well. What else is not of the form that Discord takes is
    left for Discord to refuse.
    """
    found = dict(document)
    fit_text(found, "content", CONTENT)
    fit_text(found, "username", USERNAME)
    if _NO_NAME.search(str(found.get("username", ""))):
        del found["username"]
    fit_url(found, "avatar_url")
    if isinstance(found.get("embeds"), list):
        embeds = [_embed(item) for item in found["embeds"][:EMBEDS]]
        _share([embed for embed in embeds if isinstance(embed, dict)])
        found["embeds"] = [embed for embed in embeds if not isinstance(embed, dict) or _SEEN & set(embed)]
    return found


def _embed(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    embed = dict(item)
    for key, limit in _TEXTS.items():
        fit_text(embed, key, limit)
    fit_url(embed, "url")
    fit_time(embed, "timestamp")
    fit_color(embed, "color")
    for key, (inner, limit) in _NESTED.items():
        _fit_nested(embed, key, inner, limit)
    for key in _PICTURES:
        _fit_nested(embed, key, "url")
    if isinstance(embed.get("fields"), list):
        fields = [_field(field) for field in embed["fields"]]
        embed["fields"] = [field for field in fields if not isinstance(field, dict) or "value" in field][:FIELDS]
        if not embed["fields"]:
            del embed["fields"]
    return embed


def _fit_nested(embed: dict[str, Any], key: str, required: str, limit: int | None = None) -> None:
    """Bring the member *key* of *embed*, an object, into form; without its member *required* it is left out.

    :param limit: of *required*, where that is a text.
    """
    if not isinstance(embed.get(key), dict):
        return
    holder = embed[key] = dict(embed[key])
    if limit is not None:
        fit_text(holder, required, limit)
    for address in ("url", "icon_url"):
        fit_url(holder, address)
    if required not in holder:
        del embed[key]


def _field(item: Any) -> Any:
    """Return a field in form; without a value it says nothing, and one without a name gets one that is not seen."""
    if not isinstance(item, dict):
        return item
    field = dict(item)
    fit_text(field, "name", FIELD_NAME)
    fit_text(field, "value", FIELD_VALUE)
    return {"name": _UNNAMED, **field}


def _share(embeds: list[dict[str, Any]]) -> None:
    """Bring the texts of all *embeds* together within ``ALL_EMBEDS``."""
    excess = sum(_length(_texts(embed)) for embed in embeds) - ALL_EMBEDS
    for give_way in (_shorten_description, _drop_fields, _drop_footer):
        for embed in reversed(embeds):
            if excess > 0:
                excess -= give_way(embed, excess)


def _shorten_description(embed: dict[str, Any], excess: int) -> int:
    """Return how much shorter it is, which is *excess* where it is long enough."""
    text = embed.get("description")
    if not isinstance(text, str):
        return 0
    length = wording.utf16_length(text)
    embed["description"] = fitting(text, max(length - excess, 1))
    return length - wording.utf16_length(embed["description"])


def _drop_fields(embed: dict[str, Any], excess: int) -> int:
    fields, gained = embed.get("fields"), 0
    while isinstance(fields, list) and fields and gained < excess:
        gained += _length(_field_texts(fields.pop()))
    if fields == []:
        del embed["fields"]
    return gained


def _drop_footer(embed: dict[str, Any], excess: int) -> int:
    before = _length(_texts(embed))
    embed.pop("footer", None)
    return before - _length(_texts(embed))


def _length(texts: Iterable[Any]) -> int:
    return sum(wording.utf16_length(text) for text in texts if isinstance(text, str))


def _texts(embed: dict[str, Any]) -> Iterator[Any]:
    """All texts of an embed that count."""
    yield from (embed.get(key) for key in _TEXTS)
    yield from (embed[key].get(inner) for key, (inner, _) in _NESTED.items() if isinstance(embed.get(key), dict))
    fields = embed.get("fields")
    for field in fields if isinstance(fields, list) else ():
        yield from _field_texts(field)


def _field_texts(field: Any) -> tuple[Any, ...]:
    return (field.get("name"), field.get("value")) if isinstance(field, dict) else ()
