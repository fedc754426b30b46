"""A plan's rules as a circuit: which of them match an alert, are reached, and apply.

A rule is reached if it matches, its parent is reached, and no earlier sibling that matches ends the search; a rule that
is reached applies if none of its own routes matches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tocsin.engine.plan import Node, Plan
from tocsin.model.severity import AlertSeverity
from tocsin.proof.circuit import FALSE, TRUE, Circuit
from tocsin.proof.strings import Opaque, Told
from tocsin.roles.matcher import Condition, FieldTest

__all__ = ["Routing"]


class Routing:
    """The circuit, and by a rule's index the literals ``own`` (its own conditions hold), ``matches`` (its ancestors'
    too), ``reached`` and ``applies``.

    :param severities: those that an alert may have; of a single one it is known what tests of it say.
    """

    def __init__(self, plan: Plan, severities: Iterable[AlertSeverity]) -> None:
        self.circuit = Circuit()
        self._severities = {str(severity.value) for severity in severities}
        count = len(plan.nodes)
        self.own = [FALSE] * count
        self.matches = [FALSE] * count
        self.reached = [FALSE] * count
        self.applies = [FALSE] * count
        self.nodes: Sequence[Node] = plan.nodes
        self.below: dict[int, list[Node]] = defaultdict(list)
        for node in plan.nodes:
            self.below[node.parent].append(node)
        self._enter(-1, TRUE, TRUE)

    def first(self, name: Callable[[Node], str | None]) -> dict[str | None, int]:
        """Return the literals of what the first rule that applies and has a *name* is named; None: none has one."""
        none_yet = TRUE
        chosen: dict[str | None, list[int]] = defaultdict(list)
        for node in self.nodes:
            found = name(node)
            if found:
                chosen[found].append(self.circuit.all_of([none_yet, self.applies[node.index]]))
                none_yet = self.circuit.all_of([none_yet, -self.applies[node.index]])
        literals: dict[str | None, int] = {found: self.circuit.any_of(each) for found, each in chosen.items()}
        return {**literals, None: none_yet}

    def condition(self, condition: Condition, name: str) -> int:
        """Return the literal of a condition of the matcher *name*."""
        literals = [self._test(test) for test in condition.tests]
        if condition.predicate is not None:
            literals.append(self.circuit.atom(Opaque(name, condition.predicate)))
        return self.circuit.all_of(literals)

    def _test(self, test: FieldTest) -> int:
        told = Told.of(test)
        if told.own and told.name == "severity":
            answers = {severity in told.language for severity in self._severities}
            literal = (TRUE if answers.pop() else FALSE) if len(answers) == 1 else self.circuit.atom(told)
        else:
            literal = self.circuit.atom(told)
        return -literal if test.negated else literal

    def _enter(self, parent: int, matches: int, open_to: int) -> None:
        """Write the routes of a rule; *open_to* is the literal of the search not having ended before its turn."""
        circuit = self.circuit
        given = len(self.nodes[parent].conditions) if parent >= 0 else 0
        for node in self.below.get(parent, ()):
            index = node.index
            own = (self.condition(named.condition, named.name) for named in node.conditions[given:])
            self.own[index] = circuit.all_of(own)
            self.matches[index] = circuit.all_of([matches, self.own[index]])
            self.reached[index] = circuit.all_of([open_to, self.matches[index]])
            self._enter(index, self.matches[index], open_to)
            routes = [-self.matches[child.index] for child in self.below.get(index, ())]
            self.applies[index] = circuit.all_of([self.reached[index], *routes])
            if not node.continues:
                open_to = circuit.all_of([open_to, -self.matches[index]])
