"""Alert text made fit for a terminal: whatever could move the cursor or hide text is shown instead of done."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["printable", "printable_line"]

_JOINERS: Final = "\u200c\u200d"
"""They hold emoji and the letters of some scripts together, and harm nothing."""

_SUSPECT: Final = re.compile(r"[^ -~]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Return *text* with control, format and surrogate characters as escapes; line feeds and tabs stay."""
    return _SUSPECT.sub(lambda found: found[0] if found[0] in "\n\t" else _shown(found[0]), text.replace("\r\n", "\n"))


def printable_line(text: str) -> str:
    """Return *text* as exactly one line: line feeds and tabs are escapes too."""
    return _SUSPECT.sub(lambda found: _shown(found[0]), text)


def _shown(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char
    return _SHORT.get(char) or char.encode("unicode_escape").decode("ascii")
