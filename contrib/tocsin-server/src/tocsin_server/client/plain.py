"""Text that a daemon sent, made fit for a terminal: nothing in it can steer one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["plain", "plain_lines"]

_BREAKS: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_LINE_ENDS: Final = re.compile(r"\r\n|[\n\v\f\r\x85\u2028\u2029]")
_STEERS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, invisible format characters (which can turn the direction of writing), halves of
surrogate pairs, and separators of lines."""

_JOINERS: Final = "\u200c\u200d"
"""Invisible, and parts of ordinary words and emoji."""


def plain(text: str, encoding: str = "utf-8") -> str:
    r"""Return *text* as one line without anything that a terminal would obey.

    Breaks of lines and tabs become a space; every other character that steers, and every one that *encoding* has no
    form for, is written as Python writes it in a string (``\x1b``).
    """
    text = _BREAKS.sub(" ", text)
    if not text.isprintable():
        text = "".join(_shown(character) for character in text)
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def plain_lines(text: str, encoding: str = "utf-8") -> list[str]:
    """Return the lines of *text*, each as :func:`plain` makes it; blank ones at the end are left out."""
    return [plain(line, encoding) for line in _LINE_ENDS.split(text.rstrip())]


def _shown(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _STEERS:
        return character
    return character.encode("unicode_escape").decode("ascii")
