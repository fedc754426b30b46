"""An alert for which some conditions hold and others do not, or the certainty that there is none.

Of what the clauses leave open, only so much is asked of the alert's strings as is needed to justify the answer: a rule
that is passed over for one reason needs no second one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs

from tocsin.proof.budget import Budget
from tocsin.proof.circuit import FALSE, TRUE, Circuit
from tocsin.proof.sat import Solver
from tocsin.proof.strings import Held, Opaque, Strings, Told, Words

__all__ = ["Found", "Search", "Way"]

Way: TypeAlias = frozenset[int]
"""Literals that are not all to be true."""


@attrs.frozen(slots=True, eq=False)
class Found:
    """The strings that an alert needs, by the names of its fields and labels; the others may be anything.

    ``opaque`` are the predicates on which it depends besides, with what each would have to say.
    """

    words: dict[str, Words]
    opaque: tuple[tuple[Opaque, bool], ...]


class Search:
    """Answers question after question about one circuit; what it learned on the way it keeps."""

    def __init__(self, circuit: Circuit, strings: Strings, budget: Budget) -> None:
        self._circuit = circuit
        self._strings = strings
        self._budget = budget
        self._solver = Solver(budget)
        self._solver.reserve(TRUE)
        self._solver.add([TRUE])
        self._written = TRUE

    def find(self, ways: Iterable[Way]) -> Found | None:
        """Return an alert of whose *ways* none is true, or None: there is none.

        :raises Exhausted: when it is not known.
        """
        chosen = [way for way in ways if FALSE not in way]
        if any(way <= {TRUE} for way in chosen):
            return None
        question = self._circuit.free()
        self._write()
        for way in chosen:
            self._solver.add([-question, *(-literal for literal in way)])
        found: list[Found] = []
        solved = self._solver.solve(question, lambda: self._broken(chosen, found))
        self._solver.add([-question])
        return found[0] if solved else None

    def _write(self) -> None:
        """Write the gates that are new as clauses."""
        circuit, solver = self._circuit, self._solver
        solver.reserve(circuit.size)
        for number in range(self._written + 1, circuit.size + 1):
            inputs = circuit.inputs.get(number)
            if inputs is not None:
                for literal in inputs:
                    solver.add([-number, literal])
                solver.add([number, *(-literal for literal in inputs)])
            elif number in circuit.atoms:
                solver.guess(number)
        self._written = circuit.size

    def _broken(self, ways: Sequence[Way], found: list[Found]) -> list[int] | None:
        """Return a clause that says what cannot be of what was decided; None: it can be, and was *found*."""
        needed = self._needed(ways)
        by_subject: dict[str, list[Held]] = defaultdict(list)
        opaque: list[tuple[Opaque, bool]] = []
        for literal in sorted(needed, key=abs):
            what = self._circuit.atoms[abs(literal)]
            if isinstance(what, Told):
                by_subject[what.subject].append((what, literal > 0))
            elif isinstance(what, Opaque):
                opaque.append((what, literal > 0))
        words: dict[str, Words] = {}
        for subject, held in by_subject.items():
            answer = self._strings.words(subject, held)
            if not isinstance(answer, Words):
                literals = {told: self._circuit.atom(told) for told, _ in answer}
                return sorted(-literals[told] if holds else literals[told] for told, holds in answer)
            words[subject] = answer
        found.append(Found(words, tuple(opaque)))
        return None

    def _needed(self, ways: Iterable[Way]) -> set[int]:
        """Return literals of atoms, true as decided, of which it follows that none of *ways* is true."""
        value, circuit = self._solver.value, self._circuit
        needed: set[int] = set()
        seen: set[int] = {TRUE}
        waiting: list[int] = []
        for way in ways:
            waiting.append(self._reason([-literal for literal in way], seen))
            while waiting:
                literal = waiting.pop()
                if literal in seen:
                    continue
                seen.add(literal)
                self._budget.spend()
                inputs = circuit.inputs.get(abs(literal))
                if inputs is None:
                    needed.add(literal)
                elif literal > 0:
                    waiting.extend(inputs)
                else:
                    waiting.append(self._reason([-one for one in inputs if value(one) < 0], seen))
        return needed

    def _reason(self, literals: Sequence[int], seen: set[int]) -> int:
        """Return the cheapest of *literals* that is true: known already, an atom that does not hold, one that does."""
        value, atoms = self._solver.value, self._circuit.atoms

        def cost(literal: int) -> tuple[int, int]:
            if literal in seen:
                return 0, 0
            if abs(literal) in atoms:
                return (1 if literal < 0 else 2), abs(literal)
            return 3, abs(literal)

        return min((literal for literal in literals if value(literal) > 0), key=cost)
