"""Rows of the rules' picture: a part of the tree that fits on a page, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from tocsin import AlertSeverity, RuleExplanation
from tocsin_server.page.rule_tree import Branch, RuleTree

__all__ = ["Picture", "RuleRow"]

_MOST: Final = 200
"""So many rules stand on a page; what is below others gives way."""

_DEEPEST: Final = 4
"""So many levels are shown below a rule."""

_FEW: Final = 12
_LONGEST: Final = 300


@attrs.frozen(slots=True)
class RuleRow:
    """A rule as it is shown; ``folded`` of those below it are not.

    ``verdict`` on the alert that was typed is ``applies``, ``leads`` to one that does, ``misses``, or empty: none was
    typed. ``why`` says what it misses.
    """

    rule_id: str
    name: str
    conditions: tuple[str, ...]
    channels: tuple[str, ...]
    more_channels: int
    receiver: str | None
    inherits: bool
    policy: str | None
    notes: tuple[str, ...]
    off: bool
    verdict: str
    why: str
    folded: int
    routes: tuple[RuleRow, ...]


class Picture:
    """Draws parts of a tree, with what was explained of an alert that was typed; None: nothing was.

    A part shows as many levels as there are with at most 200 rules in all; what is below those is folded.
    """

    def __init__(self, tree: RuleTree, rules: Iterable[RuleExplanation] | None) -> None:
        self._tree = tree
        self._explained = None if rules is None else {rule.rule_id: rule for rule in rules}
        self._applied = {one.rule_id for one in (self._explained or {}).values() if one.matched}
        self._leading = {one for rule_id in self._applied for one in tree.way(rule_id)}
        self.policies: dict[str, None] = {}

    def part(self, rule_ids: Iterable[str]) -> tuple[RuleRow, ...]:
        """Return the rows of these rules, with what is below them."""
        rule_ids = tuple(rule_ids)
        levels = self._levels(rule_ids)
        return tuple(self._row(rule_id, None, levels) for rule_id in rule_ids)

    def _levels(self, rule_ids: tuple[str, ...]) -> int:
        """Return how many levels below these rules are shown, of all of them alike."""
        count, level = len(rule_ids), rule_ids
        for shown in range(_DEEPEST):
            level = tuple(one for rule_id in level for one in self._tree.below(rule_id))
            count += len(level)
            if count > _MOST:
                return shown
        return _DEEPEST

    def under(self, rule_id: str, routes: Iterable[str]) -> tuple[RuleRow, ...]:
        """Return the row of one rule with these of its routes, and what is below them."""
        return (attrs.evolve(self._row(rule_id, (), 0), routes=self.part(routes)),)

    def path(self, rule_ids: Iterable[str]) -> tuple[RuleRow, ...]:
        """Return the rows that lead to these rules, and no others."""
        kept = dict.fromkeys(one for rule_id in rule_ids for one in self._tree.way(rule_id))
        return tuple(self._row(one, kept, 0) for one in self._tree.top if one in kept)

    def _row(self, rule_id: str, kept: Collection[str] | None, deep: int) -> RuleRow:
        branch = self._tree.branches[rule_id]
        rule = branch.rule
        below = self._below(branch, kept, deep)
        if branch.policy is not None:
            self.policies[branch.policy] = None
        verdict, why = self._verdict(rule_id)
        return RuleRow(
            rule_id,
            "" if rule.name == rule_id else rule.name,
            tuple(_conditions(rule.conditions, top=not branch.above)),
            branch.channels[:_FEW],
            len(branch.channels[_FEW:]),
            rule.receiver,
            branch.inherits,
            rule.escalation_policy_id,
            tuple(_notes(branch)),
            bool(branch.off),
            verdict,
            why,
            0 if below or kept is not None else branch.size,
            tuple(self._row(one, kept, deep - 1) for one in below),
        )

    def _below(self, branch: Branch, kept: Collection[str] | None, deep: int) -> tuple[str, ...]:
        if kept is not None:
            return tuple(one for one in branch.routes if one in kept)
        return branch.routes if deep else ()

    def _verdict(self, rule_id: str) -> tuple[str, str]:
        if self._explained is None:
            return "", ""
        if rule_id in self._applied:
            return "applies", ""
        if rule_id in self._leading:
            return "leads", ""
        rule = self._explained.get(rule_id)
        if rule is None:
            return "misses", ""
        missed = [one.reason for one in rule.conditions if not one.matched]
        return "misses", rule.why_not or "; ".join(missed[:3])


def _conditions(conditions: Mapping[str, Any], *, top: bool) -> Iterator[str]:
    if not conditions:
        yield "everything" if top else "all that the rule above takes"
    for name, value in conditions.items():
        text = f"{name.replace('_', ' ')}: {_words(value)}"
        yield text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _words(value: Any) -> str:
    if isinstance(value, AlertSeverity):
        return str(value.value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_words(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return " or ".join(map(_words, value))
    return str(value)


def _notes(branch: Branch) -> Iterator[str]:
    rule = branch.rule
    if branch.off:
        yield "switched off" if branch.off == rule.rule_id else "off, as a rule above it is switched off"
    if rule.mute_time_intervals:
        yield f"silent in {', '.join(rule.mute_time_intervals)}"
    if rule.active_time_intervals:
        yield f"heard only in {', '.join(rule.active_time_intervals)}"
    if rule.aggregation is not None:
        yield f"incidents are formed by {rule.aggregation.strategy}"
    yield "then the next is asked" if branch.continues else "no other beside it is asked after it"
