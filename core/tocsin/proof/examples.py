"""A string that a pattern probably matches, read off its syntax: to be tried before anything is searched for."""

from __future__ import annotations

from typing import Final

from tocsin.patterns import Pattern
from tocsin.patterns.charset import CharSet
from tocsin.patterns.syntax import Alternation, Assertion, Chars, Concat, Literal, Node, Repeat

__all__ = ["READABLE", "example"]

READABLE: Final = "abcdefghijklmnopqrstuvwxyz0123456789-_./:ABCDEFGHIJKLMNOPQRSTUVWXYZ "
"""Characters that read well, the best first."""


def example(pattern: Pattern) -> str:
    """Return a string that the pattern matches, unless something in it asks for more than a look at each part shows."""
    return _of(pattern.node)


def _of(node: Node) -> str:
    match node:
        case Literal(text):
            return text
        case Chars(chars):
            return _readable(chars)
        case Concat(items):
            return "".join(map(_of, items))
        case Alternation(options):
            return _of(options[0])
        case Repeat(body, least, _):
            return _of(body) * least
        case Assertion():
            return ""


def _readable(chars: CharSet) -> str:
    found = next((one for one in READABLE if ord(one) in chars), None)
    return chr(chars.ranges[0][0]) if found is None else found
