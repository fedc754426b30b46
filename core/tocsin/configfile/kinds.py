"""Names for kinds of values, and the traps of YAML, which reads other things than were meant."""

from __future__ import annotations

import datetime
from typing import Final

from tocsin.configfile.document import Items, Node, Scalar, Table

__all__ = ["kind_of", "scalar_kind", "trap"]

LONGEST: Final = 60
"""Characters of a file that a message repeats."""


def kind_of(node: Node) -> str:
    """Name the kind of a value, never the value."""
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    return scalar_kind(node.value)


def scalar_kind(value: object) -> str:
    """Name the kind of a single value."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a date or a time" if isinstance(value, (datetime.date, datetime.time)) else type(value).__name__


def trap(scalar: Scalar, *, hidden: bool) -> str:
    """Return what YAML made of a text, and what to do about it; nothing where it took it as it stands."""
    if not scalar.written:
        return ""
    written = scalar.written if len(scalar.written) < LONGEST else f"{scalar.written[:LONGEST]}…"
    if isinstance(scalar.value, str):
        return f" (YAML reads {'this' if hidden else written} as a string; write it as 1000 or 1.0e+3)"
    if hidden:
        return f" (YAML reads this as {scalar_kind(scalar.value)}; write it in quotes if a text is meant)"
    read = _read(scalar.value)
    return f' (YAML reads {written} as {read}; write "{written}" in quotes if that text is meant)'


def _read(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or not isinstance(value, (int, float)):
        return scalar_kind(value)
    try:
        return f"{value!r:.40}"
    except ValueError:  # Python writes out no number of thousands of digits
        return scalar_kind(value)
