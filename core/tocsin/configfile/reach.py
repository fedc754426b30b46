"""Which rules are ever reached, and whether a critical alert reaches a person."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from tocsin.config import Configuration
from tocsin.configfile.findings import Spot
from tocsin.engine.plan import Node, Plan
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.severity import AlertSeverity

__all__ = ["unreachable", "without_a_human"]

_SEVERITY: Final = "severity"
_CRITICAL: Final = AlertSeverity.CRITICAL
MOST_COMBINED: Final = 8
"""How many conditions of one rule are looked at in all combinations."""

Conditions: TypeAlias = frozenset[tuple[str, str]]


def unreachable(root: Spot, configuration: Configuration) -> None:
    """Tell of rules that an earlier one, which stops there, always takes the alerts of."""
    _siblings(root.get("routing_rules"), configuration.routing_rules, top=True)


def _siblings(spot: Spot | None, rules: Sequence[AlertRoutingRule], *, top: bool) -> None:
    spots = [] if spot is None else list(spot.items())
    pairs = sorted(zip(rules, spots, strict=True), key=lambda pair: pair[0].priority)
    stopping: dict[Conditions, Spot] = {}
    for rule, own in pairs:
        if not rule.enabled:
            continue
        conditions = frozenset((name, _text(value)) for name, value in rule.conditions.items())
        taker = next((stopping[some] for some in _subsets(conditions) if some in stopping), None)
        if taker is None:
            _siblings(own.get("routes"), rule.routes, top=False)
        else:
            place = taker.node.place
            own.refuse(
                f"no alert ever comes here: all that meet these conditions stop at {taker.path}, "
                f"{place.file}:{place.line}; give that one `continue: true`, or move it behind this one"
            )
        if not (top if rule.continue_matching is None else rule.continue_matching):
            stopping.setdefault(conditions, own)


def _text(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes out no number of thousands of digits
        return f"<{id(value)}>"


def _subsets(conditions: Conditions) -> Iterator[Conditions]:
    """Yield the sets of conditions that every alert meets which meets *conditions*; of very many, not all."""
    sizes = range(len(conditions) + 1) if len(conditions) <= MOST_COMBINED else (0, 1, len(conditions))
    for size in sizes:
        yield from map(frozenset, itertools.combinations(sorted(conditions), size))


def without_a_human(root: Spot, plan: Plan) -> None:
    """Tell of rules by which a critical alert goes to channels, none of which a person reads."""
    spots = dict(_named(root.get("routing_rules"), plan.config.routing_rules))
    if not plan.nodes and plan.config.catch_all_channel is None:
        root.refuse("no rule is on and there is no catch_all_channel: nobody is told of anything")
    elif plan.channels and not any(map(_Humans(plan).reads, plan.channels)):
        section = root.get("channels")
        if section is not None:
            section.refuse_key("no person reads any of these channels; set `human: true` where one does")
    else:
        _each_rule(root, plan, spots)


def _each_rule(root: Spot, plan: Plan, spots: dict[str, Spot]) -> None:
    humans = _Humans(plan)
    always = [node.index for node in plan.nodes if _takes_all_critical(node)]
    for node in plan.nodes:
        applied = _applied(plan, node, always) if _may_take_critical(node) else []
        if node in applied and humans.missed_by(applied):
            spots[node.rule.rule_id].refuse("a critical alert that this rule takes is told to no person; see `human`")
    catch_all = plan.config.catch_all_channel
    caught = root.get("catch_all_channel")
    if caught is not None and catch_all is not None and not always and not humans.reads(catch_all):
        caught.refuse("a critical alert that no rule takes is told to no person; see `human`")


def _named(spot: Spot | None, rules: Sequence[AlertRoutingRule]) -> Iterator[tuple[str, Spot]]:
    for own, rule in zip([] if spot is None else spot.items(), rules, strict=True):
        yield rule.rule_id, own
        yield from _named(own.get("routes"), rule.routes)


class _Humans:
    """Knows which channels a person reads, and who is told by which rule."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def reads(self, channel_id: str) -> bool:
        found = self._plan.channels.get(channel_id)
        if found is None or not found.channel.enabled or found.channel.min_severity > _CRITICAL:
            return False
        return found.spec.human if found.channel.human is None else found.channel.human

    def missed_by(self, applied: Iterable[Node]) -> bool:
        told = {channel for node in applied for channel in self._told(node)}
        return bool(told) and not any(map(self.reads, told))

    def _told(self, node: Node) -> Iterator[str]:
        yield from node.channels
        policy = self._plan.config.escalation_policies.get(node.policy_id or "")
        if policy is not None:
            yield from (channel for channels in policy.escalation_levels.values() for channel in channels)
            yield from policy.default_channels


def _may_take_critical(node: Node) -> bool:
    tests = [test for named in node.conditions for test in named.condition.tests]
    return all(test.accepts(str(_CRITICAL.value)) for test in tests if test.name == _SEVERITY)


def _takes_all_critical(node: Node) -> bool:
    conditions = [named.condition for named in node.conditions]
    only = all(c.predicate is None and all(test.name == _SEVERITY for test in c.tests) for c in conditions)
    return only and _may_take_critical(node)


def _applied(plan: Plan, node: Node, always: Iterable[int]) -> list[Node]:
    """Return the rules that apply to a critical alert which meets those of *node*, and no others that it need not."""
    met = set(always)
    index = node.index
    while index >= 0:
        met.add(index)
        index = plan.nodes[index].parent
    children: dict[int, list[Node]] = defaultdict(list)
    for index in sorted(met):
        children[plan.nodes[index].parent].append(plan.nodes[index])
    return _below(-1, children)


def _below(parent: int, children: dict[int, list[Node]]) -> list[Node]:
    applied: list[Node] = []
    for node in children.get(parent, ()):
        applied += _below(node.index, children) or [node]
        if not node.continues:
            break
    return applied
