"""What is legal in a configuration and probably wrong: nothing uses it, or it does something else than it looks."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tocsin.config import Configuration
from tocsin.configfile.context import Context
from tocsin.configfile.document import MASK, Scalar, origins
from tocsin.configfile.findings import Spot
from tocsin.configfile.kinds import trap
from tocsin.configfile.muteness import mute
from tocsin.configfile.reach import UNITS, unreachable, without_a_human
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError
from tocsin.model.silence import MatchOperator
from tocsin.patterns.label_matchers import parse_label_matchers
from tocsin.proof.findings import Findings

__all__ = ["suspect"]

_SPECIAL: Final = re.compile(r"[.*+?\[\](){}|^$\\]")
_CLUSTER_LABELS: Final = frozenset({"cluster", "cluster_id"})
_UNUSED: Final[Mapping[str, str]] = {
    "channels": "nothing uses this channel",
    "escalation_policies": "no rule uses this policy",
    "receivers": "no rule uses this receiver",
    "time_intervals": "no rule uses this time interval",
}


def suspect(root: Spot, configuration: Configuration, plan: Plan, context: Context) -> None:
    """Tell *root*'s findings of everything that is probably wrong in a configuration that can be used."""
    _unused(root, configuration, context)
    findings = Findings(plan, UNITS)
    unreachable(root, plan, findings)
    without_a_human(root, plan, findings)
    mute(root, plan, time.time())
    _lonely_clusters(root)
    _odd_numbers(root)


def _unused(root: Spot, configuration: Configuration, context: Context) -> None:
    used = {(reference.section, reference.name) for reference in context.references}
    for section, problem in _UNUSED.items():
        for name, spot in _entries(root, section):
            if (section, name) not in used:
                spot.refuse_key(problem)
    chosen = {configuration.template_for(channel) for channel in configuration.channels.values()}
    ids = {template.template_id for template in chosen if template is not None}
    for name, spot in _entries(root, "templates"):
        if name not in ids:
            spot.refuse_key("no channel uses this template")


def _entries(root: Spot, section: str) -> Iterator[tuple[str, Spot]]:
    spot = root.get(section)
    return iter(()) if spot is None else spot.entries()


def _rules(spot: Spot | None) -> Iterator[Spot]:
    for rule in () if spot is None else spot.items():
        yield rule
        yield from _rules(rule.get("routes"))


def _each(spot: Spot | None) -> Iterator[Spot]:
    """Yield the strings of a value that is one, or a list of them."""
    for item in () if spot is None else [spot, *spot.items()]:
        if isinstance(item.node, Scalar) and isinstance(item.node.value, str):
            yield item


def _lonely_clusters(root: Spot) -> None:
    """Patterns without a wildcard that name a cluster of which no other place knows: a name's beginning, perhaps."""
    patterns = [spot for rule in _rules(root.get("routing_rules")) for spot in _patterns(rule)]
    literal = [spot for spot in patterns if not _SPECIAL.search(_text(spot))]
    mentioned: dict[str, set[str]] = defaultdict(set)
    for name, path in (*((_text(spot), spot.path) for spot in literal), *_labelled(root)):
        mentioned[name].add(path)
    for spot in literal:
        text = _text(spot)
        if mentioned[text] == {spot.path}:
            shown = MASK if origins(spot.node) else text
            spot.refuse(
                f"this matches only a cluster that is called exactly {shown!r}, and nothing else here names one; "
                f"for all that begin so write {shown + '.*'!r}"
            )


def _text(spot: Spot) -> str:
    return str(spot.plain())


def _patterns(rule: Spot) -> Iterator[Spot]:
    conditions = rule.get("conditions")
    return _each(None if conditions is None else conditions.get("cluster_pattern"))


def _labelled(root: Spot) -> Iterator[tuple[str, str]]:
    """Yield the clusters that labels and matchers name, each with where."""
    for rule in _rules(root.get("routing_rules")):
        conditions = rule.get("conditions")
        labels = None if conditions is None else conditions.get("labels")
        for name, spot in () if labels is None else labels.entries():
            if name in _CLUSTER_LABELS:
                yield from ((_text(item), item.path) for item in _each(spot))
        yield from _matched(None if conditions is None else conditions.get("matchers"))
    rules = root.get("inhibition_rules")
    for rule in () if rules is None else rules.items():
        for side in ("source_matchers", "target_matchers"):
            yield from _matched(rule.get(side))


def _matched(spot: Spot | None) -> Iterator[tuple[str, str]]:
    for item in _each(spot):
        try:
            matchers = parse_label_matchers(_text(item))
        except ConfigurationError:
            continue
        for matcher in matchers:
            if matcher.name in _CLUSTER_LABELS and matcher.operator is MatchOperator.EQUAL:
                yield matcher.value, item.path


def _odd_numbers(spot: Spot) -> None:
    """Numbers that YAML makes of ``010`` and ``1:30``."""
    if isinstance(spot.node, Scalar):
        value: Any = spot.node.value
        if spot.node.written and isinstance(value, (int, float)) and not isinstance(value, bool):
            hidden = "config" in spot.path.split(".")
            spot.refuse(f"this number may be another than was meant{trap(spot.node, hidden=hidden)}")
        return
    for child in (*(child for _, child in spot.entries()), *spot.items()):
        _odd_numbers(child)
