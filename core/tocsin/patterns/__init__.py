"""The one pattern dialect, for the engine, silences, conversion and proofs alike.

A pattern is what RE2 and Python's ``re`` both read, in the same way; anything else, and anything ambiguous, is a
:exc:`tocsin.PatternError` that says where and what to write instead. A pattern must match the whole text, and ``.``
matches any character, as in Prometheus 3. ``\\d``, ``\\w``, ``\\s``, ``\\b`` and ``(?i)`` mean what they mean to RE2,
``$`` the very end. However hostile the text, matching takes linear time.

``parse`` makes ``syntax`` of a source; ``pattern`` then chooses how to match it: by ``globs`` (literals and gaps), by
Python's ``re`` where ``determinism`` shows that backtracking is harmless, or else by the ``automaton``.
"""

from tocsin.patterns.alphabet import Alphabet
from tocsin.patterns.automaton import Automaton, State
from tocsin.patterns.charset import CharSet
from tocsin.patterns.label_matchers import parse_label_matchers
from tocsin.patterns.nfa import Nfa
from tocsin.patterns.pattern import MatchPath, Pattern, compile_pattern

__all__ = [
    "Alphabet",
    "Automaton",
    "CharSet",
    "MatchPath",
    "Nfa",
    "Pattern",
    "State",
    "compile_pattern",
    "parse_label_matchers",
]
