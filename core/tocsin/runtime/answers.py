"""What a backend answered, brought into a form that the engine can reckon with and a store can keep."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.model._check import is_double
from tocsin.model.outcome import Outcome, OutcomeStatus

__all__ = ["sound"]

_DETAIL: Final = 2000
"""Characters of a detail that are kept: it goes into the journal with each attempt."""

_CODES: Final = range(-(2**31), 2**31)


def sound(answer: object) -> tuple[Outcome, str | None]:
    """Return the outcome that *answer* stands for, and what is wrong with it, if something is.

    What it says for certain counts: a delivery with a malformed code is a delivery. An answer that says nothing for
    certain is *unknown*, and is sent again with the same id. Types are named and values are not: they may be secret.
    """
    if not isinstance(answer, Outcome):
        return _unknown(f"send returned {type(answer).__name__}, not an Outcome")
    if not isinstance(answer.status, OutcomeStatus):
        kind = type(answer.status).__name__  # type: ignore[unreachable]  # plugins do as they like
        return _unknown(f"the outcome's status must be an OutcomeStatus, not of type {kind}")
    wrong = {
        name: kind
        for name, fine, kind in (
            ("detail", isinstance(answer.detail, str), "a string"),
            ("code", _is_code(answer.code), "a whole number or None"),
            ("retry_after_seconds", _is_wait(answer.retry_after_seconds), "a finite number of seconds or None"),
        )
        if not fine
    }
    kept = {name: "" if name == "detail" else None for name in wrong}
    outcome = attrs.evolve(answer, **kept) if wrong else answer  # type: ignore[arg-type]  # "" is the detail's
    if len(outcome.detail) > _DETAIL:
        outcome = attrs.evolve(outcome, detail=outcome.detail[:_DETAIL])
    problem = "; ".join(
        f"the outcome's {name} must be {kind}, not of type {type(getattr(answer, name)).__name__}"
        for name, kind in wrong.items()
    )
    return outcome, problem or None


def _unknown(problem: str) -> tuple[Outcome, str]:
    return Outcome.unknown(problem), problem


def _is_code(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value in _CODES)


def _is_wait(value: object) -> bool:
    return value is None or (is_double(value) and abs(float(value)) < float("inf"))  # type: ignore[arg-type]
