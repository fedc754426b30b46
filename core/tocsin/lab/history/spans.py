"""Spans: when alerts fired and when they resolved, put in order as moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import attrs

from tocsin.lab.moment import Moment
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import AlertFired, AlertResolved, Fact

__all__ = ["Span", "moments_of_spans"]


@attrs.frozen(slots=True)
class Span:
    """An alert that fired from one instant to another, in seconds since the epoch; ``ended`` None: it still does."""

    alert: PerformanceAlert
    began: float
    ended: float | None = None


def moments_of_spans(spans: Iterable[Span]) -> Iterator[Moment]:
    """Yield a moment for each instant at which something fired or resolved; there is no other clock than the wall's."""
    facts: list[tuple[float, int, Fact]] = []
    for span in spans:
        facts.append((span.began, 1, AlertFired(span.alert)))
        if span.ended is not None:
            facts.append((span.ended, 0 if span.ended > span.began else 2, AlertResolved(span.alert.alert_id)))
    facts.sort(key=lambda fact: fact[:2])
    for at, together in groupby(facts, key=itemgetter(0)):
        yield Moment(at, at, tuple(fact for _, _, fact in together))
