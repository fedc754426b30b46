"""The sections ``inhibition_rules`` and ``time_intervals``."""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.document import Scalar
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval, TimeRange
from tocsin.model.silence import LabelMatcher
from tocsin.patterns.label_matchers import parse_label_matchers
from tocsin.roles.matcher import field_test

__all__ = ["INHIBITION", "INTERVAL", "MATCHER", "TIMES", "inhibition", "intervals"]

MATCHER: Final = Form(kind=LabelMatcher)
INHIBITION: Final = Form(kind=InhibitionRule)
TIMES: Final = Form(kind=TimeRange)
INTERVAL: Final = Form(kind=TimeInterval)
SPANS: Final = ("weekdays", "days_of_month", "months", "years")
"""The fields of an interval whose items may be numbers: ``years: [2026]``."""


def inhibition(spot: Spot) -> Any:
    """Read one inhibition rule; its matchers are strings in Prometheus' syntax, or name, operator and value."""
    return build(spot, attrs.evolve(INHIBITION, readers={"source_matchers": _side, "target_matchers": _side}))


def _side(spot: Spot) -> Any:
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    found: list[LabelMatcher] = []
    refused = False
    for item in spot.items():
        several = _matchers(item)
        refused = refused or several is REFUSED
        found += () if several is REFUSED else several
    return REFUSED if refused else tuple(found)


def _matchers(spot: Spot) -> Any:
    if isinstance(spot.node, Scalar):
        text = conform(spot, str)
        return tuple(parse_label_matchers(text)) if text is not REFUSED and spot.accepts(_parsed) else REFUSED
    matcher = build(spot, MATCHER)
    if matcher is REFUSED:
        return REFUSED
    value = spot.get("value")
    sound = value is None or value.accepts(lambda text: field_test(attrs.evolve(matcher, value=text)))
    return (matcher,) if sound else REFUSED


def _parsed(value: Any) -> None:
    for matcher in parse_label_matchers(value):
        field_test(matcher)


def intervals(spot: Spot) -> Any:
    """Read the intervals of one name."""
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    if not list(spot.items()):
        spot.refuse("a time interval has at least one interval in it, such as {weekdays: [monday]}")
        return REFUSED
    form = attrs.evolve(INTERVAL, readers={"times": _times, **dict.fromkeys(SPANS, _span)})
    found = [build(item, form) for item in spot.items()]
    return REFUSED if REFUSED in found else tuple(found)


def _times(spot: Spot) -> Any:
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    found = [build(item, TIMES) for item in spot.items()]
    return REFUSED if REFUSED in found else tuple(found)


def _span(spot: Spot) -> Any:
    return conform(spot, list[str | int])
