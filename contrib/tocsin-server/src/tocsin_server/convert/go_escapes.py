"""What a backslash begins in Go's regular expressions, and how a single character is written in tocsin's patterns."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["InvalidPatternError", "UntranslatablePatternError", "read_escape", "written"]

_CONTROLS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEXADECIMAL: Final = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_OCTAL: Final = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_LAST: Final = 0x10FFFF


class InvalidPatternError(ValueError):
    """Go would not compile the regular expression."""


class UntranslatablePatternError(ValueError):
    """Go may compile it, and tocsin's patterns cannot say the same."""


def read_escape(source: str, index: int) -> tuple[str, int]:
    """Return the one character that the escape after the backslash at *index* stands for, and where it ends.

    :raises InvalidPatternError: when it stands for no single character.
    """
    letter = source[index + 1 : index + 2]
    if letter in _CONTROLS and letter:
        return _CONTROLS[letter], index + 2
    found = _HEXADECIMAL.match(source, index + 1)
    if found is not None:
        return _character(int(found[1] or found[2], 16)), found.end()
    found = _OCTAL.match(source, index + 1)
    if found is not None:
        return _character(int(found[0], 8)), found.end()
    if letter and letter.isascii() and not letter.isalnum():
        return letter, index + 2
    raise InvalidPatternError(f"the escape \\{letter} is unknown to Go" if letter else "a backslash ends it")


def _character(codepoint: int) -> str:
    if codepoint > _LAST:
        raise InvalidPatternError("an escape stands for a character that does not exist")
    return chr(codepoint)


def written(character: str) -> str:
    """Return how a pattern says *character* itself, inside a class or outside."""
    if character == "\n" or not character.isascii() or character.isalnum():
        return character
    return f"\\{character}" if character.isprintable() else f"\\x{ord(character):02x}"
