"""Matchers over an alert's label view, as silences have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from tocsin import AlertView, ConfigurationError, LabelMatcher, PerformanceAlert, field_test
from tocsin.patterns import parse_label_matchers
from tocsin_server.web.refusal import Refused

__all__ = ["MOST_MATCHERS", "matching", "read_matchers"]

MOST_MATCHERS: Final = 64


def read_matchers(texts: Sequence[str], name: str) -> tuple[LabelMatcher, ...]:
    """Return the matchers that strings such as ``cluster="eu"`` are; *name* is the field that they stand in."""
    found: list[LabelMatcher] = []
    for index, text in enumerate(texts):
        try:
            found += parse_label_matchers(text)
        except ConfigurationError as error:
            raise Refused(400, f"{name}[{index}]: {error.problem}") from None
    if len(found) > MOST_MATCHERS:
        raise Refused(400, f"{name}: {len(found)} matchers are more than {MOST_MATCHERS}")
    return tuple(found)


def matching(matchers: Iterable[LabelMatcher]) -> Callable[[PerformanceAlert], bool]:
    """Return whether an alert meets all of the matchers.

    :raises Refused: for a pattern that is none.
    """
    tests = []
    for matcher in matchers:
        try:
            tests.append((matcher.name, field_test(matcher)))
        except ConfigurationError as error:
            raise Refused(400, f"the matcher {matcher}: {error.problem}") from None

    def meets(alert: PerformanceAlert) -> bool:
        view = AlertView(alert)
        return all(test.accepts(view.label(name)) for name, test in tests)

    return meets
