"""Many patterns of one label at once: which of them a value meets, trying only those that it may meet.

Each pattern is filed under a part that every text it matches has: how they all begin, or a few letters of the literal
that is in all of them; under that one that fewest others are filed under. A value tries what is filed under its own
parts.
"""

from __future__ import annotations

from typing import Final

from tocsin.patterns import Pattern

__all__ = ["PatternTests"]

_LETTERS: Final = 3
_MEMO_LIMIT: Final = 16_384
_MEMO_BYTES: Final = 32 * 1024 * 1024


class PatternTests:
    """Which sets a label's value rules out by its pattern tests, remembered per value up to a bound.

    Sets are bits. A set has at most one pattern here that it wants matched (``wanting`` are those that have one), and
    any number that it wants unmatched.
    """

    __slots__ = ("_filed", "_memo", "_prefix_lengths", "_refusing", "_size", "_wanted", "_wanting")

    def __init__(self) -> None:
        self._filed: dict[str, list[Pattern]] = {}
        self._prefix_lengths: dict[int, None] = {}
        self._wanted: dict[Pattern, int] = {}
        self._refusing: dict[Pattern, int] = {}
        self._wanting = 0
        self._size = 1
        self._memo: dict[str, int] = {}

    def take(self, pattern: Pattern, negated: bool, bit: int) -> bool:
        """Take in a pattern that the set *bit* wants matched, or not; False when it wants another one matched."""
        if not negated:
            if self._wanting & bit:
                return False
            self._wanting |= bit
        if pattern not in self._wanted and pattern not in self._refusing:
            self._file(pattern)
        bits = self._refusing if negated else self._wanted
        bits[pattern] = bits.get(pattern, 0) | bit
        self._size = max(self._size, bit.bit_length() // 8)
        for value, refused in self._memo.items():
            if pattern.matches(value) is negated:
                self._memo[value] = refused | bit
        return True

    def _file(self, pattern: Pattern) -> None:
        parts = {pattern.prefix, *_letters(pattern.required)} - {""} or {""}
        part = min(parts, key=lambda one: (len(self._filed.get(one, ())), -len(one), one))
        self._filed.setdefault(part, []).append(pattern)
        if part == pattern.prefix:
            self._prefix_lengths[len(part)] = None

    def refused(self, value: str) -> int:
        """Return the sets that *value* rules out."""
        found = self._memo.get(value)
        if found is None:
            found = self._found(value)
            if len(self._memo) >= max(64, min(_MEMO_LIMIT, _MEMO_BYTES // self._size)):
                self._memo.clear()
            self._memo[value] = found
        return found

    def _found(self, value: str) -> int:
        wanted = refused = 0
        parts = {value[:length] for length in self._prefix_lengths}
        parts.update(_letters(value))
        for part in parts:
            for pattern in self._filed.get(part, ()):
                if pattern.matches(value):
                    wanted |= self._wanted.get(pattern, 0)
                    refused |= self._refusing.get(pattern, 0)
        return self._wanting & ~wanted | refused


def _letters(text: str) -> list[str]:
    """Return every run of a few letters in *text*."""
    return [text[start : start + _LETTERS] for start in range(len(text) - _LETTERS + 1)]
