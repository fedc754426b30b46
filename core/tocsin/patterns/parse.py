"""The parser of the one pattern dialect: source text in, abstract syntax out, and clear errors for all else.

What RE2 and Python's ``re`` read alike is accepted; what only one of them knows, or both read differently, is refused
with the position, and with what to write instead. Where a shorthand differs only in its reach (``\\s``, ``\\w`` and
``\\d`` beyond ASCII, ``$`` before a last newline, case folding), RE2's meaning holds; ``.`` is any character.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.errors import PatternError
from tocsin.patterns.brackets import read_class
from tocsin.patterns.charset import ANY, CharSet, has_agreed_case
from tocsin.patterns.escapes import read_escape
from tocsin.patterns.groups import read_global_flags, read_opening
from tocsin.patterns.reader import Reader
from tocsin.patterns.syntax import (
    EMPTY,
    Alternation,
    Assertion,
    AssertionKind,
    Chars,
    Concat,
    Literal,
    Node,
    Repeat,
    size,
)

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_PLACES", "MAX_REPEAT", "parse"]

MAX_LENGTH: Final = 10_000
"""Characters in a pattern's source."""

MAX_PLACES: Final = 20_000
"""Places in the pattern once its counted repeats are written out; what one character of a text may cost at most."""

MAX_DEPTH: Final = 50
"""Groups in one another."""

MAX_REPEAT: Final = 1_000
"""The highest count of a repeat, and the highest product of counts in one another; RE2's own limit."""

_PLAIN: Final = re.compile(r"[^\\.^$*+?{}()\[\]|]+(?![*+?{])")
_COUNTED: Final = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_UPTO: Final = re.compile(r"\{,[0-9]+\}")


def parse(source: str) -> Node:
    """Return the syntax of *source*.

    :raises PatternError: when it is outside the dialect, or longer or deeper than a pattern may be.
    """
    if not isinstance(source, str):
        raise PatternError(f"a pattern is a string, not {type(source).__name__}")
    if len(source) > MAX_LENGTH:
        raise PatternError(f"a pattern has at most {MAX_LENGTH} characters, this one has {len(source)}")
    node = _Parser(source).whole()
    if (places := size(node)) > MAX_PLACES:
        raise PatternError(
            f"pattern {source[:48]!r} has {places} places once its counted repeats are written out, "
            f"and {MAX_PLACES} are allowed; use + or * instead of a high count"
        )
    return node


