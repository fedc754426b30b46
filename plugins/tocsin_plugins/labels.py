"""The conditions ``labels`` (equality) and ``matchers`` (Prometheus' syntax), both over the label view of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin import Condition, ConditionError, ConfigurationError, FieldTest, MatcherRegistrar, field_test, hookimpl
from tocsin.patterns import parse_label_matchers
from tocsin_plugins._choices import choices, strings

__all__ = ["labels", "matchers"]


def labels(value: Any) -> Condition:
    """Compile a mapping from labels to the value, or the list of values, that each must have; absent equals ''."""
    if not isinstance(value, Mapping):
        raise ConditionError(f"expected a mapping such as {{'team': 'db'}}, not {value!r:.60}")
    if not value:
        raise ConditionError("an empty mapping names no label; give one such as {'team': 'db'}")
    return Condition.all_of([_equal(name, wanted) for name, wanted in value.items()])


def _equal(name: Any, wanted: Any) -> FieldTest:
    if not isinstance(name, str) or not name:
        raise ConditionError(f"a label's name is a non-empty string, not {name!r:.60}")
    try:
        return FieldTest(name=name, values=strings(wanted, "a label's value"))
    except ConditionError as error:
        raise error.within(name) from None


def matchers(value: Any) -> Condition:
    """Compile one string of matchers or a list of them; all of them must hold, as in Alertmanager."""
    tests: list[FieldTest] = []
    for where, item in choices(value, 'matchers such as severity="critical"'):
        try:
            tests.extend(field_test(matcher) for matcher in parse_label_matchers(item))
        except ConfigurationError as error:
            raise ConditionError(error.problem, where) from None
    return Condition.all_of(tests)


@hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``labels`` and ``matchers``."""
    registrar.register("labels", labels)
    registrar.register("matchers", matchers)
