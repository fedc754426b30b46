"""The condition ``severity``: one severity, or a list of which any will do. It reads the alert's own severity."""

from __future__ import annotations

from typing import Any

from tocsin import AlertSeverity, Condition, ConditionError, ConfigurationError, FieldTest, MatcherRegistrar, hookimpl
from tocsin_plugins._choices import choices

__all__ = ["severity"]


def severity(value: Any) -> Condition:
    """Compile names of severities, in any case, or :class:`tocsin.AlertSeverity` members."""
    values = frozenset(_name(item, where) for where, item in choices(value, "a severity"))
    return Condition.all_of([FieldTest(name="severity", values=values, own=True)])


def _name(item: Any, where: str) -> str:
    try:
        return str(AlertSeverity.parse(item).value)
    except ConfigurationError as error:
        raise ConditionError(error.problem, where) from None


@hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``severity``."""
    registrar.register("severity", severity)