class _Parser(Reader):
    __slots__ = ("depth", "fold", "names")

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.depth = 0
        self.fold = False
        self.names: set[str] = set()

    def whole(self) -> Node:
        self.fold = "i" in read_global_flags(self)
        node = self._alternation()
        if self.next:
            raise self.error(r"this ')' closes nothing; write \) for a literal one")
        return node

    def _alternation(self) -> Node:
        options = [self._concat()]
        while self.skip("|"):
            options.append(self._concat())
        return options[0] if len(options) == 1 else Alternation(tuple(options))

    def _concat(self) -> Node:
        items: list[Node] = []
        while self.next and self.next not in "|)":
            item = self._plain() or self._repeat()
            if isinstance(item, Literal) and items and isinstance(items[-1], Literal):
                items[-1] = Literal(items[-1].text + item.text)
            elif item != EMPTY:
                items.append(item)
        return items[0] if len(items) == 1 else Concat(tuple(items))

    def _plain(self) -> Node | None:
        """Read the characters that stand for themselves, up to the next that does not or is repeated, at once."""
        run = None if self.fold else _PLAIN.match(self.source, self.index)
        if run is None:
            return None
        self.index = run.end()
        return Literal(run[0])

    def _repeat(self) -> Node:
        start = self.index
        atom = self._atom()
        counts = self._quantifier()
        if counts is None:
            return atom
        if isinstance(atom, Assertion) and self.source[start] != "(":
            raise self.error("^, $ and \\b take no character and cannot be repeated", start)
        least, most = counts
        if most == 0:
            return EMPTY
        if (least, most) == (1, 1):
            return atom
        node = Repeat(atom, least, most)
        if _multiplied(node) > MAX_REPEAT:
            raise self.error(f"repeats in one another come to more than {MAX_REPEAT}, RE2's limit", start)
        return node

    def _quantifier(self) -> tuple[int, int | None] | None:
        """Read a quantifier, if one comes next, as (least, most)."""
        start = self.index
        if self.skip("*"):
            counts: tuple[int, int | None] = (0, None)
        elif self.skip("+"):
            counts = (1, None)
        elif self.skip("?"):
            counts = (0, 1)
        elif self.at("{"):
            counts = self._counted()
        else:
            return None
        self.skip("?")  # a lazy quantifier: which way it prefers makes no difference when the whole text must match
        if self.next == "+":
            raise self.error("possessive quantifiers are unknown to RE2; leave the second + out")
        if self.next and self.next in "*?{":
            raise self.error("two quantifiers in a row are ambiguous; put the first in a group: (?:a*)*", start)
        return counts

    def _counted(self) -> tuple[int, int | None]:
        found = _COUNTED.match(self.source, self.index)
        if found is None:
            if _UPTO.match(self.source, self.index):
                raise self.error("{,n} is a literal in RE2 and a repeat in Python; write {0,n}")
            raise self.error(r"this '{' begins no repeat such as {2} or {2,5}; write \{ for a literal one")
        least = _count(found[1])
        most = (_count(found[3]) if found[3] else None) if found[2] else least
        if least > MAX_REPEAT or (most or 0) > MAX_REPEAT:
            raise self.error(f"a repeat counts to at most {MAX_REPEAT}, RE2's limit; write + or * instead")
        if most is not None and most < least:
            raise self.error(f"this repeat's least, {least}, is more than its most, {most}")
        self.index = found.end()
        return least, most

    def _atom(self) -> Node:
        start = self.index
        character = self.take()
        match character:
            case "(":
                return self._group(start)
            case "[":
                return Chars(read_class(self, fold=self.fold))
            case ".":
                return Chars(ANY)
            case "^":
                return Assertion(AssertionKind.TEXT_BEGIN)
            case "$":
                return Assertion(AssertionKind.TEXT_END)
            case "\\":
                escape = read_escape(self, fold=self.fold, in_class=False)
                if isinstance(escape, AssertionKind):
                    return Assertion(escape)
                return self._literal(escape, start) if isinstance(escape, str) else Chars(escape)
            case "*" | "+" | "?":
                raise self.error(f"{character!r} has nothing to repeat; write \\{character} for a literal one", start)
            case "{" | "}" | "]":
                raise self.error(
                    f"{character!r} without its partner is ambiguous; write \\{character} for a literal one", start
                )
            case _:
                return self._literal(character, start)

    def _literal(self, character: str, start: int) -> Node:
        if not self.fold:
            return Literal(character)
        if not has_agreed_case(character):
            raise self.error(
                f"under (?i) only ASCII letters have an agreed case; write both cases of {character!r}, without (?i)",
                start,
            )
        folded = CharSet.single(character).folded()
        return Literal(character) if folded.only else Chars(folded)

    def _group(self, start: int) -> Node:
        if self.depth == MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} groups in one another", start)
        before = self.fold
        self.index = start
        self.fold |= "i" in read_opening(self, self.names)
        self.depth += 1
        node = self._alternation()
        self.depth -= 1
        if not self.skip(")"):
            raise self.error(r"this '(' is not closed; write \( for a literal one", start)
        self.fold = before
        return node


def _count(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) < 9 else 10**9


def _multiplied(node: Node) -> int:
    """Return the highest product of counts in one another, as RE2 computes it."""
    match node:
        case Concat(parts) | Alternation(parts):
            return max(map(_multiplied, parts), default=1)
        case Repeat(body, least, most):
            return _multiplied(body) * max(least if most is None else most, 1)
        case _:
            return 1
