"""Discord's Markdown and mentions: alert text made harmless, and cut where no escape is cut in two.

The forms are those of https://discord.com/developers/docs/reference#message-formatting and of Discord's Markdown guide,
https://support.discord.com/hc/en-us/articles/210298617.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin import wording

__all__ = ["escaped", "fitting", "shown"]

_MARKUP: Final = re.compile(
    r"""
    (?P<url>https?://[A-Za-z0-9\-._~/?#=&%+@,;:]*[A-Za-z0-9/])   # a link by itself: what is in it is no markup
    | [\\*`]                                          # emphasis, code, and what escapes
    | (?<![A-Za-z0-9])_ | _(?![A-Za-z0-9])          # emphasis; cpu_usage is none
    | ~(?=~) | (?<=~)~ | \|(?=\|) | (?<=\|)\|       # struck out, hidden
    | (?:(?<=\])|\A)\(                              # [a link](that says something else)
    | <(?!\s)                                       # mentions, times, commands, emoji
    | \#(?=[\# ]) | ^[ \t\-+0-9.]*>                 # headings, quotes
    | :(?=[\w+-]{1,64}:)(?!\d+:)                    # :bell:
    """,
    re.VERBOSE | re.MULTILINE,
)
_MENTION: Final = re.compile(r"@(?=everyone|here)|(?<=<)@(?=[&!]?[0-9])", re.IGNORECASE)
_PARTED: Final = "@\u200b"
_LONE_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\\Z")


def escaped(text: str) -> str:
    """Return *text* so that Discord shows it: markup, mentions and emoji codes in it are text; URLs stay links."""
    return _MENTION.sub(_PARTED, _MARKUP.sub(_harmless, wording.legible(text)))


def _harmless(found: re.Match[str]) -> str:
    return found[0] if found["url"] else f"{found[0][:-1]}\\{found[0][-1]}"


def fitting(text: str, limit: int) -> str:
    """Return *text*, cut to *limit* UTF-16 units with an ellipsis where it is longer.

    Discord does not say what it counts as a character; units are the larger count.
    """
    if wording.utf16_length(text) <= limit:
        return text
    return _LONE_ESCAPE.sub(r"\1", wording.prefix(text, limit - 1)) + "…"


def shown(text: str, limit: int) -> str:
    """Return *text* both escaped and cut; what is cut off, however much, is not looked at."""
    return fitting(escaped(wording.prefix(wording.legible(text[: 2 * limit + 4]), limit + 2)), limit)
