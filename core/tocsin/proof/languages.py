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

_AUTOMATON_UNITS: Final = 100
_MOVE_UNITS: Final = 5
_PLACE_UNITS: Final = 10
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


_Live: TypeAlias = tuple[int, ...]
"""The states that may still match, by the numbers that the product gives them."""

_DEAD: Final = -1


@attrs.frozen(slots=True)
class _Place:
    """A state of the product: of each wanted set what may still match, of the unwanted ones all that may.

    ``prefix`` is what was read, as long as some unwanted value begins so; else None.
    """

    wanted: tuple[_Live, ...]
    unwanted: _Live
    prefix: str | None


class _Product:
    """The lazy product of the automata of all sets. Their states are numbered, so that places are quickly compared."""

    def __init__(self, wanted: Sequence[Language], unwanted: Sequence[Language], budget: Budget) -> None:
        self._budget = budget
        self._automata: list[Automaton] = []
        self._states: list[State] = []
        self._owners: list[int] = []
        self._moves: list[dict[int, int]] = []
        self._numbers: list[dict[State, int]] = []
        self._full: dict[int, bool] = {}
        self._wanted = [self._add(language.patterns) for language in wanted]
        self._unwanted = self._add(dict.fromkeys(pattern for language in unwanted for pattern in language.patterns))
        self._values = sorted({value for language in unwanted for value in language.values})

    def _add(self, patterns: Iterable[Pattern]) -> _Live:
        """Return the first states of the automata of *patterns*."""
        live = []
        for pattern in patterns:
            self._budget.spend(_AUTOMATON_UNITS)
            self._automata.append(pattern.automaton)
            self._numbers.append({})
            live.append(self._number(len(self._automata) - 1, pattern.automaton.start))
        return tuple(one for one in live if one != _DEAD)

    def _number(self, owner: int, state: State) -> int:
        if state.dead:
            return _DEAD
        number = self._numbers[owner].get(state)
        if number is None:
            number = self._numbers[owner][state] = len(self._states)
            self._states.append(state)
            self._owners.append(owner)
            self._moves.append({})
        return number

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
                    self._budget.spend(_PLACE_UNITS)
                    seen.add(following)
                    rank = len(text) + 2 * len(following.unwanted)
                    heapq.heappush(waiting, (rank, next(order), text + character, following))
        return None

    def _start(self) -> _Place | None:
        if not all(self._wanted) or any(map(self._matches_all, self._unwanted)):
            return None
        return _Place(tuple(self._wanted), self._unwanted, "" if self._values else None)

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
        if any(self._states[number].accepting for number in place.unwanted):
            return False
        return all(any(self._states[number].accepting for number in group) for group in place.wanted)

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
        moved = []
        for number in live:
            following = self._after(number, symbols[self._owners[number]])
            if following != _DEAD:
                moved.append(following)
        return tuple(moved)

    def _after(self, number: int, symbol: int) -> int:
        following = self._moves[number].get(symbol)
        if following is None:
            owner = self._owners[number]
            self._budget.spend(_MOVE_UNITS)
            following = self._number(owner, self._automata[owner].step(self._states[number], symbol))
            self._moves[number][symbol] = following
        return following

    def _matches_all(self, number: int) -> bool:
        """Whether every string is accepted from here on, as far as a look at a few states shows."""
        known = self._full.get(number)
        if known is None:
            known = self._full[number] = self._states[number].accepting and self._stays_accepting(number)
        return known

    def _stays_accepting(self, number: int) -> bool:
        alphabet = self._automata[self._owners[number]].alphabet
        seen = {number}
        waiting = [number]
        while waiting:
            current = waiting.pop()
            found = {self._after(current, symbol) for symbol in alphabet} - seen
            seen |= found
            if _DEAD in found or len(seen) > _LOOKED_AT:
                return False
            if not all(self._states[one].accepting for one in found):
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
