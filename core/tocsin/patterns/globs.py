"""Patterns that are a few literals with gaps (``prod-.*``, ``.*-db-.*``): matched by string search, in linear time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final, TypeAlias

import attrs

from tocsin.patterns.charset import ANY
from tocsin.patterns.syntax import Alternation, Chars, Concat, Literal, Node, Repeat

__all__ = ["MAX_EXPANDED", "Gap", "Glob", "Globs", "expand", "globs_of"]

MAX_EXPANDED: Final = 20_000
"""Characters in all strings that a pattern is expanded to."""


@attrs.frozen(slots=True)
class Gap:
    """At least ``least`` characters, whatever they are."""

    least: int


Piece: TypeAlias = str | Gap
Sequence: TypeAlias = tuple[Piece, ...]


def expand(node: Node, limit: int) -> list[Sequence] | None:
    """Return sequences of literals and gaps that together mean what *node* means.

    None when it cannot be said so, in at most *limit* sequences and :data:`MAX_EXPANDED` characters.
    """
    match node:
        case Literal(text):
            return [(text,)]
        case Chars(chars):
            return [(character,) for character in chars.characters()] if len(chars) <= limit else None
        case Concat(items):
            return _product(_each(items, limit), limit)
        case Alternation(options):
            return _union(_each(options, limit), limit)
        case Repeat(Chars(chars), least, None):
            return [(Gap(least),)] if chars == ANY else None
        case Repeat(body, least, most) if most is not None:
            return _repeated(expand(body, limit), least, most, limit)
        case _:
            return None


def _each(nodes: Iterable[Node], limit: int) -> list[list[Sequence]] | None:
    found = []
    for node in nodes:
        expanded = expand(node, limit)
        if expanded is None:
            return None
        found.append(expanded)
    return found


def _product(parts: Iterable[list[Sequence]] | None, limit: int) -> list[Sequence] | None:
    if parts is None:
        return None
    found: list[Sequence] = [()]
    length = 0
    for part in parts:
        length = length * len(part) + _length(part) * len(found)
        if len(found) * len(part) > limit or length > MAX_EXPANDED:
            return None
        found = [_joined(head, tail) for head, tail in itertools.product(found, part)]
    return found


def _union(parts: Iterable[list[Sequence]] | None, limit: int) -> list[Sequence] | None:
    if parts is None:
        return None
    found = list(dict.fromkeys(itertools.chain.from_iterable(parts)))
    return found if len(found) <= limit and _length(found) <= MAX_EXPANDED else None


def _repeated(body: list[Sequence] | None, least: int, most: int, limit: int) -> list[Sequence] | None:
    """Expand a counted repeat of a finite body; one with gaps is left to the automaton."""
    if body is None or most - least >= limit or any(isinstance(piece, Gap) for found in body for piece in found):
        return None
    rounds = [_product(itertools.repeat(body, least), limit)]
    for _ in range(most - least):
        last = rounds[-1]
        rounds.append(None if last is None else _product([last, body], limit))
    return _union([found for found in rounds if found is not None], limit) if None not in rounds else None


def _joined(head: Sequence, tail: Sequence) -> Sequence:
    """Put two sequences together; where they meet, neighbouring literals or gaps become one."""
    if head and tail:
        before, after = head[-1], tail[0]
        if isinstance(before, str) and isinstance(after, str):
            return (*head[:-1], before + after, *tail[1:])
        if isinstance(before, Gap) and isinstance(after, Gap):
            return (*head[:-1], Gap(before.least + after.least), *tail[1:])
    return head + tail


def _length(sequences: Iterable[Sequence]) -> int:
    return sum(len(piece) for sequence in sequences for piece in sequence if isinstance(piece, str))


@attrs.frozen(slots=True)
class Glob:
    """One literal after the other, each after a gap of at least so many characters; the first stands at the start."""

    head: str
    middles: tuple[tuple[int, str], ...]
    gap: int
    tail: str

    @property
    def matches_everything(self) -> bool:
        """Whether it is one gap that may be empty, and nothing else."""
        return not (self.head or self.middles or self.gap or self.tail)

    def matches(self, text: str) -> bool:
        """Whether the whole *text* is so; the leftmost place for each literal leaves the most room for the others."""
        if not text.startswith(self.head):
            return False
        here = len(self.head)
        for gap, literal in self.middles:
            found = text.find(literal, here + gap)
            if found < 0:
                return False
            here = found + len(literal)
        return text.endswith(self.tail) and here + self.gap + len(self.tail) <= len(text)


@attrs.frozen(slots=True)
class Globs:
    """Exact strings, and globs with a gap."""

    exact: frozenset[str]
    globs: tuple[Glob, ...]

    def matches(self, text: str) -> bool:
        """Whether *text* is one of the strings or meets one of the globs."""
        return text in self.exact or any(glob.matches(text) for glob in self.globs)


def globs_of(sequences: Iterable[Sequence]) -> Globs:
    """Sort expanded sequences into exact strings and globs."""
    exact, globs = set(), []
    for sequence in sequences:
        if any(isinstance(piece, Gap) for piece in sequence):
            globs.append(_glob(sequence))
        else:
            exact.add("".join(piece for piece in sequence if isinstance(piece, str)))
    return Globs(frozenset(exact), tuple(globs))


def _glob(sequence: Sequence) -> Glob:
    literals, gaps = [""], []
    for piece in sequence:
        if isinstance(piece, Gap):
            gaps.append(piece.least)
            literals.append("")
        else:
            literals[-1] += piece
    return Glob(literals[0], tuple(zip(gaps[:-1], literals[1:-1], strict=True)), gaps[-1], literals[-1])
