"""Texts of alerts as they may be shown: nothing in them hides, or reorders, what stands beside it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["legible"]

_UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def legible(text: str) -> str:
    """Return *text* with U+FFFD for each control, each character that turns the direction, and half a surrogate pair.

    Tabs and line feeds stay, and a carriage return with a line feed is a line feed. Markup is for its own escapes.
    """
    return _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))
