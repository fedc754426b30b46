"""A question about all alerts of one severity, and the answer to it."""

from __future__ import annotations

import attrs

from tocsin.lab.hearing import Heard
from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity

__all__ = ["Counterexample", "Question", "Verdict"]


@attrs.frozen(slots=True)
class Question:
    """Does each alert of *severity* reach one of the channels *goal* within so many seconds, if nobody acknowledges?

    ``who`` says in words whom the channels reach. So many channels as ``tolerate`` may fail, whichever they are. Asked
    is for alerts that fire from ``start``, wall time, on, for ``seconds``.
    """

    severity: AlertSeverity
    goal: frozenset[str]
    who: str
    within: float
    start: float
    tolerate: int = 0
    seconds: float = 366 * 86_400.0


@attrs.frozen(slots=True, hash=False)
class Counterexample:
    """An alert that reaches nobody in time if it fires at the wall time ``at`` and the channels ``failing`` fail.

    ``told`` are those who are told all the same, in time, and are not meant. The engine has confirmed it.
    """

    alert: PerformanceAlert
    at: float
    failing: tuple[str, ...]
    told: tuple[Heard, ...]


@attrs.frozen(slots=True, hash=False)
class Verdict:
    """The answer: proved, or a counterexample, or neither; ``undecided`` then says why, and nothing otherwise.

    What was proved holds under ``assumptions``. ``work`` is how many steps it took.
    """

    proved: bool
    undecided: tuple[str, ...]
    assumptions: tuple[str, ...]
    counterexample: Counterexample | None
    work: int
