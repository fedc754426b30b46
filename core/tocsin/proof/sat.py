"""Which gates and atoms of a circuit can be true together: clauses, learned from conflicts, over watched literals.

Only atoms are guessed, false first; the gates follow. Once all are decided somebody else is asked whether that can be
(there may be no string for it), and may answer with a clause that it breaks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from tocsin.proof.budget import Budget

__all__ = ["Clause", "Solver"]

Clause: TypeAlias = list[int]

_GUESS_UNITS: Final = 3
_GROWTH: Final = 1.05
_HIGHEST: Final = 1e100


class Solver:
    """Grows only: what was learned for one question helps with the next."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._values: list[int] = [0]
        self._levels: list[int] = [0]
        self._reasons: list[Clause | None] = [None]
        self._activity: list[float] = [0.0]
        self._phase: list[int] = [-1]
        self._guessed: list[bool] = [False]
        self._watches: dict[int, list[Clause]] = {}
        self._trail: list[int] = []
        self._begins: list[int] = []
        self._next = 0
        self._order: list[tuple[float, int]] = []
        self._bump = 1.0
        self._broken = False
        self._assumed = 0

    def reserve(self, number: int) -> None:
        """Let there be all variables up to *number*."""
        while len(self._values) <= number:
            self._values.append(0)
            self._levels.append(0)
            self._reasons.append(None)
            self._activity.append(0.0)
            self._phase.append(-1)
            self._guessed.append(False)

    def guess(self, number: int) -> None:
        """Let a variable be guessed, where it does not follow from others."""
        if not self._guessed[number]:
            self._guessed[number] = True
            heapq.heappush(self._order, (0.0, number))

    def value(self, literal: int) -> int:
        """Return 1 for what is true now, -1 for what is false, 0 for what is not decided."""
        return self._values[literal] if literal > 0 else -self._values[-literal]

    def add(self, literals: Iterable[int]) -> None:
        """Let one of *literals* be true, from now on; what was decided before is forgotten."""
        self._back_to(0)
        clause = [one for one in dict.fromkeys(literals) if self.value(one) >= 0]
        if any(-one in clause or self.value(one) > 0 for one in clause):
            return
        if not clause:
            self._broken = True
        elif len(clause) == 1:
            self._set(clause[0], None)
        else:
            self._watch(clause)

    def solve(self, assumed: int, breaks: Callable[[], Sequence[int] | None]) -> bool:
        """Whether all can be decided so that *assumed* is true; if so, :meth:`value` tells how.

        :param breaks: is asked once all is decided: it returns a clause that is broken so, or None.
        """
        self._back_to(0)
        if self._broken or self._propagate() is not None or self.value(assumed) < 0:
            return False
        self._assumed = assumed
        self._decide(assumed)
        while True:
            conflict: Sequence[int] | None = self._propagate()
            if conflict is None and not self._guess_next():
                conflict = breaks()
                if conflict is None:
                    return True
                self._keep(conflict)
            if conflict is not None and not self._learn(conflict):
                return False

    def _keep(self, clause: Sequence[int]) -> None:
        """Watch a clause that is broken; where one literal alone can be taken back, it is learned anyway."""
        latest = sorted(clause, key=lambda literal: -self._levels[abs(literal)])
        if len(latest) > 1 and self._levels[abs(latest[0])] == self._levels[abs(latest[1])] > 0:
            self._watch(latest)

    def _decide(self, literal: int) -> None:
        self._begins.append(len(self._trail))
        if self.value(literal) == 0:
            self._set(literal, None)

    def _guess_next(self) -> bool:
        """Guess the most active variable that is not decided; False: all are."""
        while self._order:
            rank, number = heapq.heappop(self._order)
            if self._values[number] == 0:
                if -rank < self._activity[number]:
                    heapq.heappush(self._order, (-self._activity[number], number))
                    continue
                self._budget.spend(_GUESS_UNITS)
                self._decide(number * self._phase[number])
                return True
        return False

    def _set(self, literal: int, reason: Clause | None) -> None:
        number = abs(literal)
        self._values[number] = 1 if literal > 0 else -1
        self._levels[number] = len(self._begins)
        self._reasons[number] = reason
        self._trail.append(literal)

    def _watch(self, clause: Clause) -> None:
        for literal in clause[:2]:
            self._watches.setdefault(literal, []).append(clause)

    def _propagate(self) -> Clause | None:
        """Draw the consequences of what was decided; return a clause that is broken, or None."""
        values = self._values
        while self._next < len(self._trail):
            false = -self._trail[self._next]
            self._next += 1
            watching = self._watches.get(false)
            if not watching:
                continue
            self._budget.spend(1 + len(watching))
            kept: list[Clause] = []
            self._watches[false] = kept
            for index, clause in enumerate(watching):
                if clause[0] == false:
                    clause[0], clause[1] = clause[1], false
                first = clause[0]
                if (values[first] if first > 0 else -values[-first]) > 0:
                    kept.append(clause)
                    continue
                for place in range(2, len(clause)):
                    other = clause[place]
                    if (values[other] if other > 0 else -values[-other]) >= 0:
                        clause[1], clause[place] = other, false
                        self._watches.setdefault(other, []).append(clause)
                        break
                else:
                    kept.append(clause)
                    if self.value(first) < 0:
                        kept.extend(watching[index + 1 :])
                        return clause
                    self._set(first, clause)
        return None

    def _learn(self, conflict: Sequence[int]) -> bool:
        """Take back what led to *conflict*, and see to it that it does not again; False: nothing can be taken back."""
        level = max((self._levels[abs(literal)] for literal in conflict), default=0)
        if level <= 1:
            if level == 0:
                self._broken = True
            return False
        self._back_to(level)
        learned = self._analysed(conflict)
        back = max((self._levels[abs(literal)] for literal in learned[1:]), default=0)
        self._back_to(max(back, 1))
        if len(learned) == 1:
            self._back_to(0)
            self._set(learned[0], None)
            return self._again()
        second = max(range(1, len(learned)), key=lambda place: self._levels[abs(learned[place])])
        learned[1], learned[second] = learned[second], learned[1]
        self._watch(learned)
        if self.value(learned[0]) == 0 and self.value(learned[1]) < 0:
            self._set(learned[0], learned)
        self._bump *= _GROWTH
        return True

    def _again(self) -> bool:
        """Decide anew what was assumed, after something was found to hold always."""
        if self._propagate() is not None:
            self._broken = True
            return False
        if self.value(self._assumed) < 0:
            return False
        self._decide(self._assumed)
        return True

    def _analysed(self, conflict: Sequence[int]) -> Clause:
        """Return the clause that follows from *conflict* and has one literal of its level, which comes first."""
        level = len(self._begins)
        seen: set[int] = set()
        lower: Clause = []
        open_here = 0
        at = len(self._trail)
        clause: Sequence[int] = conflict
        while True:
            self._budget.spend(len(clause))
            for literal in clause:
                number = abs(literal)
                if number in seen or self._levels[number] == 0:
                    continue
                seen.add(number)
                self._more_active(number)
                if self._levels[number] == level:
                    open_here += 1
                else:
                    lower.append(literal)
            while True:
                at -= 1
                literal = self._trail[at]
                if abs(literal) in seen:
                    break
            open_here -= 1
            if open_here == 0:
                return [-literal, *lower]
            reason = self._reasons[abs(literal)]
            assert reason is not None, "it followed from something, for another literal of its level is left"
            clause = [one for one in reason if one != literal]

    def _more_active(self, number: int) -> None:
        self._activity[number] += self._bump
        if self._activity[number] > _HIGHEST:
            self._activity = [one / _HIGHEST for one in self._activity]
            self._bump /= _HIGHEST

    def _back_to(self, level: int) -> None:
        if len(self._begins) <= level:
            return
        begin = self._begins[level]
        for literal in self._trail[begin:]:
            number = abs(literal)
            self._values[number] = 0
            self._reasons[number] = None
            if self._guessed[number]:
                self._phase[number] = 1 if literal > 0 else -1
                heapq.heappush(self._order, (-self._activity[number], number))
        del self._trail[begin:], self._begins[level:]
        self._next = min(self._next, begin)
