"""A compiled pattern, and the choice of how it is matched."""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from tocsin.patterns.automaton import Automaton
from tocsin.patterns.determinism import backtracking_is_harmless
from tocsin.patterns.emit import python_source
from tocsin.patterns.facts import Facts, facts
from tocsin.patterns.globs import Globs, expand, globs_of
from tocsin.patterns.linear import Linear
from tocsin.patterns.parse import parse
from tocsin.patterns.syntax import Node, trimmed

__all__ = ["MatchPath", "Pattern", "compile_pattern"]

_MAX_LITERALS: Final = 256
_MAX_GLOBS: Final = 16
_MAX_STATES: Final = 100
_KNOWN: Final = 16_384


class MatchPath(enum.StrEnum):
    """How a pattern is matched. Each way takes linear time on any text; all give the same results."""

    EVERYTHING = "everything"
    LITERALS = "literals"
    GLOBS = "globs"
    BACKTRACKING = "backtracking"
    AUTOMATON = "automaton"


@attrs.frozen(slots=True)
class Pattern:
    """A fully anchored pattern of the one dialect; equal to another of the same source. Made by compile_pattern.

    For indexes: ``literals`` are all the strings that it matches, where these are finitely many and few, else None.
    ``path`` says how it is matched.
    """

    source: str
    node: Node = attrs.field(eq=False, repr=False)
    literals: frozenset[str] | None = attrs.field(eq=False, repr=False)
    path: MatchPath = attrs.field(eq=False, repr=False)
    _test: Callable[[str], object] = attrs.field(eq=False, repr=False)

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole *text*, which may hold any characters."""
        return bool(self._test(text))

    @property
    def prefix(self) -> str:
        """A literal that every match starts with, possibly ''."""
        return self._facts.prefix

    @property
    def required(self) -> str:
        """The longest literal known to be in every match, possibly ''."""
        return self._facts.required

    @functools.cached_property
    def matches_everything(self) -> bool:
        """Whether every text matches. Exact for all but patterns with a great many states, which count as no."""
        if self.path is MatchPath.EVERYTHING:
            return True
        if self.literals is not None or self.required or not self.matches(""):
            return False
        return self.automaton.universal(limit=_MAX_STATES)

    @functools.cached_property
    def automaton(self) -> Automaton:
        """The pattern's automaton, for questions about patterns; made when first asked for."""
        return Automaton(self.node)

    @functools.cached_property
    def _facts(self) -> Facts:
        return facts(self.node)

    def __reduce__(self) -> tuple[Any, ...]:
        return compile_pattern, (self.source,)


@attrs.frozen(slots=True)
class _Backtracking:
    """Python's ``re``, compiled when first needed: that takes longer than all else here."""

    node: Node

    @functools.cached_property
    def fullmatch(self) -> Callable[[str], object]:
        return re.compile(python_source(self.node), re.ASCII).fullmatch

    def matches(self, text: str) -> object:
        return self.fullmatch(text)


def compile_pattern(source: str) -> Pattern:
    """Return the pattern of *source*, fully anchored; ``.`` matches any character, as in Prometheus 3.

    The latest are kept: a configuration is checked and then compiled, and the next one has mostly the same patterns.

    :raises PatternError: when *source* is outside the dialect; the message has the position and what to write instead.
    """
    return _compiled(source)


@functools.lru_cache(maxsize=_KNOWN)
def _compiled(source: str) -> Pattern:
    node = trimmed(parse(source))
    sequences = expand(node, max(_MAX_LITERALS, source.count("|") + 1))
    globs = None if sequences is None else globs_of(sequences)
    literals = globs.exact if globs is not None and not globs.globs else None
    path, test = _way(node, globs)
    return Pattern(source, node, literals, path, test)


def _way(node: Node, globs: Globs | None) -> tuple[MatchPath, Callable[[str], object]]:
    if globs is not None:
        if any(glob.matches_everything for glob in globs.globs):
            return MatchPath.EVERYTHING, _everything
        if not globs.globs:
            return MatchPath.LITERALS, globs.exact.__contains__
        if len(globs.globs) == 1 and not globs.exact:
            return MatchPath.GLOBS, globs.globs[0].matches
        if len(globs.globs) <= _MAX_GLOBS:
            return MatchPath.GLOBS, globs.matches
    if backtracking_is_harmless(node):
        return MatchPath.BACKTRACKING, _Backtracking(node).matches
    return MatchPath.AUTOMATON, Linear(node).matches


def _everything(text: str) -> bool:
    return True
