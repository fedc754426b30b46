"""Thompson's construction: a pattern as places that read one character, branch, or require something of the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tocsin.patterns.charset import CharSet
from tocsin.patterns.syntax import Alternation, Assertion, AssertionKind, Chars, Concat, Literal, Node, Repeat

__all__ = ["Nfa"]

_NOTHING: Final = CharSet()


class Nfa:
    """Numbered places. A place either reads a character of ``chars[place]`` and goes on to ``following[place]``, or
    goes on without reading to any of ``branches[place]``, if ``assertions[place]``, where there is one, holds.

    ``asks_begin`` and ``asks_word`` say whether it matters to any place that the text begins, and what a word is.
    """

    __slots__ = ("accept", "asks_begin", "asks_word", "assertions", "branches", "chars", "following", "start")

    def __init__(self) -> None:
        self.chars: dict[int, CharSet] = {}
        self.following: dict[int, int] = {}
        self.branches: dict[int, tuple[int, ...]] = {}
        self.assertions: dict[int, AssertionKind] = {}
        self.asks_begin = False
        self.asks_word = False
        self.accept = 0
        self.start = 0

    @classmethod
    def of(cls, node: Node) -> Nfa:
        """Return the automaton of *node*; counted repeats are written out."""
        nfa = cls()
        nfa.accept = nfa._branch(())
        nfa.start = nfa._build(node, nfa.accept)
        return nfa

    def chars_at(self, place: int) -> CharSet:
        """Return the characters that the place reads; none where it reads nothing."""
        return self.chars.get(place, _NOTHING)

    def closure(self, places: Iterable[int], holding: frozenset[AssertionKind] = frozenset()) -> frozenset[int]:
        """Return the places that read, accept or assert something, reached from *places* without reading.

        Assertions in *holding* are gone through, others are not.
        """
        waiting = list(places)
        seen = set(waiting)
        while waiting:
            place = waiting.pop()
            kind = self.assertions.get(place)
            if kind is None or kind in holding:
                for target in self.branches.get(place, ()):
                    if target not in seen:
                        seen.add(target)
                        waiting.append(target)
        return frozenset(place for place in seen if self._matters(place))

    def _matters(self, place: int) -> bool:
        return place in self.chars or place in self.assertions or place == self.accept

    def _branch(self, targets: tuple[int, ...]) -> int:
        place = len(self.chars) + len(self.branches)
        self.branches[place] = targets
        return place

    def _read(self, chars: CharSet, after: int) -> int:
        place = len(self.chars) + len(self.branches)
        self.chars[place] = chars
        self.following[place] = after
        return place

    def _build(self, node: Node, after: int) -> int:
        """Add *node* so that it goes on to *after*, and return its first place."""
        match node:
            case Literal(text):
                for character in reversed(text):
                    after = self._read(CharSet.single(character), after)
                return after
            case Chars(chars):
                return self._read(chars, after)
            case Concat(items):
                for item in reversed(items):
                    after = self._build(item, after)
                return after
            case Alternation(options):
                return self._branch(tuple(self._build(option, after) for option in options))
            case Repeat():
                return self._repeat(node, after)
            case Assertion(kind):
                place = self._branch((after,))
                self.assertions[place] = kind
                self.asks_begin |= kind is AssertionKind.TEXT_BEGIN
                self.asks_word |= kind is AssertionKind.WORD_BOUNDARY
                return place

    def _repeat(self, repeat: Repeat, after: int) -> int:
        least = repeat.least
        if repeat.most is None:
            loop = self._branch(())
            body = self._build(repeat.body, loop)
            self.branches[loop] = (body, after)
            after = body if least else loop
            least = max(least - 1, 0)
        else:
            skip = after
            for _ in range(repeat.most - least):
                after = self._branch((self._build(repeat.body, after), skip))
        for _ in range(least):
            after = self._build(repeat.body, after)
        return after
