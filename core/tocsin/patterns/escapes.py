"""What a backslash begins: a literal character, a class such as ``\\d``, or an assertion; anything else is refused."""

from __future__ import annotations

import string
from typing import Final

from tocsin.patterns.charset import DIGIT, SPACE, WORD, CharSet
from tocsin.patterns.reader import Reader
from tocsin.patterns.syntax import AssertionKind

__all__ = ["read_escape"]

_CONTROLS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_CLASSES: Final = {"d": DIGIT, "s": SPACE, "w": WORD}

_ASSERTIONS: Final = {"A": AssertionKind.TEXT_BEGIN, "b": AssertionKind.WORD_BOUNDARY}

_REFUSED: Final = {
    "B": r"\B is read differently by RE2 and Python where the text is empty; write the characters you expect",
    "C": r"\C is a single byte in RE2 and unknown to Python; write . for any character",
    "E": r"\E is unknown to Python; escape each character on its own",
    "G": r"\G is unknown here; patterns match the whole text anyway",
    "K": r"\K is unknown here; patterns match the whole text anyway",
    "N": r"\N is unknown to RE2; write the character itself",
    "P": r"Unicode classes (\P) are unknown to Python; write the characters as a class, for example [^a-z]",
    "Q": r"\Q is unknown to Python; escape each character on its own",
    "U": r"\U is unknown to RE2; write the character itself",
    "Z": r"\Z is the end of the text in Python and unknown to RE2; write $ or leave it out: the whole text must match",
    "k": r"\k is a back-reference, which RE2 cannot match in linear time; write out what is to be repeated",
    "p": r"Unicode classes (\p) are unknown to Python; write the characters as a class, for example [a-z]",
    "u": r"\u is unknown to RE2; write the character itself",
    "z": r"\z is the end of the text in RE2 and unknown to Python; write $ or leave it out: the whole text must match",
}


def read_escape(reader: Reader, *, fold: bool, in_class: bool) -> str | CharSet | AssertionKind:
    """Read what follows a backslash: a literal character as a string, a class (folded if *fold*), or an assertion.

    :raises PatternError: when RE2 and Python do not both know the escape, or read it differently.
    """
    start = reader.index - 1
    letter = reader.take()
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter == "x":
        return _hexadecimal(reader, start)
    if letter and letter.lower() in _CLASSES and letter not in _REFUSED:
        named = _CLASSES[letter.lower()]
        named = named.folded() if fold else named
        return named if letter.islower() else named.complement()
    if letter in _ASSERTIONS:
        if in_class:
            raise reader.error(f"\\{letter} has no meaning inside a class", start)
        return _ASSERTIONS[letter]
    if letter and letter.isascii() and not letter.isalnum():
        return letter
    raise reader.error(_refusal(letter), start)


def _hexadecimal(reader: Reader, start: int) -> str:
    digits = reader.source[reader.index : reader.index + 2]
    if len(digits) < 2 or not set(digits) <= set(string.hexdigits):
        raise reader.error(r"\x takes exactly two hexadecimal digits; write other characters as themselves", start)
    reader.index += 2
    return chr(int(digits, 16))


def _refusal(letter: str) -> str:
    if not letter:
        return r"a backslash ends the pattern; write \\ for a backslash"
    if letter == "0":
        return r"octal escapes are ambiguous; write \x00 with two hexadecimal digits"
    if letter.isascii() and letter.isdigit():
        return (
            f"\\{letter} is a back-reference, which RE2 cannot match in linear time, or an octal escape; "
            r"write out what is to be repeated, or \xHH for a character"
        )
    if not letter.isascii():
        return f"{letter!r} needs no backslash, and RE2 refuses one; write the character itself"
    return _REFUSED.get(letter, f"the escape \\{letter} is unknown; write {letter!r} for the letter itself")
