"""The proof: no alert is left to which no way is open; or one is found, and the engine confirms it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, combinations
from typing import Final

import attrs

from tocsin.engine.plan import Plan
from tocsin.engine.turn import Instant
from tocsin.lab.hearing import heard
from tocsin.lab.prove.assumptions import assumptions, waits
from tocsin.lab.prove.calendar import Calendar, Schedule, Signature, Window
from tocsin.lab.prove.delivery import Case, Delivery
from tocsin.lab.prove.verdict import Counterexample, Question, Verdict
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.proof.budget import Budget, Exhausted
from tocsin.proof.routing import Routing
from tocsin.proof.search import Search, Way
from tocsin.proof.strings import Strings
from tocsin.proof.witness import alert_of

__all__ = ["UNITS", "prove"]

UNITS: Final = 10_000_000
"""The work that a proof may take, unless said otherwise: ten seconds, or somewhat more."""

_WAY_UNITS: Final = 50
_MOST_GUESSES: Final = 16
"""So often an alert is looked for anew when a matcher's predicate does not say what it would have to."""

_MOST_DOUBTFUL: Final = 20
"""So many alerts that the engine does not confirm are looked at."""


@attrs.frozen(slots=True)
class _Situation:
    """A case, and instants that do not differ in who is told."""

    case: Case
    instants: tuple[float, ...]


def prove(plan: Plan, question: Question, *, units: int = UNITS) -> Verdict:
    """Answer the question for *plan*.

    Proved is only what a search that left nothing out found no alert against. A counterexample is one that the engine
    has confirmed.

    :param units: how much work it may take; what would take more is undecided.
    """
    proof = _Proof(plan, question, Budget(units))
    try:
        proved = proof.proved()
    except Exhausted as exhausted:
        proved = False
        proof.doubts.append(f"{exhausted}, for these patterns, or so many channels and times, are too entangled")
    decided = proved or proof.counterexample is not None
    return Verdict(
        proved=proved,
        undecided=() if decided else tuple(dict.fromkeys(proof.doubts)),
        assumptions=assumptions(plan, question, proof.until),
        counterexample=proof.counterexample,
        work=proof.budget.spent,
    )


def _contains(signature: Signature, schedule: Schedule, window: Window) -> bool:
    return (schedule, window) in signature


class _Proof:
    """One run of the search. ``doubts`` say why what was found decides nothing; ``until`` is up to when it looks."""

    def __init__(self, plan: Plan, question: Question, budget: Budget) -> None:
        self.budget = budget
        self.doubts: list[str] = []
        self.counterexample: Counterexample | None = None
        self.until = question.start + question.seconds
        self._plan = plan
        self._question = question
        self._routing = Routing(plan, [question.severity])
        self._search = Search(self._routing.circuit, Strings([question.severity], budget), budget)
        self._signatures: dict[frozenset[Window], dict[Signature, tuple[float, float]]] = {}

    def proved(self) -> bool:
        """Whether every alert reaches somebody in time; if not, there is a counterexample, or there are doubts."""
        question = self._question
        self._calendar = Calendar(self._plan, question.start, question.seconds + question.within, self.budget)
        self.until = self._calendar.until - question.within
        if self.until <= question.start:
            self.doubts.append("its time intervals change too often to be looked at for as long as that")
            return False
        self._delivery = Delivery(
            self._plan, self._routing, self._calendar, question.severity, question.goal, question.within
        )
        situations = self._situations(harsh=True)
        always = frozenset.intersection(*situations)
        if len(situations) > 1 and self._search.find(sorted(always, key=sorted)) is None:
            return True
        for ways, situation in situations.items():
            if self._stands_against(ways, situation):
                break
        else:
            return True
        if self.counterexample is None:
            self._look_without_waits()
        return False

    def _look_without_waits(self) -> None:
        """Look for an alert that is told too late, or nowhere, though nothing keeps it waiting."""
        doubtful = 0
        for ways, situation in self._situations(harsh=False).items():
            doubtful += self._stands_against(ways, situation)
            if self.counterexample is not None or doubtful == _MOST_DOUBTFUL:
                return
        if not doubtful:
            self.doubts += waits(self._plan, self._question)

    def _situations(self, *, harsh: bool) -> dict[frozenset[Way], _Situation]:
        """Return what differs in who is told, by the ways that are open; those with the fewest come first."""
        found: dict[frozenset[Way], _Situation] = {}
        for case in self._cases(harsh):
            for signature, instants in self._moments(frozenset(self._delivery.windows(case))).items():
                ways = self._delivery.ways(case, partial(_contains, signature))
                self.budget.spend(_WAY_UNITS * (1 + len(ways)))
                found.setdefault(ways, _Situation(case, instants))
        return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[1].instants)))

    def _cases(self, harsh: bool) -> Iterator[Case]:
        concerned = self._delivery.concerned()
        sizes = range(min(self._question.tolerate, len(concerned)) + 1)
        for failing in chain.from_iterable(combinations(concerned, size) for size in sizes):
            yield Case(frozenset(failing), harsh)

    def _moments(self, windows: frozenset[Window]) -> dict[Signature, tuple[float, float]]:
        if windows not in self._signatures:
            self._signatures[windows] = self._calendar.signatures(windows, self.until)
        return self._signatures[windows]

    def _stands_against(self, ways: Iterable[Way], situation: _Situation) -> bool:
        """Whether an alert is not shown to reach somebody in a situation; whether it does is confirmed, or a doubt."""
        excluded: list[Way] = []
        for _ in range(_MOST_GUESSES):
            found = self._search.find([*sorted(ways, key=sorted), *excluded])
            if found is None:
                return bool(excluded)
            alert = alert_of(found.words, self._question.severity)
            view = AlertView(alert)
            wrong = [one for one in found.opaque if one[0].holds(view) is not one[1]]
            if not wrong:
                self._confirm(alert, situation)
                return True
            names = ", ".join(sorted({repr(one.name) for one, _ in wrong}))
            self.doubts.append(f"it depends on what the matcher {names} says, which cannot be analysed")
            atom = self._routing.circuit.atom
            excluded.append(frozenset(atom(one) if holds else -atom(one) for one, holds in found.opaque))
        return True

    def _confirm(self, alert: PerformanceAlert, situation: _Situation) -> None:
        question, case = self._question, situation.case
        for at in situation.instants:
            sent = heard(self._plan, alert, Instant(at, at), question.within, case.failing)
            if sent is None:
                continue
            told = tuple(one for one in sent if one.delivered)
            if not any(one.channel_id in question.goal for one in told):
                self.counterexample = Counterexample(alert, at, tuple(sorted(case.failing)), told)
                return
        if not case.harsh:
            self.doubts.append(f"the engine does not confirm that {alert.alert_id!r} is not told: {alert}")
