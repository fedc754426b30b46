"""The classes of characters that an automaton tells apart."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from tocsin.patterns.charset import WORD, CharSet
from tocsin.patterns.nfa import Nfa

__all__ = ["Alphabet"]


class Alphabet:
    """All code points, in classes (symbols) of which every member leads the automaton to the same state.

    ``representatives`` has one code point of each symbol; iterating gives the symbols; ``ascii`` has the symbol of
    each ASCII character. ``starts`` and ``symbols`` say which symbol each range of code points belongs to, so that
    two alphabets can be refined into a common one.
    """

    __slots__ = ("_word", "ascii", "representatives", "starts", "symbols")

    def __init__(self, sets: set[CharSet], *, word: bool) -> None:
        self._word = word
        self.starts, self.symbols = _partition(sets | {WORD} if word else sets)
        found: dict[int, int] = {}
        for start, symbol in zip(self.starts, self.symbols, strict=True):
            found.setdefault(symbol, start)
        self.representatives = tuple(found.values())
        self.ascii = {chr(codepoint): self.symbol(codepoint) for codepoint in range(128)}

    @classmethod
    def of(cls, nfa: Nfa) -> Alphabet:
        """Return the classes that *nfa* tells apart."""
        return cls(set(nfa.chars.values()), word=nfa.asks_word)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.representatives)))

    def __len__(self) -> int:
        return len(self.representatives)

    def symbol(self, codepoint: int) -> int:
        """Return the symbol of a code point."""
        return self.symbols[bisect.bisect_right(self.starts, codepoint) - 1]

    def in_word(self, symbol: int) -> bool:
        """Whether a symbol's characters are ASCII word characters; False where the automaton does not ask."""
        return self._word and self.representatives[symbol] in WORD


def _partition(sets: set[CharSet]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sweep over the edges of all sets; code points inside the same sets get the same symbol, in order of the first."""
    toggles: dict[int, int] = {0: 0}
    for index, chars in enumerate(sorted(sets, key=lambda chars: chars.ranges)):
        for first, last in chars.ranges:
            for edge in (first, last + 1):
                toggles[edge] = toggles.get(edge, 0) ^ (1 << index)
    symbols: dict[int, int] = {}
    starts, found, inside = [], [], 0
    for edge in sorted(toggles):
        inside ^= toggles[edge]
        if edge <= 0x10FFFF:
            starts.append(edge)
            found.append(symbols.setdefault(inside, len(symbols)))
    return tuple(starts), tuple(found)
