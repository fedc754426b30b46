"""Alertmanager's regular expressions as tocsin's patterns.

Both are fully anchored. Alertmanager's are Go's, in which ``.`` matches no newline unless ``(?s)`` says so; tocsin's
``.`` matches any character. What Go reads literally, and tocsin refuses as ambiguous, is escaped.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from tocsin import PatternError, compile_pattern
from tocsin_server.convert.go_classes import translated_class
from tocsin_server.convert.go_escapes import InvalidPatternError, UntranslatablePatternError, read_escape, written
from tocsin_server.convert.go_flags import Flags, read_opening

__all__ = ["InvalidPatternError", "UntranslatablePatternError", "translated"]

_NO_NEWLINE: Final = "[^\n]"
_REPEAT: Final = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_MOST: Final = 1000
_KEPT: Final = frozenset("dDsSwWA")
_ASSERTIONS: Final = frozenset("bB")
_QUANTIFIERS: Final = "*+?"


def translated(source: str) -> str:
    """Return the pattern that matches what Alertmanager's regular expression *source* matches.

    :raises InvalidPatternError: when Go would not compile it.
    :raises UntranslatablePatternError: when tocsin's patterns cannot say the same.
    """
    pattern = _Translation(source).whole()
    try:
        compile_pattern(pattern)
    except PatternError as error:
        raise UntranslatablePatternError(error.problem) from None
    return pattern


@attrs.define(slots=True)
class _Group:
    """An open group: the flags that hold now, the flags to return to, and how many ``(?i:`` were opened in it."""

    flags: Flags
    wraps: int = 0


class _Translation:
    """Reads the source once, from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._index = 0
        self._out: list[str] = []
        self._groups = [_Group(Flags())]
        self._repeatable = False
        self._repeated = False

    def whole(self) -> str:
        while self._index < len(self._source):
            self._step(self._source[self._index])
        if len(self._groups) > 1:
            raise InvalidPatternError("a group is not closed")
        self._out.append(")" * self._group.wraps)
        return "".join(self._out)

    @property
    def _group(self) -> _Group:
        return self._groups[-1]

    def _step(self, character: str) -> None:
        match character:
            case "(":
                self._open()
            case ")":
                self._close()
            case "|":
                self._split()
            case "[":
                self._atom(*translated_class(self._source, self._index))
            case ".":
                self._atom("." if self._group.flags.newline else _NO_NEWLINE, self._index + 1)
            case "^" | "$":
                self._assertion(character, self._index + 1)
            case "\\":
                self._escape()
            case "*" | "+" | "?":
                self._quantifier(self._index + 1)
            case "{":
                self._brace()
            case "]" | "}":
                self._atom(written(character), self._index + 1)
            case _:
                self._atom(character, self._index + 1)

    def _atom(self, text: str, end: int) -> None:
        self._out.append(text)
        self._index = end
        self._repeatable, self._repeated = True, False

    def _assertion(self, text: str, end: int) -> None:
        if self._group.flags.lines and text in "^$":
            raise UntranslatablePatternError("(?m) makes ^ and $ a line's, which tocsin's patterns have no word for")
        following = self._source[end : end + 1]
        repeated = following and (following in _QUANTIFIERS or _REPEAT.match(self._source, end))
        self._atom(f"(?:{text})" if repeated else text, end)

    def _escape(self) -> None:
        letter = self._source[self._index + 1 : self._index + 2]
        if letter == "Q":
            self._quoted()
        elif letter == "z":
            if self._group.flags.lines:
                raise UntranslatablePatternError(r"\z beside (?m) has no counterpart")
            self._assertion("$", self._index + 2)
        elif letter and letter in _ASSERTIONS:
            self._assertion(f"\\{letter}", self._index + 2)
        elif letter and letter in "pPC":
            raise UntranslatablePatternError(f"\\{letter} has no counterpart; write out the characters in a class")
        elif letter and letter in _KEPT:
            self._atom(f"\\{letter}", self._index + 2)
        else:
            found, end = read_escape(self._source, self._index)
            text = self._source[self._index : end]
            self._atom(text if _alike(text) else written(found), end)

    def _quoted(self) -> None:
        end = self._source.find("\\E", self._index + 2)
        if end < 0:
            raise InvalidPatternError(r"\Q without \E quotes what Alertmanager puts around it, too")
        quoted = self._source[self._index + 2 : end]
        if not quoted and self._source[end + 2 : end + 3] in tuple(_QUANTIFIERS + "{"):
            raise UntranslatablePatternError(r"a quantifier after \Q\E repeats what stands before it; put it there")
        for character in quoted:
            self._atom(written(character), end)
        self._index = end + 2

    def _brace(self) -> None:
        found = _REPEAT.match(self._source, self._index)
        if found is None:
            self._atom(r"\{", self._index + 1)
            return
        least, most = _count(found[1]), _count(found[2] or found[1])
        if least > _MOST or most > _MOST or most < least:
            raise InvalidPatternError(f"a repeat counts upwards, and to at most {_MOST}")
        self._quantifier(found.end())

    def _quantifier(self, end: int) -> None:
        if self._repeated:
            raise InvalidPatternError("two quantifiers follow each other")
        if not self._repeatable:
            raise InvalidPatternError("a quantifier has nothing to repeat")
        if self._source.startswith("?", end):
            end += 1
        self._out.append(self._source[self._index : end])
        self._index = end
        self._repeated = True

    def _open(self) -> None:
        group = self._group
        opening = read_opening(self._source, self._index, group.flags)
        text = self._source[self._index : opening.end]
        folds = opening.flags.fold and not group.flags.fold
        self._index = opening.end
        if opening.group:
            named = text == "(" or text.startswith("(?P<")
            self._out.append(text if named else "(?i:" if folds else "(?:")
            self._groups.append(_Group(opening.flags))
            self._repeatable = self._repeated = False
            return
        if self._source[self._index : self._index + 1] in tuple(_QUANTIFIERS + "{"):
            raise UntranslatablePatternError("a quantifier after (?…) repeats what stands before it; put it there")
        if folds:
            first = len(self._groups) == 1 and not any(self._out)
            self._out.append("(?i)" if first else "(?i:")
            group.wraps += not first
        group.flags = opening.flags

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise UntranslatablePatternError("')' closes the group that Alertmanager puts around the whole")
        self._atom(")" * (1 + self._group.wraps), self._index + 1)
        self._groups.pop()

    def _split(self) -> None:
        wraps = self._group.wraps
        self._out.append(f"{')' * wraps}|{'(?i:' * wraps}")
        self._index += 1
        self._repeatable = self._repeated = False


def _alike(text: str) -> bool:
    try:
        compile_pattern(text)
    except PatternError:
        return False
    return True


def _count(digits: str) -> int:
    return int(digits) if len(digits) < 9 else _MOST + 1
