"""Character classes in brackets, of which only the unambiguous part is read."""

from __future__ import annotations

from typing import Final

from tocsin.patterns.charset import CharSet, has_agreed_case
from tocsin.patterns.escapes import read_escape
from tocsin.patterns.reader import Reader
from tocsin.patterns.syntax import AssertionKind

__all__ = ["read_class"]

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}

_DOUBLED: Final = ("&&", "--", "||", "~~")


def read_class(reader: Reader, *, fold: bool) -> CharSet:
    """Read a class; the opening bracket is already read.

    :raises PatternError: for whatever is ambiguous, and for a class that no character is in.
    """
    start = reader.index - 1
    negated = reader.skip("^")
    if reader.at("]"):
        raise reader.error(r"']' here is an empty class or a literal; write \] for a literal", reader.index)
    found: list[tuple[int, int]] = []
    while not reader.skip("]"):
        if not reader.next:
            raise reader.error("this class is not closed; write ] at its end", start)
        found.extend(_item(reader, fold, leading=not found))
    chars = CharSet.of(found)
    chars = chars.folded() if fold else chars
    chars = chars.complement() if negated else chars
    if not chars:
        raise reader.error("no character is in this class, so the pattern would never match there", start)
    return chars


def _item(reader: Reader, fold: bool, leading: bool) -> tuple[tuple[int, int], ...]:
    """Read one character, range or shorthand, and return the ranges that it covers."""
    start = reader.index
    if not leading and reader.at("-") and not reader.at("-]") and not reader.at("--"):
        raise reader.error(r"this '-' is ambiguous; write \- for a literal one", start)
    first = last = _member(reader, fold)
    if reader.at("-") and not reader.at("-]"):
        _refuse_doubled(reader)
        reader.take()
        last = _member(reader, fold)
        if not isinstance(first, str) or not isinstance(last, str):
            raise reader.error(r"a range goes from one character to another; write \- for a literal '-'", start)
        if last < first:
            raise reader.error(f"the range {first}-{last} runs backwards", start)
    if not isinstance(first, str) or not isinstance(last, str):
        return first.ranges if isinstance(first, CharSet) else ()
    if fold and not last.isascii() and (first != last or not has_agreed_case(last)):
        raise reader.error(
            "under (?i) only ASCII letters have an agreed case; write both cases of other letters, without (?i)", start
        )
    return ((ord(first), ord(last)),)


def _member(reader: Reader, fold: bool) -> str | CharSet:
    """Read one character or shorthand."""
    start = reader.index
    _refuse_doubled(reader)
    character = reader.take()
    if not character:
        raise reader.error("this class is not closed; write ] at its end", start)
    if character == "[":
        raise reader.error(_opening(reader), start)
    if character != "\\":
        return character
    escape = read_escape(reader, fold=fold, in_class=True)
    assert not isinstance(escape, AssertionKind), "read_escape refuses assertions in a class"
    return escape


def _refuse_doubled(reader: Reader) -> None:
    for doubled in _DOUBLED:
        if reader.at(doubled):
            raise reader.error(f"{doubled!r} in a class may become a set operation; write \\{doubled[0]} for each")


def _opening(reader: Reader) -> str:
    for name, equal in _POSIX.items():
        if reader.at(f":{name}:]"):
            return f"POSIX classes are unknown to Python; write {equal} instead of [:{name}:]"
        if reader.at(f":^{name}:]"):
            return f"POSIX classes are unknown to Python; write the class [^{equal}] instead of [:^{name}:]"
    return r"'[' inside a class is ambiguous (a nested set, a POSIX class); write \[ for a literal one"
