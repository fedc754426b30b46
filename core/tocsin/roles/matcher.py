"""The role of a matcher: it turns one condition of a rule into a pure test of an alert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import attrs

from tocsin.model.alert import AlertView
from tocsin.model.silence import LabelMatcher, MatchOperator
from tocsin.patterns import Pattern, compile_pattern

__all__ = ["Condition", "FieldTest", "MatcherFactory", "field_test"]


@attrs.frozen(slots=True, hash=False)
class FieldTest:
    """One string of the alert is in a set of values or matches one of some patterns, or, ``negated``, is not.

    ``own`` reads the alert's own field whatever its labels say; otherwise the label view is read. Being data, it can
    be indexed by the plan and decided by ``prove``.
    """

    name: str
    values: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()
    negated: bool = False
    own: bool = False

    def read(self, view: AlertView) -> str:
        """Return the string that is tested."""
        return view.field(self.name) if self.own else view.label(self.name)

    def accepts(self, value: str) -> bool:
        """Whether *value* passes."""
        found = value in self.values or any(pattern.matches(value) for pattern in self.patterns)
        return found is not self.negated

    def explain(self, view: AlertView) -> str:
        """Say in one clause why the alert passes or not."""
        value = self.read(view)
        passed = self.accepts(value)
        wanted = " or ".join([repr(v) for v in sorted(self.values)] + [repr(p.source) for p in self.patterns])
        if self.patterns and not self.values:
            verb = "matches" if passed is not self.negated else "does not match"
        elif passed is not self.negated:
            verb = "is"
        else:
            verb = "is not"
        return f"{self.name} {value!r} {verb} {wanted}"


@attrs.frozen(slots=True, hash=False)
class Condition:
    """What a matcher makes of one condition: tests that must all pass, or an opaque predicate.

    Prefer tests: they are indexed, so that ten thousand rules cost what ten do, and can be proved. A predicate must
    be pure; one that raises counts as matching and is recorded as a gap.
    """

    tests: tuple[FieldTest, ...] = ()
    predicate: Callable[[AlertView], bool] | None = None
    text: str = ""

    @classmethod
    def all_of(cls, tests: Iterable[FieldTest]) -> Condition:
        """Return the condition that every one of *tests* passes."""
        return cls(tests=tuple(tests))

    @classmethod
    def opaque(cls, predicate: Callable[[AlertView], bool], text: str) -> Condition:
        """Return the condition that *predicate* holds; *text* describes it to people."""
        return cls(predicate=predicate, text=text)

    def holds(self, view: AlertView) -> bool:
        """Whether the alert meets the condition; what the predicate raises is not caught here."""
        if any(not test.accepts(test.read(view)) for test in self.tests):
            return False
        return self.predicate is None or self.predicate(view)

    def explain(self, view: AlertView) -> str:
        """Say why the alert meets the condition or not."""
        if self.predicate is not None:
            return self.text
        failing = [test for test in self.tests if not test.accepts(test.read(view))]
        return "; ".join(test.explain(view) for test in failing or self.tests)


class MatcherFactory(Protocol):
    """Compiles the value that a rule gives under the matcher's name."""

    def __call__(self, value: Any, /) -> Condition:
        """Return the condition.

        :raises ConditionError: when the value makes no sense; say what would be right.
        """
        ...


def field_test(matcher: LabelMatcher) -> FieldTest:
    """Return the test of the label view that *matcher* means; a pattern of a few literals becomes a set of values.

    :raises PatternError: when its value should be a pattern and is none.
    """
    negated = matcher.operator in (MatchOperator.NOT_EQUAL, MatchOperator.NOT_REGEX)
    if matcher.operator in (MatchOperator.EQUAL, MatchOperator.NOT_EQUAL):
        return FieldTest(name=matcher.name, values=frozenset([matcher.value]), negated=negated)
    pattern = compile_pattern(matcher.value)
    if pattern.literals is not None:
        return FieldTest(name=matcher.name, values=pattern.literals, negated=negated)
    return FieldTest(name=matcher.name, patterns=(pattern,), negated=negated)
