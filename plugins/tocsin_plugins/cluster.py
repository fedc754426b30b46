"""The condition ``cluster_pattern``: one pattern for the alert's own cluster, or a list of which any will do."""

from __future__ import annotations

from typing import Any

from tocsin import Condition, ConditionError, ConfigurationError, FieldTest, MatcherRegistrar, hookimpl
from tocsin.patterns import Pattern, compile_pattern
from tocsin_plugins._choices import choices

__all__ = ["cluster_pattern"]


def cluster_pattern(value: Any) -> Condition:
    """Compile patterns, fully anchored; what stands for a few literal strings is tested as these."""
    found = {pattern.source: pattern for pattern in _patterns(value)}
    literals = frozenset[str]().union(*(pattern.literals or () for pattern in found.values()))
    others = tuple(pattern for pattern in found.values() if pattern.literals is None)
    return Condition.all_of([FieldTest(name="cluster_id", values=literals, patterns=others, own=True)])


def _patterns(value: Any) -> list[Pattern]:
    found = []
    for where, item in choices(value, "a pattern"):
        if not isinstance(item, str):
            raise ConditionError(f"expected a pattern, a string such as 'prod-.*', not {item!r:.60}", where)
        try:
            found.append(compile_pattern(item))
        except ConfigurationError as error:
            raise ConditionError(error.problem, where) from None
    return found


@hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``cluster_pattern``."""
    registrar.register("cluster_pattern", cluster_pattern)
