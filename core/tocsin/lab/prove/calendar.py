"""When rules are heard: the spans of time in which time intervals do not silence them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

import attrs

from tocsin.engine.plan import Node, Plan
from tocsin.engine.timetable import Timetable
from tocsin.model.interval import TimeInterval
from tocsin.model.rule import AlertRoutingRule
from tocsin.proof.budget import Budget

__all__ = ["Calendar", "Schedule", "Signature", "Window"]

Schedule: TypeAlias = int
"""Rules of one number are silent at the same times."""

_EDGE_UNITS: Final = 40
_RANGE_UNITS: Final = 40
"""What an edge costs, and each range of times that has to be looked at for it."""

_MOST_EDGES: Final = 4000
"""So many edges of one schedule are looked at: more than a year of ten a day."""


@attrs.frozen(slots=True)
class Window:
    """What is asked of a schedule for an alert that fires at t: from some instant between t + ``earliest`` and t +
    ``latest`` on, is it heard for ``length`` seconds? Durations in seconds."""

    earliest: float
    latest: float
    length: float


Signature: TypeAlias = frozenset[tuple[Schedule, Window]]
"""The schedules that are heard, and in which windows."""


class Calendar:
    """The schedules of a plan's rules, from the wall time *start* on.

    ``until`` is up to where they are known: so many *seconds*, or less where too much changes.
    """

    def __init__(self, plan: Plan, start: float, seconds: float, budget: Budget) -> None:
        self.start = start
        self.until = start + seconds
        self._budget = budget
        self._of_rule: list[Schedule] = []
        rules: dict[tuple[tuple[str, ...], tuple[str, ...]], AlertRoutingRule] = {}
        numbers: dict[tuple[tuple[str, ...], tuple[str, ...]], Schedule] = {}
        for node in plan.nodes:
            key = (node.rule.mute_time_intervals, node.rule.active_time_intervals)
            rules.setdefault(key, node.rule)
            self._of_rule.append(numbers.setdefault(key, len(numbers)))
        self._spans = [self._heard(rule, plan.config.time_intervals) for rule in rules.values()]

    @property
    def schedules(self) -> range:
        """All schedules."""
        return range(len(self._spans))

    def schedule(self, node: Node) -> Schedule:
        """Return the schedule of a rule."""
        return self._of_rule[node.index]

    def signatures(self, windows: Iterable[Window], until: float) -> dict[Signature, tuple[float, float]]:
        """Return all that can be heard in *windows* of alerts that fire up to *until*, each with two such instants.

        They are the first one, at which something else may just be changing, and one amid the first span.

        Over the instants from which a schedule is heard in a window, and up to which, one sweep goes.
        """
        changes: dict[float, list[tuple[tuple[Schedule, Window], int]]] = defaultdict(list)
        changes[self.start] = []
        for window in windows:
            for schedule in self.schedules:
                for begin, end in self._firing(schedule, window):
                    if begin < until and end > self.start:
                        changes[max(begin, self.start)].append(((schedule, window), 1))
                        changes[end].append(((schedule, window), -1))
        counts: dict[tuple[Schedule, Window], int] = defaultdict(int)
        heard: set[tuple[Schedule, Window]] = set()
        found: dict[Signature, tuple[float, float]] = {}
        ordered = sorted(at for at in changes if at < until)
        for at, following in pairwise((*ordered, until)):
            for one, change in changes[at]:
                counts[one] += change
                (heard.add if counts[one] else heard.discard)(one)
            self._budget.spend(1 + len(heard))
            found.setdefault(frozenset(heard), (at, max(at, float((at + following) // 2))))
        return found

    def _firing(self, schedule: Schedule, window: Window) -> Iterator[tuple[float, float]]:
        """Yield the spans in which an alert fires that is heard in the window, the end excluded."""
        if window.earliest <= window.latest:
            for begin, end in self._spans[schedule]:
                if begin + window.length < end:
                    yield begin - window.latest, end - window.length - window.earliest

    def _heard(
        self, rule: AlertRoutingRule, intervals: Mapping[str, tuple[TimeInterval, ...]]
    ) -> list[tuple[float, float]]:
        """Return the spans in which a rule is heard; what lies before the start, or after the end, is as there."""
        timetable = Timetable([rule], intervals)
        units = _EDGE_UNITS + _RANGE_UNITS * timetable.ranges
        spans: list[tuple[float, float]] = []
        begin: float | None = None
        at = self.start
        for count in range(_MOST_EDGES):
            silent = rule.rule_id in timetable.muted(at)
            if begin is None and not silent:
                begin = at if count else float("-inf")
            elif begin is not None and silent:
                spans.append((begin, at))
                begin = None
            following = timetable.next_edge(at)
            if following is None or following >= self.until:
                break
            self._budget.spend(units)
            at = following
        else:
            self.until = at
        return spans if begin is None else [*spans, (begin, float("inf"))]
