"""How an engine is broken on purpose: one function in the place of another, and the seed of a run that shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, Protocol

import attrs
import pytest

__all__ = ["HOURS", "Breaks", "Mutation", "Taking", "into", "nothing", "replace"]

Breaks = Callable[[pytest.MonkeyPatch], None]

HOURS: Final = 2.0
"""How long the runs are in which mutations are looked for."""


@attrs.frozen
class Mutation:
    """What is broken, how, and the seed of a run that shows it."""

    name: str
    apply: Breaks
    seed: int


class Taking(Protocol):
    """A decorator that takes a function which breaks something into a list, with the seed of a run that shows it."""

    def __call__(self, seed: int) -> Callable[[Breaks], Breaks]:
        """Return the decorator for that seed."""
        ...


def into(found: list[Mutation]) -> Taking:
    """Return the decorator for the list *found*."""

    def mutation(seed: int) -> Callable[[Breaks], Breaks]:
        def take(apply: Breaks) -> Breaks:
            found.append(Mutation(apply.__name__, apply, seed))
            return apply

        return take

    return mutation


def replace(patch: pytest.MonkeyPatch, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put ``make(original)`` in the place of a function, in every module that imported it by its name."""
    original = getattr(owner, name)
    replaced = make(original)
    patch.setattr(owner, name, replaced)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("tocsin") and getattr(module, name, None) is original:
            patch.setattr(module, name, replaced)


def nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""
