"""The flags of Go's regular expressions: what ``(?i)``, ``(?s:…)`` and their like switch on and off."""

from __future__ import annotations

import re
from typing import Final

import attrs

from tocsin_server.convert.go_escapes import InvalidPatternError, UntranslatablePatternError

__all__ = ["Flags", "Opening", "read_opening"]

_FLAGS: Final = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED: Final = re.compile(r"\(\?P?<[A-Za-z0-9_]+>")


@attrs.frozen(slots=True)
class Flags:
    """``fold``: case does not matter; ``newline``: ``.`` matches a newline; ``lines``: ``^`` and ``$`` are a line's."""

    fold: bool = False
    newline: bool = False
    lines: bool = False

    def switched(self, on: str, off: str) -> Flags:
        """Return these flags with the letters *on* set and *off* not."""
        if self.fold and "i" in off:
            raise UntranslatablePatternError("tocsin's patterns cannot switch (?i) off again; write out both cases")

        def one(before: bool, letter: str) -> bool:
            return (before or letter in on) and letter not in off

        return Flags(one(self.fold, "i"), one(self.newline, "s"), one(self.lines, "m"))


@attrs.frozen(slots=True)
class Opening:
    """What a parenthesis begins: a group, or only other flags for the rest of the one around it; and where it ends."""

    flags: Flags
    end: int
    group: bool = True


def read_opening(source: str, index: int, flags: Flags) -> Opening:
    """Return what the parenthesis at *index* begins, inside a group with *flags*."""
    if not source.startswith("(?", index):
        return Opening(flags, index + 1)
    named = _NAMED.match(source, index)
    if named is not None:
        return Opening(flags, named.end())
    found = _FLAGS.match(source, index)
    if found is None:
        raise InvalidPatternError("Go knows no such kind of group, and neither look-ahead nor look-behind")
    on, off, closing = found.groups(default="")
    return Opening(flags.switched(on, off), found.end(), group=closing == ":")
