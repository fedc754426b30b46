"""What every match of a pattern has in common: how it begins, and which literal is in it. For indexes."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final

import attrs

from tocsin.patterns.syntax import Alternation, Assertion, Chars, Concat, Literal, Node, Repeat

__all__ = ["Facts", "facts"]


@attrs.frozen(slots=True)
class Facts:
    """What is true of every text that the pattern matches; assertions are passed over, which only says less.

    ``exact`` is the only such text, or None; every text starts with ``prefix``, ends with ``suffix`` and contains
    ``required``.
    """

    exact: str | None
    prefix: str
    suffix: str
    required: str

    @classmethod
    def literal(cls, text: str) -> Facts:
        """Return the facts of a pattern that matches *text* alone."""
        return cls(text, text, text, text)

    def then(self, other: Facts) -> Facts:
        """Return the facts of one pattern after the other."""
        if self.exact is not None and other.exact is not None:
            return Facts.literal(self.exact + other.exact)
        return Facts(
            None,
            self.prefix if self.exact is None else self.exact + other.prefix,
            other.suffix if other.exact is None else self.suffix + other.exact,
            _longest((self.required, other.required, self.suffix + other.prefix)),
        )


_NONE: Final = Facts(None, "", "", "")
_EMPTY: Final = Facts.literal("")


def facts(node: Node) -> Facts:
    """Return what every match of *node* has in common."""
    match node:
        case Literal(text):
            return Facts.literal(text)
        case Chars(chars):
            return _NONE if chars.only is None else Facts.literal(chars.only)
        case Concat(items):
            return functools.reduce(Facts.then, map(facts, items), _EMPTY)
        case Alternation(options):
            return _shared([facts(option) for option in options])
        case Repeat(body, least, most):
            return _repeated(facts(body), least, most)
        case Assertion():
            return _EMPTY


def _repeated(body: Facts, least: int, most: int | None) -> Facts:
    if least == 0:
        return _EMPTY if body.exact == "" else _NONE
    if body.exact is None:
        return body.then(body) if least > 1 else body
    text = body.exact * least
    return Facts.literal(text) if most == least else Facts(None, text, text, text)


def _shared(options: list[Facts]) -> Facts:
    if len({option.exact for option in options}) == 1 and options[0].exact is not None:
        return options[0]
    prefix = functools.reduce(_common, (option.prefix for option in options))
    suffix = functools.reduce(_common, (option.suffix[::-1] for option in options))[::-1]
    shortest = min((option.required for option in options), key=len)
    common = shortest if all(shortest in option.required for option in options) else ""
    return Facts(None, prefix, suffix, _longest((prefix, suffix, common)))


def _common(one: str, other: str) -> str:
    """Return the longest common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((index for index, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))]


def _longest(texts: Iterable[str]) -> str:
    return max(texts, key=len)
