"""A set of characters: sorted, disjoint ranges of code points, lone surrogates included."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import Final

import attrs

__all__ = ["ANY", "DIGIT", "LAST", "SPACE", "WORD", "CharSet", "has_agreed_case"]

LAST: Final = 0x10FFFF
"""The last code point that there is."""

_KELVIN: Final = 0x212A
_LONG_S: Final = 0x17F
_CASE: Final = 0x20


@attrs.frozen(slots=True)
class CharSet:
    """A set of code points as ``(first, last)`` pairs, both inclusive, in order, neither touching nor overlapping."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> CharSet:
        """Return the set that *ranges*, in any order, overlapping or not, cover."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def single(cls, character: str) -> CharSet:
        """Return the set of one character."""
        return cls(((ord(character), ord(character)),))

    def __contains__(self, codepoint: int) -> bool:
        index = bisect.bisect_right(self.ranges, (codepoint, LAST)) - 1
        return index >= 0 and codepoint <= self.ranges[index][1]

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def union(self, other: CharSet) -> CharSet:
        """Return what is in either set."""
        return CharSet.of(self.ranges + other.ranges) if self.ranges and other.ranges else (self or other)

    def complement(self) -> CharSet:
        """Return every character that is not in this set."""
        gaps: list[tuple[int, int]] = []
        free = 0
        for first, last in self.ranges:
            if first > free:
                gaps.append((free, first - 1))
            free = last + 1
        if free <= LAST:
            gaps.append((free, LAST))
        return CharSet(tuple(gaps))

    def overlaps(self, other: CharSet) -> bool:
        """Whether some character is in both sets."""
        mine, theirs = self.ranges, other.ranges
        here = there = 0
        while here < len(mine) and there < len(theirs):
            if mine[here][1] < theirs[there][0]:
                here += 1
            elif theirs[there][1] < mine[here][0]:
                there += 1
            else:
                return True
        return False

    def folded(self) -> CharSet:
        """Return the set closed under case as RE2 folds ASCII letters: k and s also have U+212A and U+017F."""
        found = list(self.ranges)
        for first, last in self.ranges:
            for low in (0x41, 0x61):
                lower, upper = max(first, low), min(last, low + 25)
                if lower <= upper:
                    found.append((lower ^ _CASE, upper ^ _CASE))
        closed = CharSet.of(found)
        for sign, letter in ((_KELVIN, "k"), (_LONG_S, "s")):
            if sign in closed or ord(letter) in closed:
                closed = closed.union(CharSet.of((ord(c), ord(c)) for c in (letter, letter.upper(), chr(sign))))
        return closed

    @property
    def only(self) -> str | None:
        """The character of a set of one, else None."""
        if len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]:
            return chr(self.ranges[0][0])
        return None

    def characters(self) -> Iterable[str]:
        """Yield every character, in order."""
        for first, last in self.ranges:
            yield from map(chr, range(first, last + 1))


ANY: Final = CharSet(((0, LAST),))
DIGIT: Final = CharSet(((0x30, 0x39),))
WORD: Final = CharSet(((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)))
SPACE: Final = CharSet(((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)))
"""What ``\\s`` stands for in RE2: unlike Python's, without the vertical tab."""


def has_agreed_case(character: str) -> bool:
    """Whether everybody folds *character* alike: ASCII, what folds to ASCII, and what neither is a letter nor has case.

    Beyond that, folding depends on a library's version of Unicode.
    """
    if character.isascii() or ord(character) in (_KELVIN, _LONG_S):
        return True
    return not character.isalpha() and {character.lower(), character.upper(), character.casefold()} == {character}
