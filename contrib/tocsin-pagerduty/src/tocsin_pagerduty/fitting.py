"""Texts made fit for PagerDuty: nothing that hides or reorders what is read, and cut where it is too long, visibly."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["fitting", "fitting_line"]

_UNSHOWN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_RUNS: Final = 8
"""So much more than what fits is looked at, for white space that goes."""


def fitting(text: str, limit: int) -> str:
    """Return *text* as it may be shown, cut to *limit* with an ellipsis where it is longer.

    PagerDuty does not say what it counts, so the larger count is taken: UTF-16 units.
    """
    text = _shown(text[: 2 * limit + 2])  # a line break of two characters becomes one; the rest is cut anyway
    if _units(text) <= limit:
        return text
    start = text[: limit - 1]
    while _units(start) > limit - 1:
        start = start[: len(start) - max(1, (_units(start) - limit + 1) // 2)]
    return start + "…"


def fitting_line(text: str, limit: int) -> str:
    """Return *text* the same way, with every run of white space as one space."""
    start = text[: _RUNS * limit]
    line = " ".join(start.split())
    return fitting(line if len(start) == len(text) else f"{line}…", limit)


def _shown(text: str) -> str:
    """Return *text* with a replacement character for each control, each that turns the direction, and half a pair."""
    return _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
