"""How a group may open: plainly, without a number, with a name, or with the flags ``i`` and ``s``; no other way."""

from __future__ import annotations

import re
from typing import Final

from tocsin.patterns.reader import Reader

__all__ = ["read_global_flags", "read_opening"]

_FLAGS: Final = re.compile(r"\(\?([A-Za-z-]+)([:)])")
_NAME: Final = re.compile(r"\(\?P<([A-Za-z_][A-Za-z0-9_]*)>")

_REFUSED: Final = {
    "(?=": "look-ahead",
    "(?!": "negative look-ahead",
    "(?<=": "look-behind",
    "(?<!": "negative look-behind",
    "(?P=": "a back-reference",
    "(?P>": "a subroutine call",
    "(?>": "an atomic group",
    "(?(": "a conditional group",
    "(?|": "a branch reset",
    "(?R)": "recursion",
    "(?&": "a subroutine call",
}


def read_global_flags(reader: Reader) -> str:
    """Read flags such as ``(?i)``, which stand at the very start of a pattern, and return their letters.

    :raises PatternError: for a flag that does not mean the same to RE2 and Python.
    """
    letters = ""
    while (flags := _FLAGS.match(reader.source, reader.index)) and flags[2] == ")" and not reader.at("(?R)"):
        letters += _checked(reader, flags[1])
        reader.index = flags.end()
    return letters


def read_opening(reader: Reader, names: set[str]) -> str:
    """Read a group's opening, and return its flags; a name is added to *names* and means nothing.

    :raises PatternError: for any other kind of group, and for a name that is taken.
    """
    flags = _FLAGS.match(reader.source, reader.index)
    named = _NAME.match(reader.source, reader.index)
    if named is not None:
        if named[1] in names:
            raise reader.error(f"the group name {named[1]!r} is used twice")
        names.add(named[1])
        reader.index = named.end()
    elif flags is not None and not reader.at("(?R)"):
        letters = _checked(reader, flags[1])
        if flags[2] == ")":
            raise reader.error(f"flags stand at the very start of a pattern, or apply to a group: (?{letters}:…)")
        reader.index = flags.end()
        return letters
    elif not reader.skip("(?:"):
        if reader.at("(?"):
            raise reader.error(_refusal(reader))
        reader.take()
    return ""


def _checked(reader: Reader, letters: str) -> str:
    if len(set(letters)) != len(letters) or not set(letters) <= {"i", "s"}:
        raise reader.error(
            f"of the flags (?{letters}) only i (ignore case) and s (. matches a newline, as it always does here) "
            "mean the same everywhere; leave the others out"
        )
    return letters


def _refusal(reader: Reader) -> str:
    for opening, name in _REFUSED.items():
        if reader.at(opening):
            return f"{name} {opening.rstrip(')')}…) is refused by RE2, which keeps to linear time; match without it"
    if reader.at("(?#"):
        return "comments (?#…) are unknown to RE2; leave it out"
    if reader.at("(?<") or reader.at("(?P<"):
        return "a group's name is written (?P<name>…), with ASCII letters, digits and _"
    return r"unknown kind of group; write (?:…) for a group, or \(\? for the literal characters"
