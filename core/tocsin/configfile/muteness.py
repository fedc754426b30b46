"""Rules that time intervals keep silent whenever it is: what they tell is told to nobody."""

from __future__ import annotations

from typing import Final

from tocsin.configfile.findings import Spot
from tocsin.configfile.reach import named_rules
from tocsin.engine.plan import Plan
from tocsin.engine.timetable import Timetable
from tocsin.model.rule import AlertRoutingRule

__all__ = ["mute"]

_YEAR_SECONDS: Final = 366 * 86_400.0
_MOST_RANGES: Final = 200_000
"""Edges of intervals, times the ranges in which each is looked for: a rule that takes more is not looked at further."""


def mute(root: Spot, plan: Plan, now: float) -> None:
    """Tell of rules that are silent at all times of the year that begins at the wall time *now*."""
    spots = dict(named_rules(root.get("routing_rules"), plan.config.routing_rules))
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}
    for node in plan.nodes:
        rule = node.rule
        key = (rule.mute_time_intervals, rule.active_time_intervals)
        if any(key) and (known[key] if key in known else known.setdefault(key, _is_mute(rule, plan, now))):
            spots[rule.rule_id].refuse("nobody is told by this rule: for a year its time intervals keep it silent")


def _is_mute(rule: AlertRoutingRule, plan: Plan, now: float) -> bool:
    timetable = Timetable([rule], plan.config.time_intervals)
    at = now
    for _ in range(_MOST_RANGES // max(1, timetable.ranges)):
        if rule.rule_id not in timetable.muted(at):
            return False
        edge = timetable.next_edge(at)
        if edge is None or edge > now + _YEAR_SECONDS:
            return True
        at = edge
    return False
