"""Texts made fit for Opsgenie: no markup, nothing that hides or reorders what is read, and cut visibly."""

from __future__ import annotations

import re
from typing import Final

from tocsin import wording

__all__ = ["fitting", "fitting_line"]

_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_RUNS: Final = 8
"""So much more than what fits is looked at, for white space that goes."""


def fitting(text: str, limit: int) -> str:
    """Return *text* as it may be shown, cut to *limit* with an ellipsis where it is longer.

    Opsgenie does not say what it counts, so the larger count is taken: UTF-16 units.
    """
    start = text[: 2 * limit + 2]  # a line break of two characters becomes one; the rest is cut anyway
    return wording.shortened(_shown(start), limit)


def fitting_line(text: str, limit: int) -> str:
    """Return *text* the same way, with every run of white space as one space."""
    start = text[: _RUNS * limit]
    line = " ".join(start.split())
    return fitting(line if len(start) == len(text) else f"{line}…", limit)


def _shown(text: str) -> str:
    """Return *text*, legible, and with nothing that begins a tag.

    Opsgenie's pages show HTML in messages and descriptions; its calls, SMS and notifications would show an entity as it
    is written. So what would begin a tag begins with another character that looks like it.
    """
    return _TAG.sub("\u2039", wording.legible(text))
