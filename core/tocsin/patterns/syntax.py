"""The abstract syntax of a pattern: what the parser makes and everything else reads. Groups leave no trace."""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

import attrs

from tocsin.patterns.charset import CharSet

__all__ = [
    "EMPTY",
    "Alternation",
    "Assertion",
    "AssertionKind",
    "Chars",
    "Concat",
    "Literal",
    "Node",
    "Repeat",
    "size",
    "trimmed",
]


@attrs.frozen(slots=True)
class Chars:
    """One character of a non-empty set."""

    chars: CharSet


@attrs.frozen(slots=True)
class Literal:
    """A non-empty string, character by character."""

    text: str


@attrs.frozen(slots=True)
class Concat:
    """One item after the other; of nothing, the empty string."""

    items: tuple[Node, ...] = ()


@attrs.frozen(slots=True)
class Alternation:
    """Any of two or more options."""

    options: tuple[Node, ...]


@attrs.frozen(slots=True)
class Repeat:
    """The body at least ``least`` and at most ``most`` times (None: without limit). Never ``{1}`` or ``{0}``."""

    body: Node
    least: int
    most: int | None


class AssertionKind(enum.Enum):
    """What may be required between two characters."""

    TEXT_BEGIN = "the beginning of the text"
    TEXT_END = "the end of the text"
    WORD_BOUNDARY = "a boundary between ASCII word characters and others"


@attrs.frozen(slots=True)
class Assertion:
    """A condition on a position; it takes no character."""

    kind: AssertionKind


Node: TypeAlias = Literal | Chars | Concat | Alternation | Repeat | Assertion

EMPTY: Final = Concat()


def size(node: Node) -> int:
    """Return how many places the pattern has once its counted repeats are written out."""
    match node:
        case Literal(text):
            return len(text)
        case Concat(items):
            return 1 + sum(size(item) for item in items)
        case Alternation(options):
            return 1 + sum(size(option) for option in options)
        case Repeat(body, least, most):
            return 1 + size(body) * max(least, most or 1)
        case _:
            return 1


def trimmed(node: Node, begin: bool = True, end: bool = True) -> Node:
    """Return the same fully anchored pattern without ``^`` where it must begin and ``$`` where it must end anyway."""
    match node:
        case Assertion(AssertionKind.TEXT_BEGIN) if begin:
            return EMPTY
        case Assertion(AssertionKind.TEXT_END) if end:
            return EMPTY
        case Alternation(options):
            return Alternation(tuple(trimmed(option, begin, end) for option in options))
        case Concat(items) if items:
            return _trimmed_concat(items, begin, end)
        case _:
            return node


def _trimmed_concat(items: tuple[Node, ...], begin: bool, end: bool) -> Node:
    kept = list(items)
    while begin and kept and (head := trimmed(kept[0], True, end and len(kept) == 1)) == EMPTY:
        del kept[0]
    if begin and kept:
        kept[0] = head
    while end and kept and (tail := trimmed(kept[-1], begin and len(kept) == 1, True)) == EMPTY:
        del kept[-1]
    if end and kept:
        kept[-1] = tail
    return kept[0] if len(kept) == 1 else Concat(tuple(kept))
