"""What it costs to read a posted alert and to find where it goes, however many rules there are."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final

from tests.benchmarks.meter import Case
from tests.engine.harness import channel, configuration, installed, rule

from tocsin import AlertRoutingRule, PerformanceAlert
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.model.alert import AlertView
from tocsin.stores.json_text import decode

__all__ = ["CASES", "RULES", "plan_of", "view_of"]

RULES: Final = (10, 1_000, 10_000)
_ALERTS: Final = 256
_WARM_CLUSTERS: Final = 16


def _rules(number: int) -> list[AlertRoutingRule]:
    """Return rules that test severity, cluster and a label each; a tenth tests a pattern."""
    return [
        rule(
            f"rule-{one}",
            "ops",
            severity=["error", "critical"] if one % 2 else ["warning"],
            cluster_pattern=f"cluster-{one % 40}.*" if one % 10 == 0 else f"cluster-{one % 40}",
            labels={"service": f"service-{one % 200}"},
        )
        for one in range(number)
    ]


@functools.cache
def plan_of(rules: int) -> Plan:
    """Return a plan of so many rules."""
    return compile_plan(configuration(channel("ops", "wide"), rules=_rules(rules)), installed())


def _alert(number: int, cluster: str) -> dict[str, Any]:
    return {
        "alert_id": f"alert-{number}",
        "cluster_id": cluster,
        "severity": "error",
        "metric_name": "cpu_usage",
        "current_value": 93.0,
        "threshold_value": 80.0,
        "message": "cpu usage is at 93 percent for five minutes",
        "node_id": f"node-{number % 1000}",
        "labels": {"team": "db", "host": f"host-{number}", "service": f"service-{number % 100}"},
        "annotations": {"runbook": "https://example.com/runbooks/cpu"},
    }


def view_of(number: int, cluster: str) -> AlertView:
    """Return what rules see of an alert."""
    return AlertView(PerformanceAlert(**_alert(number, cluster)))


def _warm(rules: int) -> Callable[[], object]:
    plan = plan_of(rules)
    views = [view_of(number, f"cluster-{number % _WARM_CLUSTERS}") for number in range(_ALERTS)]
    for view in views:
        plan.route(view)
    return lambda: [plan.route(view) for view in views]


def _cold(rules: int) -> Callable[[], object]:
    plan = plan_of(rules)
    fresh = next(_fresh)
    views = [view_of(number, f"cluster-{fresh}-{number}") for number in range(_ALERTS)]
    return lambda: [plan.route(view) for view in views]


_fresh: Final = iter(range(10**9))
"""Numbers of clusters that no plan has seen."""


def _decoded() -> Callable[[], object]:
    posted = json.dumps([_alert(number, "cluster-1") for number in range(_ALERTS)]).encode()
    return lambda: [PerformanceAlert.parse(one) for one in decode(posted)]


CASES: Final = (
    Case("decode: one of many posted alerts", _ALERTS, _decoded),
    *(Case(f"route: known values, {rules:,} rules", _ALERTS, functools.partial(_warm, rules)) for rules in RULES),
    *(Case(f"route: a new value, {rules:,} rules", _ALERTS, functools.partial(_cold, rules)) for rules in RULES),
)
