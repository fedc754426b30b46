"""What one rendering may cost, in steps and in characters, whatever the template says: it runs in the event loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import attrs

__all__ = ["MOST_CHARACTERS", "MOST_STEPS", "Budget", "TooMuchError", "budget", "spending", "walk"]

MOST_STEPS: Final = 60_000
"""Turns of loops, filters, calls and values that are looked at."""

MOST_CHARACTERS: Final = 2_000_000
"""Characters that are looked at or made, those that a filter is given included."""

_DEEPEST: Final = 20
_WIDEST: Final = 10**18


class TooMuchError(Exception):
    """A template does more than it may."""


@attrs.define(slots=True, eq=False)
class Budget:
    """What is left of it, and how deep macros are in one another."""

    steps: int = MOST_STEPS
    characters: int = MOST_CHARACTERS
    depth: int = 0

    def spend(self, characters: int = 0) -> None:
        """Take a step.

        :raises TooMuchError: when too many were taken, or they were too long.
        """
        self.steps -= 1
        self.characters -= characters
        if self.steps < 0:
            raise TooMuchError(f"it takes more than {MOST_STEPS:,} steps")
        if self.characters < 0:
            raise TooMuchError(f"it handles more than {MOST_CHARACTERS:,} characters")


_CURRENT: ContextVar[Budget] = ContextVar("tocsin_jinja_budget")


def budget() -> Budget:
    """Return the budget of the rendering that goes on."""
    return _CURRENT.get()


@contextmanager
def spending() -> Iterator[None]:
    """Give whatever is rendered meanwhile a budget of its own."""
    token = _CURRENT.set(Budget())
    try:
        yield
    finally:
        _CURRENT.reset(token)


def walk(value: Any) -> Any:
    """Pay for looking at all of *value*, and return it.

    :raises TooMuchError: also for a number that is too large, and for what is nested too deeply.
    """
    spend = budget().spend
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        one, depth = pending.pop()
        spend(len(one) if isinstance(one, str) else 0)
        if isinstance(one, int) and abs(one) > _WIDEST:
            raise TooMuchError(f"a whole number has more than {len(str(_WIDEST)) - 1} digits")
        if isinstance(one, (list, tuple, Mapping)):
            if depth >= _DEEPEST:
                raise TooMuchError(f"lists stand in one another more than {_DEEPEST} deep")
            inner = one.items() if isinstance(one, Mapping) else one
            pending += ((item, depth + 1) for item in inner)
    return value
