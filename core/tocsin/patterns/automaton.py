"""A linear-time automaton: Thompson's NFA over ranges of code points, with a lazily built, bounded DFA over it.

Reading a text takes at most its length times the pattern's size, whatever the text. The states of the DFA are public,
so that questions about patterns (does one exclude the other? is it universal?) can be searched lazily in products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.patterns.alphabet import Alphabet
from tocsin.patterns.nfa import Nfa
from tocsin.patterns.syntax import AssertionKind, Node

__all__ = ["CACHE_CELLS", "Automaton", "State"]

CACHE_CELLS: Final = 100_000
"""How much of the DFA is kept: transitions, plus places in states. What is above it is forgotten and made again."""


class State:
    """A state of the DFA: what the pattern may still read; equal states of one automaton accept the same.

    ``accepting`` says whether the text may end here; a ``dead`` state can read nothing more and accepts nothing.
    """

    __slots__ = ("accepting", "at_begin", "dead", "in_word", "moves", "places")

    def __init__(self, places: frozenset[int], at_begin: bool, in_word: bool, accepting: bool) -> None:
        self.places = places
        self.at_begin = at_begin
        self.in_word = in_word
        self.accepting = accepting
        self.dead = not places
        self.moves: dict[int, State] = {}

    @property
    def key(self) -> _Key:
        """What makes two states of one automaton equal."""
        return self.places, self.at_begin, self.in_word

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


_Key = tuple[frozenset[int], bool, bool]


class Automaton:
    """The automaton of one pattern. ``alphabet`` has the symbols that :meth:`step` takes.

    It may be shared by threads: two that build the same state at once do no harm.
    """

    __slots__ = ("_cells", "_states", "alphabet", "cache_cells", "nfa")

    def __init__(self, node: Node, *, cache_cells: int = CACHE_CELLS) -> None:
        self.nfa = Nfa.of(node)
        self.alphabet = Alphabet.of(self.nfa)
        self.cache_cells = cache_cells
        self._states: dict[_Key, State] = {}
        self._cells = 0

    @property
    def start(self) -> State:
        """The state before the first character."""
        return self._state(self.nfa.closure([self.nfa.start]), at_begin=True, in_word=False)

    def accepts(self, text: str) -> bool:
        """Whether the pattern matches the whole *text*."""
        state = self.start
        symbols, symbol_of = self.alphabet.ascii, self.alphabet.symbol
        for character in text:
            symbol = symbols.get(character)
            if symbol is None:
                symbol = symbol_of(ord(character))
            following = state.moves.get(symbol)
            if following is None:
                following = self.step(state, symbol)
            if following.dead:
                return False
            state = following
        return state.accepting

    def step(self, state: State, symbol: int) -> State:
        """Return the state after *state* once a character of the class *symbol* was read."""
        following = state.moves.get(symbol)
        if following is None:
            character = self.alphabet.representatives[symbol]
            in_word = self.alphabet.in_word(symbol)
            places = self._crossed(state, in_word, ends=False)
            reached = (self.nfa.following[place] for place in places if character in self.nfa.chars_at(place))
            following = self._state(self.nfa.closure(reached), at_begin=False, in_word=in_word)
            self._cells += 1
            state.moves[symbol] = following
        return following

    def universal(self, *, limit: int) -> bool:
        """Whether every text is accepted; False too when that is not known after *limit* states."""
        if not self.start.accepting:
            return False
        seen = {self.start}
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            found = {self.step(state, symbol) for symbol in self.alphabet} - seen
            seen |= found
            if len(seen) > limit or not all(state.accepting for state in found):
                return False
            waiting.extend(found)
        return True

    def _state(self, places: frozenset[int], at_begin: bool, in_word: bool) -> State:
        at_begin = at_begin and self.nfa.asks_begin
        in_word = in_word and self.nfa.asks_word
        key = (places, at_begin, in_word)
        state = self._states.get(key)
        if state is None:
            if self._cells > self.cache_cells:
                self._states, self._cells = {}, 0
            state = State(places, at_begin, in_word, accepting=False)
            state.accepting = self.nfa.accept in self._crossed(state, in_word=False, ends=True)
            self._states[key] = state
            self._cells += len(places) + 1
        return state

    def _crossed(self, state: State, in_word: bool, ends: bool) -> frozenset[int]:
        """Return the state's places and those behind its assertions that hold before what comes next."""
        if not self.nfa.assertions:
            return state.places
        return self.nfa.closure(state.places, frozenset(self._holding(state, in_word, ends)))

    @staticmethod
    def _holding(state: State, in_word: bool, ends: bool) -> Iterator[AssertionKind]:
        if state.at_begin:
            yield AssertionKind.TEXT_BEGIN
        if ends:
            yield AssertionKind.TEXT_END
        if state.in_word is not in_word:
            yield AssertionKind.WORD_BOUNDARY
