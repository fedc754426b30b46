"""Sets of strings, and a string that is in all of some sets and in none of others.

The sets' automata are never multiplied out: their product is searched state by state, the shortest strings and the
fewest automata first. One that can match no more is let go, and where one can only match there is nothing to find.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final, TypeAlias

import attrs

from tocsin.patterns import Automaton, Pattern, State
from tocsin.proof.budget import Budget
from tocsin.proof.examples import READABLE, example
from tocsin.roles.matcher import FieldTest

__all__ = ["Language", "find"]

_LOOKED_AT: Final = 20
_SURROGATES: Final = (0xD800, 0xDFFF)


@attrs.frozen(slots=True)
class Language:
    """Some values, and whatever one of some patterns matches."""

    values: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, test: FieldTest) -> Language:
        """Return the strings that *test* is about, whether it wants them or, negated, does not."""
        patterns = sorted({pattern.source: pattern for pattern in test.patterns}.values(), key=lambda one: one.source)
        return cls(test.values, tuple(patterns))

    def __contains__(self, text: str) -> bool:
        return text in self.values or any(pattern.matches(text) for pattern in self.patterns)


def find(wanted: Sequence[Language], unwanted: Sequence[Language], budget: Budget, hints: Iterable[str]) -> str | None:
    """Return a string that is in all of *wanted* and none of *unwanted*, or None: there is none.

    :param hints: strings to be tried first, in this order.
    :raises Exhausted: when it is not known.
    """
    finite = [language for language in wanted if not language.patterns]
    if finite:
        fewest = min(finite, key=lambda language: len(language.values)).values
        candidates: Iterable[str] = sorted(fewest, key=lambda text: (len(text), text))
    else:
        values = {value for language in wanted for value in language.values}
        examples = (example(pattern) for language in wanted for pattern in language.patterns)
        candidates = (*hints, *sorted(values), *examples)
    for text in candidates:
        budget.spend(1 + len(wanted) + len(unwanted))
        if all(text in language for language in wanted) and not any(text in language for language in unwanted):
            return text
    return None if finite else _Product(wanted, unwanted, budget).find()


_Live: TypeAlias = tuple[tuple[int, State], ...]


@attrs.frozen(slots=True)
class _Place:
    """A state of the product: of each wanted set what may still match, of the unwanted ones all that may.

    ``prefix`` is what was read, as long as some unwanted value begins so; else None.
    """

    wanted: tuple[_Live, ...]
    unwanted: _Live
    prefix: str | None


class _Product:
    """The lazy product of the automata of all sets."""

    def __init__(self, wanted: Sequence[Language], unwanted: Sequence[Language], budget: Budget) -> None:
        self._budget = budget
        self._automata: list[Automaton] = []
        self._wanted = [self._add(language.patterns) for language in wanted]
        self._unwanted = self._add(dict.fromkeys(pattern for language in unwanted for pattern in language.patterns))
        self._values = sorted({value for language in unwanted for value in language.values})
        self._full: dict[tuple[int, State], bool] = {}

    def _add(self, patterns: Iterable[Pattern]) -> list[int]:
        first = len(self._automata)
        self._automata += [pattern.automaton for pattern in patterns]
        self._budget.spend(100 * (len(self._automata) - first))
        return list(range(first, len(self._automata)))

    def find(self) -> str | None:
        """Return a string that leads to a state in which all is as it should be."""
        start = self._start()
        if start is None:
            return None
        characters = list(self._characters())
        order = count()
        seen = {start}
        waiting = [(0, next(order), "", start)]
        while waiting:
            _, _, text, place = heapq.heappop(waiting)
            if self._accepts(place):
                return text
            for character, symbols in characters:
                following = self._step(place, character, symbols)
                if following is not None and following not in seen:
                    seen.add(following)
                    rank = len(text) + 2 * len(following.unwanted)
                    heapq.heappush(waiting, (rank, next(order), text + character, following))
        return None

    def _start(self) -> _Place | None:
        wanted = tuple(tuple((index, self._automata[index].start) for index in group) for group in self._wanted)
        unwanted = tuple((index, self._automata[index].start) for index in self._unwanted)
        return None if any(map(self._matches_all, unwanted)) else _Place(wanted, unwanted, "" if self._values else None)

    def _characters(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield a character of each class that no automaton tells apart, with its symbol for each of them."""
        own = {ord(character) for value in self._values for character in value}
        edges = {0, *own, *(codepoint + 1 for codepoint in own)}
        edges.update(edge for automaton in self._automata for edge in automaton.alphabet.starts)
        starts = sorted(edge for edge in edges if edge <= 0x10FFFF)
        self._budget.spend(len(starts) * (1 + len(self._automata)))
        readable = sorted(map(ord, READABLE))
        told_apart: dict[tuple[int, ...], str] = {}
        for index, start in enumerate(starts):
            end = starts[index + 1] - 1 if index + 1 < len(starts) else 0x10FFFF
            symbols = tuple([automaton.alphabet.symbol(start) for automaton in self._automata])
            key = (*symbols, start if start in own else -1)
            character = _within(start, end, readable)
            known = told_apart.get(key)
            if known is None or _rank(character) < _rank(known):
                told_apart[key] = character
        for key, character in sorted(told_apart.items(), key=lambda item: _rank(item[1])):
            yield character, key[:-1]

    def _accepts(self, place: _Place) -> bool:
        if place.prefix is not None and self._values[self._at(place.prefix)] == place.prefix:
            return False
        if any(state.accepting for _, state in place.unwanted):
            return False
        return all(any(state.accepting for _, state in group) for group in place.wanted)

    def _at(self, prefix: str) -> int:
        return bisect.bisect_left(self._values, prefix)

    def _step(self, place: _Place, character: str, symbols: tuple[int, ...]) -> _Place | None:
        """Return the state after *character*, or None where nothing can be found behind it."""
        self._budget.spend(1 + len(place.unwanted) + sum(map(len, place.wanted)))
        groups = []
        for group in place.wanted:
            left = self._moved(group, symbols)
            if not left:
                return None
            groups.append(left)
        unwanted = self._moved(place.unwanted, symbols)
        if any(map(self._matches_all, unwanted)):
            return None
        prefix = None if place.prefix is None else place.prefix + character
        if prefix is not None:
            at = self._at(prefix)
            if at == len(self._values) or not self._values[at].startswith(prefix):
                prefix = None
        return _Place(tuple(groups), unwanted, prefix)

    def _moved(self, live: _Live, symbols: tuple[int, ...]) -> _Live:
        moved = ((index, self._automata[index].step(state, symbols[index])) for index, state in live)
        return tuple([(index, state) for index, state in moved if not state.dead])

    def _matches_all(self, live: tuple[int, State]) -> bool:
        """Whether every string is accepted from here on, as far as a look at a few states shows."""
        known = self._full.get(live)
        if known is None:
            known = self._full[live] = live[1].accepting and self._stays_accepting(*live)
        return known

    def _stays_accepting(self, index: int, state: State) -> bool:
        automaton = self._automata[index]
        seen = {state}
        waiting = [state]
        while waiting:
            current = waiting.pop()
            self._budget.spend(len(automaton.alphabet))
            found = {automaton.step(current, symbol) for symbol in automaton.alphabet} - seen
            seen |= found
            if len(seen) > _LOOKED_AT or not all(one.accepting for one in found):
                return False
            waiting.extend(found)
        return True


def _within(first: int, last: int, readable: Sequence[int]) -> str:
    """Return a character of a range: one that reads well, or else, if it can be, one that can be written."""
    at = bisect.bisect_left(readable, first)
    if at < len(readable) and readable[at] <= last:
        return chr(readable[at])
    if _SURROGATES[0] <= first <= _SURROGATES[1] < last:
        return chr(_SURROGATES[1] + 1)
    if first < 0x21 <= last:
        return "!"
    return chr(first)


def _rank(character: str) -> tuple[int, int]:
    found = READABLE.find(character)
    return (found if found >= 0 else len(READABLE), ord(character))
