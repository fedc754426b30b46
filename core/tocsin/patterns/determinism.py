"""When is a backtracking matcher harmless? When looking at one character decides, but for a few counted choices.

A choice (go on repeating or stop, this option or that one) is *decided* when the characters that each way may read
next have nothing in common; the end of the text counts as one more character. The wrong way then fails at its first
character, so that a text costs at most its length times the pattern's size. An undecided choice is allowed only
where it is taken a bounded number of times; the ways to take all of them are counted, and the cost multiplied.

So no text can make a pattern catastrophic in which each repeat without limit is decided, has a body in which everything
is decided, and cannot repeat the empty string; which leaves no ambiguous nested or adjacent repeats.
"""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.patterns.charset import CharSet
from tocsin.patterns.syntax import Alternation, Assertion, Chars, Concat, Literal, Node, Repeat

__all__ = ["MAX_ROUTES", "backtracking_is_harmless"]

MAX_ROUTES: Final = 64
"""How many ways there may be through all undecided choices together."""

_UNSAFE: Final = MAX_ROUTES + 1


@attrs.frozen(slots=True)
class _Next:
    """What may be read next: some characters; ``empty`` says that reading nothing is possible too."""

    chars: CharSet
    empty: bool

    def then(self, after: _Next) -> _Next:
        return _Next(self.chars.union(after.chars), after.empty) if self.empty else self

    def clashes(self, other: _Next) -> bool:
        return (self.empty and other.empty) or self.chars.overlaps(other.chars)


_END: Final = _Next(CharSet(), True)


def backtracking_is_harmless(node: Node) -> bool:
    """Whether a backtracking ``fullmatch`` of *node* takes linear time, whatever the text."""
    return _routes(node, _END) <= MAX_ROUTES


def _first(node: Node) -> _Next:
    match node:
        case Literal(text):
            return _Next(CharSet.single(text[0]), False)
        case Chars(chars):
            return _Next(chars, False)
        case Concat(items):
            found = _END
            for item in items:
                if not found.empty:
                    break
                found = found.then(_first(item))
            return found
        case Alternation(options):
            firsts = [_first(option) for option in options]
            chars = CharSet.of(pair for first in firsts for pair in first.chars.ranges)
            return _Next(chars, any(first.empty for first in firsts))
        case Repeat(body, least, _):
            first = _first(body)
            return _Next(first.chars, first.empty or least == 0)
        case Assertion():
            return _END


def _routes(node: Node, after: _Next) -> int:
    """Return the number of ways through *node*'s undecided choices when *after* follows, or a number above the most."""
    match node:
        case Literal() | Chars():
            return 1
        case Concat(items):
            routes = 1
            for item in reversed(items):
                routes = min(routes * _routes(item, after), _UNSAFE)
                after = _first(item).then(after)
            return routes
        case Alternation(options):
            return _alternatives(options, after)
        case Repeat():
            return _repeats(node, after)
        case Assertion():
            return _UNSAFE  # Python's and RE2's engines need not agree on what follows one; the automaton takes these


def _alternatives(options: tuple[Node, ...], after: _Next) -> int:
    routes = [_routes(option, after) for option in options]
    seen = _Next(CharSet(), False)
    for option in options:
        ahead = _first(option).then(after)
        if seen.clashes(ahead):
            return min(sum(routes), _UNSAFE)
        seen = _Next(seen.chars.union(ahead.chars), seen.empty or ahead.empty)
    return max(routes)


def _repeats(repeat: Repeat, after: _Next) -> int:
    first = _first(repeat.body)
    if first.empty:
        return _UNSAFE
    inside = _routes(repeat.body, _Next(first.chars.union(after.chars), after.empty))
    decided = not first.clashes(after)
    if inside == 1 and (decided or repeat.least == repeat.most):
        return 1
    if repeat.most is None or inside > MAX_ROUTES:
        return _UNSAFE
    routes = 0
    for times in range(repeat.least, repeat.most + 1):
        routes += min(inside ** min(times, 64), _UNSAFE)
        if routes > MAX_ROUTES:
            break
    return routes
