"""What a message may hold at most, and messages brought within that, whoever made them.

https://discord.com/developers/docs/resources/message#embed-object-embed-limits and
https://discord.com/developers/docs/resources/webhook#execute-webhook; Discord refuses the whole message otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import wording
from tocsin_discord.markup import fitting

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

_TEXTS: Final = {"title": TITLE, "description": DESCRIPTION}
_NESTED: Final = {"footer": ("text", FOOTER), "author": ("name", AUTHOR)}


def within_limits(document: dict[str, Any]) -> dict[str, Any]:
    """Return *document*, a message, with every text that is too long cut to an ellipsis.

    Of the embeds together descriptions give way first, the last embed's before the others', then fields, then footers.
    What is not of the form that Discord takes is left for Discord to refuse.
    """
    found = dict(document)
    _cut(found, "content", CONTENT)
    if isinstance(found.get("embeds"), list):
        embeds = [_embed(item) for item in found["embeds"][:EMBEDS]]
        _share([embed for embed in embeds if isinstance(embed, dict)])
        found["embeds"] = embeds
    return found


def _cut(holder: dict[str, Any], key: str, limit: int) -> None:
    if isinstance(holder.get(key), str):
        holder[key] = fitting(holder[key], limit)


def _embed(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    embed = dict(item)
    for key, limit in _TEXTS.items():
        _cut(embed, key, limit)
    for key, (inner, limit) in _NESTED.items():
        if isinstance(embed.get(key), dict):
            embed[key] = dict(embed[key])
            _cut(embed[key], inner, limit)
    if isinstance(embed.get("fields"), list):
        embed["fields"] = [_field(field) for field in embed["fields"][:FIELDS]]
    return embed


def _field(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    field = dict(item)
    _cut(field, "name", FIELD_NAME)
    _cut(field, "value", FIELD_VALUE)
    return field


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
