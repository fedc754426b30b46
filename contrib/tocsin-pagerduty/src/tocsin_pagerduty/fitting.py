"""Texts made fit for PagerDuty: nothing that hides or reorders what is read, and cut where it is too long, visibly."""

from __future__ import annotations

from typing import Final

from tocsin import wording

__all__ = ["fitting", "fitting_line"]

_RUNS: Final = 8
"""So much more than what fits is looked at, for white space that goes."""


def fitting(text: str, limit: int) -> str:
    """Return *text* as it may be shown, cut to *limit* with an ellipsis where it is longer.

    PagerDuty does not say what it counts, so the larger count is taken: UTF-16 units.
    """
    start = text[: 2 * limit + 2]  # a line break of two characters becomes one; the rest is cut anyway
    return wording.shortened(wording.legible(start), limit)


def fitting_line(text: str, limit: int) -> str:
    """Return *text* the same way, with every run of white space as one space."""
    start = text[: _RUNS * limit]
    line = " ".join(start.split())
    return fitting(line if len(start) == len(text) else f"{line}…", limit)
