"""Durations in words, as short as people say them."""

from __future__ import annotations

from typing import Final

__all__ = ["duration"]

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """Return *seconds* in the one unit that says most: ``3 d``, ``2 h``, ``5 min``, ``12 s``; page.js does the same."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(0.0, seconds))} s"
