"""Telegram's HTML: alert text made harmless, and texts cut to what is seen of them, with their tags closed.

https://core.telegram.org/bots/api#html-style. A message with a tag that is unknown or not closed is refused, so markup
that Telegram would not take is shown as text instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from tocsin import wording

__all__ = ["TEXT", "escaped", "fitting", "shown"]

TEXT: Final = 4096
"""Characters in a message, after its entities were read: https://core.telegram.org/bots/api#sendmessage."""

_TAGS: Final = frozenset(
    {
        *("a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "u"),
        *("tg-emoji", "tg-spoiler", "tg-time"),
    }
)
_SPECIAL: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_MENTION: Final = re.compile(r"(?P<path>https?://[^\s/@]+/\S*)|(?<![A-Za-z0-9_])@(?=[A-Za-z0-9_])")
_PARTED: Final = "@\u200b"
_AT_IN_URL: Final = "%40"
_TAG: Final = re.compile(
    r"""<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)
        (?:\s+[A-Za-z-]+(?:=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*\s*>""",
    re.VERBOSE,
)
_ANGLE: Final = re.compile(r"<[^<>]*>?")
_TOKEN: Final = re.compile(r"<[^<>]*>|&(?:lt|gt|amp|quot|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});|[^<]")


def escaped(text: str) -> str:
    """Return *text* so that Telegram shows it, also inside an attribute: no tag, and nobody is mentioned."""
    return _MENTION.sub(_unmentioned, wording.legible(text)).translate(_SPECIAL)


def _unmentioned(found: re.Match[str]) -> str:
    """Return an ``@`` that mentions nobody; a URL still leads where it led."""
    return found["path"].replace("@", _AT_IN_URL) if found["path"] else _PARTED


def shown(text: str, limit: int) -> str:
    """Return *text* escaped, cut to *limit* UTF-16 units of what is seen, with an ellipsis where it is longer."""
    return escaped(wording.shortened(text, limit))


def fitting(html: str, limit: int = TEXT) -> str:
    """Return *html* with at most *limit* UTF-16 units to be seen; where more is cut off, it ends in an ellipsis.

    Markup that Telegram would refuse is shown as text.
    """
    if not _proper(html):
        html = shown(html, limit)
    if wording.utf16_length(html) <= limit or sum(_width(token) for token in _tokens(html)) <= limit:
        return html
    return _cut(html, limit - 1)


def _proper(html: str) -> bool:
    """Whether each tag is known and closed, and ``<`` stands for nothing else."""
    is_open: list[str] = []
    for found in _ANGLE.finditer(html):
        tag = _TAG.fullmatch(found[0])
        if tag is None or tag["name"].lower() not in _TAGS:
            return False
        if not tag["end"]:
            is_open.append(tag["name"].lower())
        elif not is_open or is_open.pop() != tag["name"].lower():
            return False
    return not is_open


def _tokens(html: str) -> Iterator[str]:
    """Cut *html* into tags, entities and single characters; a ``<`` that begins no tag is a token of its own."""
    end = 0
    for found in _TOKEN.finditer(html):
        yield from html[end : found.start()]
        yield found[0]
        end = found.end()
    yield from html[end:]


def _width(token: str) -> int:
    """The UTF-16 units that are seen of a token."""
    if token[0] == "<" and len(token) > 1:
        return 0
    return wording.utf16_length(unescape(token))


def _cut(html: str, limit: int) -> str:
    """Return the start of *html* of which *limit* units are seen, an ellipsis, and the ends of what is open there."""
    kept: list[str] = []
    is_open: list[str] = []
    left = limit
    for token in _tokens(html):
        left -= _width(token)
        if left < 0:
            break
        kept.append(token)
        tag = _TAG.fullmatch(token) if token[0] == "<" else None
        if tag is not None and tag["end"]:
            is_open.pop()
        elif tag is not None:
            is_open.append(tag["name"])
    return "".join([*kept, "…", *(f"</{name}>" for name in reversed(is_open))])
