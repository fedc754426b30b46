"""What one rendering may cost, in steps, characters and seconds, whatever it says, for it runs in the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import attrs

__all__ = [
    "MOST_CHARACTERS",
    "MOST_SECONDS",
    "MOST_STEPS",
    "Budget",
    "TooLongError",
    "TooMuchError",
    "budget",
    "spending",
    "walk",
]

MOST_STEPS: Final = 75_000
"""Turns of loops, filters, calls, values that are looked at; and what statements and expressions take besides."""

MOST_CHARACTERS: Final = 2_000_000
"""Characters that are looked at or made, those that a filter is given included; and items, where only their type is."""

MOST_SECONDS: Final = 3.0
"""What no rendering comes near that is within the others, unless the machine is slow or busy."""

_DEEPEST: Final = 20
_WIDEST: Final = 10**18


class TooMuchError(Exception):
    """A template does more than it may."""


class TooLongError(TooMuchError):
    """A template takes longer than it may; this time, for it depends on the machine."""


@attrs.define(slots=True, eq=False)
class Budget:
    """What is left of it, until when by *clock* (seconds, monotonic), and how deep macros are in one another.

    ``asked_status``: whether the rendering asked an alert, or a list of them, whether it still fires.
    """

    clock: Callable[[], float] = time.monotonic
    steps: int = MOST_STEPS
    characters: int = MOST_CHARACTERS
    depth: int = 0
    asked_status: bool = False
    ends: float = attrs.field(init=False)

    @ends.default
    def _ends(self) -> float:
        return self.clock() + MOST_SECONDS

    def spend(self, characters: int = 0, steps: int = 1) -> None:
        """Take a step, or so many.

        :raises TooMuchError: when too many were taken, or they were too long.
        :raises TooLongError: when the time is over.
        """
        self.steps -= steps
        self.characters -= characters
        if self.steps < 0:
            raise TooMuchError(f"it takes more than {MOST_STEPS:,} steps")
        if self.characters < 0:
            raise TooMuchError(f"it handles more than {MOST_CHARACTERS:,} characters")
        if self.clock() > self.ends:
            raise TooLongError(f"it takes longer than {MOST_SECONDS:g} seconds")


_CURRENT: ContextVar[Budget] = ContextVar("tocsin_jinja_budget")


def budget() -> Budget:
    """Return the budget of the rendering that goes on."""
    return _CURRENT.get()


@contextmanager
def spending(given: Budget) -> Iterator[None]:
    """Let whatever is rendered meanwhile spend what is *given*."""
    token = _CURRENT.set(given)
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
