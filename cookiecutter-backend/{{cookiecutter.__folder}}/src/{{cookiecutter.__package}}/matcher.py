"""The condition: a label of an alert is one of some names. Put your own in its place."""

from __future__ import annotations

from typing import Any, Final

from tocsin import Condition, ConditionError, FieldTest, MatcherRegistrar, hookimpl

__all__ = ["one_of", "tocsin_register_matchers"]

_LABEL: Final = "{{ cookiecutter.name | replace('-', '_') }}"


@hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``{{ cookiecutter.name }}``."""
    registrar.register("{{ cookiecutter.name }}", one_of)


def one_of(value: Any) -> Condition:
    """Compile the condition that the label is *value*: a name, or a list of names of which any will do.

    Tests of fields are data: ten thousand rules cost what ten do, and ``tocsin prove`` can reason about them. What they
    cannot say, ``Condition.opaque`` takes as a function of an alert.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ConditionError(f"expected a name or a list of names, not {value!r:.60}")
    return Condition.all_of([FieldTest(_LABEL, frozenset(names))])
