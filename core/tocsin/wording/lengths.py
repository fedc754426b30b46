"""How long a text is to a receiver, and what of it fits.

Most services do not say what they count. A length in UTF-16 units is never smaller than one in characters, so a text
that is short enough in units is short enough.
"""

from __future__ import annotations

__all__ = ["prefix", "shortened", "utf16_length"]

_ELLIPSIS = "…"


def utf16_length(text: str) -> int:
    """Return the length of *text* in UTF-16 units: two for a character beyond U+FFFF, such as an emoji."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def prefix(text: str, limit: int) -> str:
    """Return the longest start of *text* of at most *limit* UTF-16 units; no character is cut in two."""
    start = text[: max(limit, 0)]
    while (excess := utf16_length(start) - limit) > 0 and start:
        start = start[: len(start) - max(1, excess // 2)]
    return start


def shortened(text: str, limit: int) -> str:
    """Return *text*, cut to *limit* UTF-16 units with an ellipsis at its end where it is longer."""
    return text if utf16_length(text) <= limit else prefix(text, limit - 1) + _ELLIPSIS
