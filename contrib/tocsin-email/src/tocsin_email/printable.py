"""Text of alerts made fit for a mail: nothing in it can end a header, hide, or run on without end."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["cut", "one_line", "printable"]

_SUSPECT: Final = re.compile(r"[^ -~\n\t]")
_JOINERS: Final = "\u200c\u200d"
"""They hold emoji and the letters of some scripts together, and harm nothing."""


def printable(text: str) -> str:
    """Return *text* with line feeds and tabs; other control, format and surrogate characters become ``\ufffd``."""
    return _SUSPECT.sub(lambda found: _shown(found[0]), text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char
    return "\ufffd"


def one_line(text: str) -> str:
    """Return *text*, printable, with every run of white space, line breaks included, as one space."""
    return " ".join(printable(text).split())


def cut(text: str, most: int) -> str:
    """Return *text*, or so much of its beginning that it has *most* characters with the remark how many are missing."""
    if len(text) <= most:
        return text
    kept = most - 40
    return f"{text[:kept]}… ({len(text) - kept} more characters)"
