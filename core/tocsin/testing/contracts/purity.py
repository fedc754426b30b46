"""That what has to be pure asks no clock and no chance: seen by the call, for two answers in a row are often equal."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from tocsin.testing.contracts.owing import owes

__all__ = ["pure"]

_CLOCKS: Final = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_WITHOUT_AN_INSTANT: Final = {"localtime": 0, "gmtime": 0, "ctime": 0, "strftime": 1}
"""How many arguments they take where they ask the clock; with an instant besides they only calculate."""
_CHANCES: Final = ("random", "uniform", "randint", "randrange", "choice", "choices", "sample", "shuffle", "getrandbits")
_ASKED: Final = {time: (*_CLOCKS, *_WITHOUT_AN_INSTANT), random: _CHANCES, os: ("urandom",)}
_NO_MATTER: Final = frozenset({"logging", "threading", "warnings"})
"""Modules that ask a clock for their own sake."""


@contextmanager
def pure(what: str, source: str) -> Iterator[None]:
    """Fail if a clock or chance is asked meanwhile, as far as that is done by the functions of ``time``, ``random``
    and ``os``.

    :param what: who is called, as the message has it.
    """
    asked: list[str] = []
    patch = pytest.MonkeyPatch()
    for module, names in _ASKED.items():
        for name in names:
            _watch(patch, module, name, asked)
    try:
        yield
    finally:
        patch.undo()
    owes(
        not asked,
        f"{what} asks {', '.join(dict.fromkeys(asked))}",
        "depend on what is given alone: the time is among it where it matters, and chance never is, for a restart and"
        " a replay ask again",
        source,
    )


def _watch(patch: pytest.MonkeyPatch, module: Any, name: str, asked: list[str]) -> None:
    original = getattr(module, name)

    def call(*arguments: Any, **options: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        only_calculates = len(arguments) > _WITHOUT_AN_INSTANT.get(name, len(arguments))
        if not only_calculates and caller not in _NO_MATTER:
            asked.append(f"{module.__name__}.{name}")
        return original(*arguments, **options)

    patch.setattr(module, name, call)
