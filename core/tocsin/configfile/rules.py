"""The section ``routing_rules``: a tree of rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from tocsin.configfile.aggregation import aggregation
from tocsin.configfile.construction import Form, build
from tocsin.configfile.context import Context
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.errors import nearest
from tocsin.model.rule import AlertRoutingRule

__all__ = ["RULE", "rules"]

RULE: Final = Form(kind=AlertRoutingRule, words={"continue": "continue_matching"}, otherwise={"rule_id": ""})


def rules(spot: Spot, context: Context) -> Any:
    """Read the rules; one without an id is called after its place, and no id stands twice."""
    written: dict[str, Spot] = {}
    for own in _ids(spot):
        name = own.plain()
        if isinstance(name, str) and name in written:
            first = written[name].node.place
            own.refuse(f"another rule has this id already, at {first.file}:{first.line}:{first.column}")
        elif isinstance(name, str):
            written[name] = own
    return _several(spot, context, set(written), "rule")


def _ids(spot: Spot) -> Iterator[Spot]:
    for item in spot.items():
        own = item.get("rule_id")
        if own is not None:
            yield own
        routes = item.get("routes")
        if routes is not None:
            yield from _ids(routes)


def _several(spot: Spot, context: Context, taken: set[str], name: str) -> Any:
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    found = [_rule(item, context, taken, f"{name}-{number}") for number, item in enumerate(spot.items(), 1)]
    return tuple(rule for rule in found if rule is not REFUSED)


def _rule(spot: Spot, context: Context, taken: set[str], name: str) -> Any:
    rule_id = name
    while rule_id in taken:
        rule_id += "'"
    taken.add(rule_id)
    form = attrs.evolve(
        RULE,
        otherwise={"rule_id": rule_id},
        readers={
            "conditions": lambda child: _conditions(child, context),
            "target_channels": lambda child: context.several(child, "channels"),
            "receiver": lambda child: context.optional_name(child, "receivers"),
            "escalation_policy_id": lambda child: context.optional_name(child, "escalation_policies"),
            "routes": lambda child: _several(child, context, taken, name),
            "aggregation": lambda child: aggregation(child, context),
            "mute_time_intervals": lambda child: context.several(child, "time_intervals"),
            "active_time_intervals": lambda child: context.several(child, "time_intervals"),
        },
    )
    return build(spot, form)


def _conditions(spot: Spot, context: Context) -> Any:
    if conform(spot, dict[str, object]) is REFUSED:
        return REFUSED
    known = context.registry.matchers
    found = {}
    for name, child in spot.entries():
        if name not in known:
            child.refuse_key(f"there is no such condition{nearest(name, known)}")
        elif child.accepts(known[name].spec.factory):
            found[name] = child.plain()
    return found
