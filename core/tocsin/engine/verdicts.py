"""Verdicts: every rule with each of its conditions, and why one that holds does not apply."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable

from tocsin.config import NamedCondition
from tocsin.engine.gaps import is_gap
from tocsin.engine.plan import DisabledRule, Node, Plan
from tocsin.model.alert import AlertView
from tocsin.model.explanation import ConditionExplanation, RuleExplanation
from tocsin.roles.matcher import FieldTest

__all__ = ["rule_verdicts"]


def rule_verdicts(plan: Plan, view: AlertView, rule_ids: tuple[str, ...]) -> tuple[RuleExplanation, ...]:
    """Return every rule with its conditions: those of *rule_ids*, which apply, in order, then the nearest misses.

    A rule whose conditions all hold is nearest; then one that misses fewer of them, then one that misses by less.
    """
    applied = {rule_id: place for place, rule_id in enumerate(rule_ids)}
    takers = _Takers(plan, applied)
    own = is_gap(view.alert)
    found = []
    for node in plan.nodes:
        rule_id, conditions = node.rule.rule_id, _conditions(node.conditions, view)
        why, taker = "", None
        if rule_id not in applied and all(one.matched for one in conditions):
            why, taker = ("tocsin's own gaps go by no rule", None) if own else takers.of(node)
        rule = RuleExplanation(rule_id, rule_id in applied, conditions, why, taker)
        found.append((_rank(rule, applied, node.conditions, view), rule))
    for disabled in plan.disabled:
        rule = _disabled(disabled, view)
        found.append((_rank(rule, applied, disabled.conditions, view), rule))
    found.sort(key=lambda pair: pair[0])
    return tuple(rule for _, rule in found)


def _disabled(disabled: DisabledRule, view: AlertView) -> RuleExplanation:
    rule_id = disabled.rule.rule_id
    why = "it is switched off" if disabled.by == rule_id else f"{disabled.by!r} above it is switched off"
    return RuleExplanation(rule_id, False, _conditions(disabled.conditions, view), why)


def _conditions(conditions: Iterable[NamedCondition], view: AlertView) -> tuple[ConditionExplanation, ...]:
    explained = []
    for named in conditions:
        try:
            matched, reason = named.condition.holds(view), named.condition.explain(view)
        except Exception as error:  # noqa: BLE001  a matcher that raises counts as matching
            matched, reason = True, f"the matcher raised {type(error).__name__}, which counts as matching"
        explained.append(ConditionExplanation(named.name, matched, reason))
    return tuple(explained)


def _rank(
    rule: RuleExplanation, applied: dict[str, int], conditions: tuple[NamedCondition, ...], view: AlertView
) -> tuple[bool, int, int, float]:
    missed = [
        named for named, told in zip(conditions, rule.conditions, strict=True) if not told.matched and not rule.matched
    ]
    far = math.fsum(_distance(test, view) for named in missed for test in named.condition.tests)
    return (not rule.matched, applied.get(rule.rule_id, 0), len(missed), far)


def _distance(test: FieldTest, view: AlertView) -> float:
    """Return by how much a test is missed, from 0 to 1: by what of the value is not how something wanted begins."""
    value = test.read(view)
    if test.accepts(value):
        return 0.0
    if test.negated:
        return 1.0
    wanted = (*test.values, *(pattern.source for pattern in test.patterns))
    return min((1.0 - _common(value, one) / max(len(value), len(one), 1) for one in wanted), default=1.0)


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    for place, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return place
    return min(len(one), len(other))


class _Takers:
    """Which rule took the alert from another one, read from those that apply and their places in the tree."""

    def __init__(self, plan: Plan, applied: Iterable[str]) -> None:
        ids = set(applied)
        self._nodes = plan.nodes
        self._applied = [node.index for node in plan.nodes if node.rule.rule_id in ids]
        self._enders: dict[int, Node] = {}
        for node in plan.nodes:
            if not node.continues and node.parent not in self._enders and self._below(node) is not None:
                self._enders[node.parent] = node

    def _below(self, node: Node) -> str | None:
        """Return the first rule that applies of a node and its routes."""
        place = bisect_left(self._applied, node.index)
        if place == len(self._applied) or self._applied[place] > node.last:
            return None
        return self._nodes[self._applied[place]].rule.rule_id

    def of(self, node: Node) -> tuple[str, str | None]:
        """Return why a rule whose conditions hold does not apply, and the rule that took the alert from it."""
        route = self._below(node)
        if route is not None:
            return f"its route {route!r} applies instead", route
        for one in self._from_the_top(node):
            ender = self._enders.get(one.parent)
            if ender is not None and ender.index < one.index:
                above = "" if one is node else f"{one.rule.rule_id!r} above it is not asked: "
                return self._ended_by(ender, above)
        return "other rules applied when it was routed", None

    def _from_the_top(self, node: Node) -> list[Node]:
        path = [node]
        while path[-1].parent >= 0:
            path.append(self._nodes[path[-1].parent])
        return path[::-1]

    def _ended_by(self, ender: Node, above: str) -> tuple[str, str | None]:
        name, taker = ender.rule.rule_id, self._below(ender)
        route = "" if taker == name else f"; its route {taker!r} applies"
        return f"{above}{name!r} came before it and does not continue{route}", taker
