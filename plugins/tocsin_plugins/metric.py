"""The conditions ``metric_name`` and ``node_id``: a string, or a list of which any will do, equal to the alert's own.

An alert without a node has the empty string for it.
"""

from __future__ import annotations

from typing import Any

from tocsin import Condition, FieldTest, MatcherRegistrar, hookimpl
from tocsin_plugins._choices import strings

__all__ = ["metric_name", "node_id"]


def metric_name(value: Any) -> Condition:
    """Compile names of metrics."""
    return Condition.all_of([FieldTest(name="metric_name", values=strings(value, "a metric's name"), own=True)])


def node_id(value: Any) -> Condition:
    """Compile ids of nodes."""
    return Condition.all_of([FieldTest(name="node_id", values=strings(value, "a node's id"), own=True)])


@hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``metric_name`` and ``node_id``."""
    registrar.register("metric_name", metric_name)
    registrar.register("node_id", node_id)
