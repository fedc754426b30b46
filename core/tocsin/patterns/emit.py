"""Canonical source text from the syntax, for Python's ``re`` and for RE2: nothing that they could read differently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from tocsin.patterns.charset import ANY, LAST, CharSet
from tocsin.patterns.syntax import Alternation, Assertion, AssertionKind, Chars, Concat, Literal, Node, Repeat

__all__ = ["python_source", "re2_source"]


@attrs.frozen(slots=True)
class _Target:
    """How a library writes a code point and the end of a text."""

    escape: Callable[[int], str]
    text_end: str

    def character(self, codepoint: int) -> str:
        character = chr(codepoint)
        return character if character.isascii() and character.isalnum() else self.escape(codepoint)


def _python_escape(codepoint: int) -> str:
    if codepoint < 0x100:
        return f"\\x{codepoint:02x}"
    return f"\\u{codepoint:04x}" if codepoint < 0x10000 else f"\\U{codepoint:08x}"


def _re2_escape(codepoint: int) -> str:
    return f"\\x{{{codepoint:x}}}"


_PYTHON: Final = _Target(_python_escape, r"\Z")
_RE2: Final = _Target(_re2_escape, r"\z")


def python_source(node: Node) -> str:
    """Return what Python's ``re`` calls *node*; with ``re.ASCII`` for word boundaries, and for ``fullmatch``."""
    return _source(node, _PYTHON)


def re2_source(node: Node) -> str:
    """Return what RE2 calls *node*, for ``fullmatch``."""
    return _source(node, _RE2)


def _source(node: Node, target: _Target) -> str:
    match node:
        case Literal(text):
            return "".join(target.character(ord(character)) for character in text)
        case Chars(chars):
            return _chars(chars, target)
        case Concat(items):
            return "".join(_item(item, target) for item in items)
        case Alternation(options):
            return "|".join(_source(option, target) for option in options)
        case Repeat(body, least, most):
            return _item(body, target, repeated=True) + _counts(least, most)
        case Assertion(AssertionKind.TEXT_BEGIN):
            return r"\A"
        case Assertion(AssertionKind.TEXT_END):
            return target.text_end
        case Assertion():
            return r"\b"


def _item(node: Node, target: _Target, repeated: bool = False) -> str:
    source = _source(node, target)
    short = isinstance(node, Chars) or (isinstance(node, Literal) and len(node.text) == 1)
    alone = short or not (repeated or isinstance(node, Alternation))
    return source if alone else f"(?:{source})"


def _counts(least: int, most: int | None) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if known is not None:
        return known
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _chars(chars: CharSet, target: _Target) -> str:
    if chars == ANY:
        return "(?s:.)"
    if chars.only is not None:
        return target.character(ord(chars.only))
    negated = chars.ranges[0][0] == 0 and chars.ranges[-1][1] == LAST
    shown = chars.complement() if negated else chars
    inside = "".join(
        target.character(first) if first == last else f"{target.character(first)}-{target.character(last)}"
        for first, last in shown.ranges
    )
    return f"[{'^' if negated else ''}{inside}]"
