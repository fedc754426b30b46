"""Which rules are ever reached, and whether a critical alert reaches a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tocsin.configfile.findings import Spot
from tocsin.engine.plan import Node, Plan
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.severity import AlertSeverity
from tocsin.proof.findings import Findings, Unreached

__all__ = ["UNITS", "named_rules", "unreachable", "without_a_human"]

_SEVERITY: Final = "severity"
_CRITICAL: Final = AlertSeverity.CRITICAL
UNITS: Final = 1_500_000
"""The work that may be done to find what is wrong: about a second."""


def unreachable(root: Spot, plan: Plan, findings: Findings) -> None:
    """Tell of rules, policies and levels that no alert ever comes to, of rules alike, and of patterns without a use."""
    spots = dict(named_rules(root.get("routing_rules"), plan.config.routing_rules))
    lost = set()
    for one in findings.unreached():
        lost.add(one.node.rule.rule_id)
        spots[one.node.rule.rule_id].refuse(_why(one, spots))
    for node, first in findings.alike():
        if node.rule.rule_id not in lost:
            spots[node.rule.rule_id].refuse(f"this differs in nothing from {_at(spots[first.rule.rule_id])}")
    for node, name, _ in findings.accidents():
        conditions = spots[node.rule.rule_id].get("conditions")
        spot = None if conditions is None else conditions.get(name)
        if spot is not None:
            spot.refuse("a pattern here matches whatever there is, and so this whole condition is always met")
    _policies(root.get("escalation_policies"), findings)


def _policies(section: Spot | None, findings: Findings) -> None:
    for policy, level in findings.untold():
        spot = None if section is None else section.get(policy.policy_id)
        if spot is None:
            continue
        if level is None:
            spot.refuse_key(
                "no alert ever comes to this policy: where a rule with it applies, an earlier one names another"
            )
            continue
        nested = spot.get("escalation_levels") or spot
        written = next(
            (child for name, child in (*spot.entries(), *nested.entries()) if name.lower() == level.value), spot
        )
        written.refuse(
            "this level tells nobody: none of its channels, nor a default one, takes the alerts that come here"
        )


def _why(one: Unreached, spots: dict[str, Spot]) -> str:
    if one.contradicts:
        return "no alert ever comes here: none can meet these conditions, and those of the rules around this one"
    if one.taker is None:
        return (
            "no alert ever comes here: all that meet these conditions stop at earlier rules; give one of those "
            "`continue: true`, or move this one before them"
        )
    return (
        f"no alert ever comes here: all that meet these conditions stop at {_at(spots[one.taker.rule.rule_id])}; give "
        "that one `continue: true`, or move it behind this one"
    )


def _at(spot: Spot) -> str:
    return f"{spot.path}, {spot.node.place.file}:{spot.node.place.line}"


def without_a_human(root: Spot, plan: Plan, findings: Findings) -> None:
    """Tell of rules by which a critical alert goes to channels, none of which a person reads."""
    spots = dict(named_rules(root.get("routing_rules"), plan.config.routing_rules))
    if not plan.nodes and plan.config.catch_all_channel is None:
        root.refuse("no rule is on and there is no catch_all_channel: nobody is told of anything")
    elif plan.channels and not any(map(_Humans(plan).reads, plan.channels)):
        section = root.get("channels")
        if section is not None:
            section.refuse_key("no person reads any of these channels; set `human: true` where one does")
    else:
        _each_rule(root, plan, spots, findings)


def _each_rule(root: Spot, plan: Plan, spots: dict[str, Spot], findings: Findings) -> None:
    humans = _Humans(plan)
    reading = frozenset(filter(humans.reads, plan.channels))
    always = [node.index for node in plan.nodes if _takes_all_critical(node)]
    for node in plan.nodes:
        applied = _applied(plan, node, always) if _may_take_critical(node) else []
        if node in applied and humans.missed_by(applied) and findings.misses(node, reading):
            spots[node.rule.rule_id].refuse("a critical alert that this rule takes is told to no person; see `human`")
    catch_all = plan.config.catch_all_channel
    caught = root.get("catch_all_channel")
    if caught is not None and catch_all is not None and not always and not humans.reads(catch_all):
        caught.refuse("a critical alert that no rule takes is told to no person; see `human`")


def named_rules(spot: Spot | None, rules: Sequence[AlertRoutingRule]) -> Iterator[tuple[str, Spot]]:
    """Yield each rule's id, routes included, and where it is written."""
    for own, rule in zip([] if spot is None else spot.items(), rules, strict=True):
        yield rule.rule_id, own
        yield from named_rules(own.get("routes"), rule.routes)


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
