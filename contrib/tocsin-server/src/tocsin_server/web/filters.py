"""The filters of the reading requests: matchers over labels, a pattern over receivers, and yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from starlette.datastructures import QueryParams

from tocsin import ConfigurationError, FieldTest, LabelMatcher, MatchOperator, compile_pattern
from tocsin.patterns import parse_label_matchers
from tocsin_server.web.refusal import Refused

__all__ = ["flag", "label_filter", "matchers", "receiver_filter", "refuses_the_empty"]

_BARE: Final = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!=|!~|=)\s*(.*?)\s*", re.DOTALL)
_TRUE: Final = frozenset({"1", "t", "true", "on", "yes", "y", "checked", "ok", "selected", "enabled"})
_MOST: Final = 64
_NEGATED: Final = (MatchOperator.NOT_EQUAL, MatchOperator.NOT_REGEX)


def flag(query: QueryParams, name: str, default: bool = True) -> bool:
    """Return what a query says of *name*; the words are those that Alertmanager takes, and any other one is no."""
    value = query.get(name)
    return value.lower() in _TRUE if value else default


def matchers(query: QueryParams) -> tuple[LabelMatcher, ...]:
    """Return the matchers of a query: each ``filter`` is one.

    :raises Refused: for what is none.
    """
    given = query.getlist("filter")
    if len(given) > _MOST:
        raise Refused(400, f"{len(given)} filters are more than {_MOST}")
    return tuple(map(_matcher, given))


def _matcher(text: str) -> LabelMatcher:
    """Return the one matcher that *text* is; a bare value may have any characters, as Alertmanager's may."""
    try:
        found = parse_label_matchers(text)
    except ConfigurationError as error:
        bare = _BARE.fullmatch(text)
        if bare is None or '"' in bare[3]:
            raise Refused(400, f"bad matcher format: {error.problem}") from None
        return LabelMatcher(bare[1], MatchOperator(bare[2]), bare[3])
    bare = _BARE.fullmatch(text)
    if len(found) > 1 and bare is not None and not bare[3].startswith('"'):
        return LabelMatcher(bare[1], MatchOperator(bare[2]), bare[3])
    if len(found) > 1:
        raise Refused(400, f"bad matcher format: {text!r:.80} has more than one matcher; give each a filter of its own")
    return found[0]


def _test(matcher: LabelMatcher) -> tuple[LabelMatcher, FieldTest]:
    negated = matcher.operator in _NEGATED
    if matcher.operator in (MatchOperator.EQUAL, MatchOperator.NOT_EQUAL):
        return matcher, FieldTest(matcher.name, values=frozenset([matcher.value]), negated=negated)
    try:
        return matcher, FieldTest(matcher.name, patterns=(compile_pattern(matcher.value),), negated=negated)
    except ConfigurationError as error:
        raise Refused(400, f"bad matcher format: {matcher.name}: {error.problem}") from None


def label_filter(wanted: Iterable[LabelMatcher]) -> Callable[[Mapping[str, str]], bool]:
    """Return whether a label set meets all of the matchers.

    As in Alertmanager, ``name=""`` is met by a label that is absent, and ``name!=""`` by one that is there.
    """
    tests = [_test(matcher) for matcher in wanted]

    def meets(labels: Mapping[str, str]) -> bool:
        return all(_meets(matcher, test, labels) for matcher, test in tests)

    return meets


def _meets(matcher: LabelMatcher, test: FieldTest, labels: Mapping[str, str]) -> bool:
    present = matcher.name in labels
    if matcher.value == "" and present is (matcher.operator in _NEGATED):
        return True
    return test.accepts(labels.get(matcher.name, ""))


def receiver_filter(query: QueryParams) -> Callable[[Iterable[str]], bool]:
    """Return whether one of some receivers is wanted: its whole name matches the pattern ``receiver``."""
    source = query.get("receiver")
    if not source:
        return lambda names: True
    try:
        pattern = compile_pattern(source)
    except ConfigurationError as error:
        raise Refused(400, f"failed to parse receiver param: {error.problem}") from None
    return lambda names: any(map(pattern.matches, names))


def refuses_the_empty(matcher: LabelMatcher) -> bool:
    """Whether the matcher is more than a wish for nothing: silences that match whatever comes are mistakes."""
    if matcher.operator is MatchOperator.EQUAL:
        return matcher.value != ""
    try:
        pattern = None if matcher.operator is MatchOperator.NOT_EQUAL else compile_pattern(matcher.value)
    except ConfigurationError as error:
        raise Refused(400, f"silence invalid: invalid regular expression of {matcher.name}: {error.problem}") from None
    return matcher.operator is not MatchOperator.REGEX or (pattern is not None and not pattern.matches(""))
