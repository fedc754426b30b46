"""Slack's mrkdwn: alert text made harmless, and texts cut to what Slack takes.

https://docs.slack.dev/messaging/formatting-message-text. Slack does not say what it counts, so the larger count is
taken: escaped text, in UTF-16 units.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from tocsin import wording

__all__ = ["escaped", "fitting", "harmless", "linked", "pieces"]

_UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, turns the direction of reading, or is half a character."""

_BROKEN_ENTITY: Final = re.compile(r"&[a-z]{0,3}\Z")
_URL: Final = re.compile(r"https?://[^\s<>|\"'`]{3,2000}")
_AFTER_URL: Final = ".,;:!?)]}"
"""What ends a sentence, or a bracket around an address, and no address."""

_IN_URL: Final = "!#$%&'()*+,/:;=?@[]~-._"


def harmless(text: str) -> str:
    """Return *text* with a replacement for each character that hides or turns what is read."""
    return _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))


def escaped(text: str) -> str:
    """Return *text* so that Slack shows it: a link or a mention in it (``<!channel>``) is text, and not done."""
    return harmless(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def linked(text: str, limit: int) -> str:
    """Return *text* escaped, and each URL in it as a link that shows where it leads.

    Where that takes more than *limit* units there are no links: what is cut could be cut in the middle of one.
    """
    parts, end = [], 0
    for found in _URL.finditer(text[: limit + 1]):
        url = found[0].rstrip(_AFTER_URL)
        parts += [escaped(text[end : found.start()]), f"<{escaped(quote(url, safe=_IN_URL, errors='replace'))}>"]
        end = found.start() + len(url)
    shown = "".join([*parts, escaped(text[end:])])
    return shown if wording.utf16_length(shown) <= limit else escaped(text)


def fitting(text: str, limit: int) -> str:
    """Return *text*, which is escaped, cut to *limit* units with an ellipsis where it is longer."""
    return text if wording.utf16_length(text) <= limit else _start(text, limit - 1) + "…"


def pieces(text: str, limit: int, most: int) -> list[str]:
    """Return *text*, which is escaped, in at most *most* pieces of *limit* units, parted between lines where possible.

    None of them is blank, which Slack would refuse; what finds no room is cut with an ellipsis.
    """
    found: list[str] = []
    while text.strip():
        if len(found) == most - 1:
            return [*found, fitting(text.strip("\n"), limit)]
        piece = _start(text, limit)
        if len(piece) < len(text):
            piece = piece[: piece.rfind("\n") + 1] or piece
        text = text[len(piece) :]
        if piece.strip():
            found.append(piece.strip("\n"))
    return found


def _start(text: str, limit: int) -> str:
    """Return the longest start of at most *limit* units that cuts no entity in two."""
    start = wording.prefix(text, limit)
    return start if len(start) == len(text) else _BROKEN_ENTITY.sub("", start)
