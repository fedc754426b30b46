"""Text in Adaptive Cards: alert text made harmless for where Markdown is read, which is in text blocks alone.

https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features: text blocks know a part of Markdown, and
dates between double braces; text runs know no markup at all.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin import wording

__all__ = ["escaped", "fitting", "shown"]

_MARKUP: Final = re.compile(r"[\\`*_\[\]~]")
_ACTIVE: Final = re.compile(r"(?<=\])(?=\()|(?<=\{)(?=\{)|(?<=<)(?=/?at\b)", re.IGNORECASE)
"""Between the halves of a link, the braces before a date, and within a mention: some clients read no backslash."""

_PARTING: Final = "\u200b"
_LONE_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\\Z")


def escaped(text: str) -> str:
    """Return *text* so that a text block shows it: no emphasis, link, date or mention is made of it."""
    return _MARKUP.sub(r"\\\g<0>", _ACTIVE.sub(_PARTING, wording.legible(text)))


def fitting(text: str, limit: int) -> str:
    """Return *text*, cut to *limit* UTF-16 units with an ellipsis where it is longer."""
    if wording.utf16_length(text) <= limit:
        return text
    return _LONE_ESCAPE.sub(r"\1", wording.prefix(text, limit - 1)) + "…"


def shown(text: str, limit: int) -> str:
    """Return *text* both escaped and cut; what is cut off, however much, is not looked at."""
    return fitting(escaped(wording.prefix(wording.legible(text[: 2 * limit + 4]), limit + 2)), limit)
