"""The contract of matchers. A plugin's tests inherit it::

class TestRegion(MatcherContract):
    matcher = "region"
    examples = (("eu", make_alert(labels={"region": "eu"}), True), ("eu", make_alert(), False))
    refused = (7, [], {"eu": 1})
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from tocsin.errors import ConditionError
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.roles.matcher import Condition
from tocsin.testing.contracts.owing import owes
from tocsin.testing.contracts.registered import PluginTests
from tocsin.testing.samples import HOSTILE, hostile_alert, make_alert

__all__ = ["MatcherContract"]

_SOURCE: Final = "docs/reference/hooks.md, tocsin_register_matchers"
_NONSENSE: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    10**30,
    0.5,
    float("nan"),
    "",
    " ",
    "(",
    "\ud800\x00",
    "x" * 10_000,
    [],
    [[]],
    [None],
    [1, "a"],
    {},
    {"": None},
    {"a": {"b": []}},
    {1: 2},
    set(),
    object(),
)
"""What somebody may write into a configuration file, or give in Python."""


class MatcherContract(PluginTests):
    """What any matcher owes to a rule. Set :attr:`matcher`, :attr:`examples` and :attr:`refused`."""

    matcher: ClassVar[str] = ""
    """The name under which the matcher is registered."""
    examples: ClassVar[Sequence[tuple[Any, PerformanceAlert, bool]]] = ()
    """Values as a rule gives them, each with an alert, and whether it meets the condition; some do and some do not."""
    refused: ClassVar[Sequence[Any]] = ()
    """Values that make no sense."""

    def compiled(self, value: Any) -> Condition:
        """Return the condition that the matcher makes of *value*."""
        found = self.registered("matcher", self.registry.matchers, self.matcher).factory(value)
        owes(
            isinstance(found, Condition) and (found.tests or found.predicate),
            f"of {value!r:.60} the matcher made {found!r:.80}, which tests nothing",
            "return Condition.all_of([FieldTest(…)]), or Condition.opaque(predicate, text)",
            "tocsin.Condition",
        )
        assert isinstance(found, Condition)
        return found

    def test_it_holds_for_the_alerts_that_it_should(self) -> None:
        """As the author's examples say, which have both kinds."""
        owes(
            {holds for _, _, holds in self.examples} == {True, False},
            "the examples do not have an alert that meets the condition and one that does not",
            "list (value, alert, whether it holds) in `examples`; tocsin.testing.samples.make_alert makes alerts",
            "tocsin.testing.contracts.MatcherContract",
        )
        for value, alert, holds in self.examples:
            found: Any = self.compiled(value).holds(AlertView(alert))
            owes(
                found is holds,
                f"the condition {value!r:.60} {'holds' if found else 'does not hold'} for {alert}"
                if isinstance(found, bool)
                else f"the condition {value!r:.60} gives {found!r:.60} and neither True nor False",
                "compare the whole value, as the label view has it (an absent label is ''); return a bool",
                "tocsin.Condition.holds",
            )

    def test_what_makes_no_sense_is_refused(self) -> None:
        """With a ConditionError that says what would be right."""
        owes(self.refused, "no value is refused", "list values that make no sense in `refused`", _SOURCE)
        for value in self.refused:
            try:
                self.compiled(value)
            except ConditionError as error:
                owes(
                    len(error.problem) >= 8,
                    f"the error about {value!r:.60} says only {error.problem!r}",
                    "say what was found and what would be right",
                    "tocsin.ConditionError",
                )
            except Exception as error:  # noqa: BLE001  whatever it is, its author is told
                _other(value, error)
            else:
                owes(False, f"{value!r:.60} is accepted, which `refused` lists", "raise ConditionError for it", _SOURCE)

    def test_no_value_breaks_it(self) -> None:
        """Whatever a configuration has is compiled, or refused with a ConditionError."""
        for value in _NONSENSE:
            try:
                self.compiled(value)
            except ConditionError:
                continue
            except Exception as error:  # noqa: BLE001  whatever it is, its author is told
                _other(value, error)

    def test_no_alert_breaks_it(self) -> None:
        """A predicate that raises would count as matching, and be a gap."""
        for value, _, _ in self.examples:
            condition = self.compiled(value)
            for what, alert in _alerts():
                try:
                    condition.holds(AlertView(alert))
                except Exception as error:  # whatever it is, its author is told
                    raise AssertionError(
                        f"the condition {value!r:.60} raised {type(error).__name__}: {error!s:.80}, for an alert with"
                        f" {what}\n  to mend it: expect any string in any field, and absent labels\n"
                        f"  the contract: {_SOURCE}"
                    ) from error

    def test_it_is_pure(self) -> None:
        """The same for the same alert, at any time; the value is not changed, and may change afterwards."""
        for value, alert, holds in self.examples:
            given = copy.deepcopy(value)
            condition = self.compiled(given)
            owes(
                given == value, f"compiling {value!r:.60} changed it to {given!r:.60}", "copy what you change", _SOURCE
            )
            _spoil(given)
            found = [condition.holds(AlertView(alert)) for _ in range(3)]
            owes(
                found == [holds] * 3,
                f"the condition {value!r:.60} was {found} for one alert, and should be {holds}",
                "depend on the alert alone: no clock, no counter, no reference to the value that was given",
                "tocsin.Condition: a predicate must be pure",
            )

    def test_it_says_why(self) -> None:
        """In words, for people who ask why an alert went where it went."""
        for value, _, _ in self.examples:
            condition = self.compiled(value)
            for what, alert in _alerts():
                said: Any = condition.explain(AlertView(alert))
                owes(
                    isinstance(said, str) and said.strip(),
                    f"the condition {value!r:.60} explains itself with {said!r:.60}, for an alert with {what}",
                    "give Condition.opaque a text that describes the condition",
                    "tocsin.Condition.opaque",
                )


def _alerts() -> Iterator[tuple[str, PerformanceAlert]]:
    """Yield alerts of every sort, each with what is special about it."""
    yield "nothing special", make_alert()
    yield "no labels", make_alert(labels={}, annotations={}, node_id=None, cluster_id="", metric_name="")
    for what, text in HOSTILE.items():
        yield what, hostile_alert(text, "mark")


def _spoil(value: Any) -> None:
    """Change what was given, as its owner may."""
    if isinstance(value, (list, dict)):
        value.clear()


def _other(value: Any, error: Exception) -> None:
    raise AssertionError(
        f"for {value!r:.60} the matcher raised {type(error).__name__}: {error!s:.80}\n"
        "  to mend it: check what the value is before using it, and raise ConditionError with what would be right\n"
        f"  the contract: {_SOURCE}"
    ) from error
