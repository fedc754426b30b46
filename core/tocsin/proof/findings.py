"""What is wrong with a plan whatever the alert: rules that none ever comes to, rules alike, levels that tell nobody.

What is found is so; what would take too much work to know is not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import attrs

from tocsin.engine.plan import Node, Plan
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.escalation import EscalationLevel, EscalationPolicy
from tocsin.model.severity import AlertSeverity
from tocsin.patterns import Pattern
from tocsin.patterns.charset import ANY
from tocsin.patterns.syntax import Alternation, Chars, Concat, Literal, Repeat
from tocsin.patterns.syntax import Node as Syntax
from tocsin.proof.budget import Budget, Exhausted
from tocsin.proof.languages import Language
from tocsin.proof.routing import Routing
from tocsin.proof.search import Search
from tocsin.proof.strings import Held, Strings, Told, Words
from tocsin.proof.witness import alert_of

__all__ = ["Findings", "Unreached"]

_Alike: TypeAlias = tuple[object, ...]


@attrs.frozen(slots=True)
class Unreached:
    """A rule that no alert comes to. ``contradicts``: none can meet its conditions. Otherwise all that meet them stop
    at the sibling ``taker``, or, where that is None, at several."""

    node: Node
    contradicts: bool
    taker: Node | None = None


class Findings:
    """Looks for all of it, with so many *units* of work at the most."""

    def __init__(self, plan: Plan, units: int) -> None:
        self._plan = plan
        self._budget = Budget(units)
        self._routing = Routing(plan, AlertSeverity)
        self._strings = Strings(AlertSeverity, self._budget)
        self._search = Search(self._routing.circuit, self._strings, self._budget)
        self._by_id = {node.rule.rule_id: node for node in plan.nodes}
        self._visited: set[int] = set()
        self._chosen: set[str | None] = set()

    def unreached(self) -> Iterator[Unreached]:
        """Yield the rules that no alert comes to; of one and its routes, the rule."""
        lost: set[int] = set()
        try:
            for node in self._plan.nodes:
                if node.parent in lost:
                    lost.add(node.index)
                elif node.index not in self._visited:
                    found = self._lost(node)
                    if found is not None:
                        lost.add(node.index)
                        yield found
        except Exhausted:
            return

    def alike(self) -> Iterator[tuple[Node, Node]]:
        """Yield each rule that differs in nothing from an earlier sibling, with that one; names apart."""
        for siblings in self._routing.below.values():
            seen: dict[_Alike, Node] = {}
            for node in siblings:
                first = seen.setdefault(self._features(node), node)
                if first is not node:
                    yield node, first

    def untold(self) -> Iterator[tuple[EscalationPolicy, EscalationLevel | None]]:
        """Yield the policies of rules to which no alert comes (None), and the levels that tell nobody of any."""
        chosen = self._routing.first(lambda node: node.policy_id)
        try:
            for policy_id, literal in chosen.items():
                policy = self._plan.config.escalation_policies.get(policy_id or "")
                if policy is None:
                    continue
                if policy_id not in self._chosen and self._search.find([frozenset([-literal])]) is None:
                    yield policy, None
                    continue
                for level, channels in policy.escalation_levels.items():
                    if not self._ever_told(literal, (*channels, *policy.default_channels)):
                        yield policy, level
        except Exhausted:
            return

    def accidents(self) -> Iterator[tuple[Node, str, Pattern]]:
        """Yield rules with a condition's name and a pattern that matches everything, though it says more."""
        for node in self._plan.nodes:
            given = len(self._plan.nodes[node.parent].conditions) if node.parent >= 0 else 0
            for named in node.conditions[given:]:
                for test in named.condition.tests:
                    for pattern in test.patterns:
                        beside = len(test.patterns) > 1 or bool(test.values)
                        if (beside or _says_more(pattern.node)) and pattern.matches_everything and not test.negated:
                            yield node, named.name, pattern

    def _ever_told(self, chosen: int, channels: Iterable[str]) -> bool:
        """Whether one of *channels* ever takes an alert that comes to the policy."""
        found = map(self._plan.channels.get, channels)
        least = min((one.channel.min_severity for one in found if one and one.channel.enabled), default=None)
        if least is None or least is AlertSeverity.INFO:
            return least is not None
        values = frozenset(str(one.value) for one in AlertSeverity if one >= least)
        severe = self._routing.circuit.atom(Told(True, "severity", Language(values)))
        return self._search.find([frozenset([-chosen]), frozenset([-severe])]) is not None

    def _lost(self, node: Node) -> Unreached | None:
        """Return why no alert comes to the rule, or None: one does."""
        words = self._words(node)
        if words is None:
            return Unreached(node, contradicts=True)
        if self._routing.reached[node.index] == self._routing.matches[node.index]:
            return None
        sample = alert_of(words, AlertSeverity.CRITICAL)
        self._visit(sample)
        if node.index in self._visited or self._search.find([frozenset([-self._routing.reached[node.index]])]):
            return None
        return Unreached(node, contradicts=False, taker=self._taker(node, sample))

    def _visit(self, alert: PerformanceAlert) -> None:
        """Note which rules an alert comes to, and which policy it gets."""
        verdict = self._plan.route(AlertView(alert))
        self._budget.spend(len(self._plan.nodes))
        self._chosen.add(verdict.policy_id)
        for rule_id in verdict.rule_ids:
            index = self._by_id[rule_id].index
            while index >= 0 and index not in self._visited:
                self._visited.add(index)
                index = self._plan.nodes[index].parent

    def _words(self, node: Node) -> dict[str, Words] | None:
        """Return strings with which an alert meets the conditions of a rule, or None: there are none."""
        circuit = self._routing.circuit
        by_subject: dict[str, list[Held]] = defaultdict(list)
        waiting = [self._routing.matches[node.index]]
        while waiting:
            literal = waiting.pop()
            what = circuit.atoms.get(abs(literal))
            if isinstance(what, Told):
                by_subject[what.subject].append((what, literal > 0))
            elif literal > 0:
                waiting.extend(circuit.inputs.get(literal, ()))
            elif what is None:
                return None
        words: dict[str, Words] = {}
        for subject, held in by_subject.items():
            found = self._strings.words(subject, held)
            if not isinstance(found, Words):
                return None
            words[subject] = found
        return words

    def _taker(self, node: Node, sample: PerformanceAlert) -> Node | None:
        """Return the earlier sibling at which all stop that meet the conditions of a rule, if a single one is that."""
        matches = self._routing.matches
        candidates = self._plan.candidates(AlertView(sample))
        for sibling in self._routing.below[node.parent]:
            if sibling.index >= node.index:
                return None
            if sibling.continues or not candidates >> sibling.index & 1:
                continue
            if self._search.find([frozenset([-matches[node.index]]), frozenset([matches[sibling.index]])]) is None:
                return sibling
        return None

    def _features(self, node: Node) -> _Alike:
        """Return all by which a rule may differ from its siblings, but for how it is called."""
        rule = node.rule
        return (
            self._routing.own[node.index],
            node.continues,
            node.channels,
            node.receiver,
            node.policy_id,
            repr(rule.aggregation),
            rule.mute_time_intervals,
            rule.active_time_intervals,
            tuple(self._features(child) for child in self._routing.below.get(node.index, ())),
        )


def _says_more(node: Syntax) -> bool:
    """Whether a pattern has a part that does not stand for any character."""
    match node:
        case Literal():
            return True
        case Chars(chars):
            return chars != ANY
        case Concat(parts) | Alternation(parts):
            return any(map(_says_more, parts))
        case Repeat(body):
            return _says_more(body)
        case _:
            return False
