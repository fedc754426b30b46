"""Text that came from outside, made fit for a terminal: it is one line, and nothing in it can steer one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

__all__ = ["WIDTH", "listed", "plain", "wrapped"]

WIDTH: Final = 80
"""Columns of what people read."""


def plain(text: str) -> str:
    r"""Return *text* with every character that is not printable as Python writes it in a string (``\x1b``)."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Return *text* in lines of :data:`WIDTH` columns; *first* goes before the first one, *rest* before the others."""
    indent = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        plain(text), WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    ) or [first.rstrip()]


def listed(names: Iterable[str], none: str = "nobody") -> str:
    """Return names with commas; *none* where there are none."""
    return ", ".join(names) or none
