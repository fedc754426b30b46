"""Texts that came from outside, made fit for a drawing: one line each, printable, and no wider than there is room."""

from __future__ import annotations

import unicodedata

__all__ = ["amount", "cut", "shown", "width"]

_LONGEST = 500
"""Characters of one text that are drawn, or stand in a tooltip."""


def shown(text: str) -> str:
    r"""Return *text* with every character that is not printable as Python writes it in a string (``\x1b``)."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in short)


def width(text: str) -> int:
    """Return how many columns *text* takes: most characters one, those of East Asia two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, columns: int) -> str:
    """Return what of *text* fits into *columns*, with a mark where it was cut."""
    if width(text) <= columns:
        return text
    kept = 0
    for place, char in enumerate(text):
        kept += width(char)
        if kept > columns - 1:
            return f"{text[:place]}…"
    return text


def amount(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
