"""Compiles a rule's conditions with the matchers that are registered under their names."""

from __future__ import annotations

import attrs

from tocsin.errors import ConditionError, ConfigurationError, nearest
from tocsin.model.rule import AlertRoutingRule
from tocsin.registry import Registry
from tocsin.roles.matcher import Condition

__all__ = ["NamedCondition", "compile_conditions"]


@attrs.frozen(slots=True)
class NamedCondition:
    """One condition of a rule: the matcher's name, and what it made of the value."""

    name: str
    condition: Condition


def _compile(name: str, value: object, registry: Registry) -> NamedCondition:
    where = f"conditions.{name}"
    matcher = registry.matchers.get(name)
    if matcher is None:
        raise ConditionError(f"unknown condition {name!r}{nearest(name, registry.matchers)}", where)
    try:
        return NamedCondition(name, matcher.spec.factory(value))
    except ConfigurationError as error:
        raise ConditionError(error.problem, error.within(where).where) from None


def compile_conditions(rule: AlertRoutingRule, registry: Registry) -> tuple[NamedCondition, ...]:
    """Return the compiled conditions of *rule*, without those of its routes.

    :raises ConditionError: for a condition that no matcher is registered for, or a value that its matcher refuses.
    """
    return tuple(_compile(str(name), value, registry) for name, value in rule.conditions.items())
