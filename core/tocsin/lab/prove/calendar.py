"""When rules are heard: the spans of time in which time intervals do not silence them."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import attrs

from tocsin.engine.plan import Node, Plan
from tocsin.proof.budget import Budget

__all__ = ["Calendar", "Schedule", "Window"]

Schedule: TypeAlias = int
"""Rules of one number are silent at the same times."""

_EDGE_UNITS: Final = 300
_MOST_EDGES: Final = 4000


@attrs.frozen(slots=True)
class Window:
    """What is asked of a schedule for an alert that fires at t: from some instant between t + ``earliest`` and t +
    ``latest`` on, is it heard for ``length`` seconds? Durations in seconds."""

    earliest: float
    latest: float
    length: float


class Calendar:
    """The schedules of a plan's rules, from *start* on, wall time.

    ``until`` is up to where they are known: as far as was asked for, or less where too much changes.
    """

    def __init__(self, plan: Plan, start: float, seconds: float, budget: Budget) -> None:
        self.start = start
        self._of_rule: list[Schedule] = []
        rules: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}
        numbers: dict[tuple[tuple[str, ...], tuple[str, ...]], Schedule] = {}
        for node in plan.nodes:
            key = (node.rule.mute_time_intervals, node.rule.active_time_intervals)
            rules.setdefault(key, node.rule.rule_id)
            self._of_rule.append(numbers.setdefault(key, len(numbers)))
        self.edges, self.until = _edges(plan, start, seconds, budget)
        self._begins: list[list[float]] = [[] for _ in rules]
        self._ends: list[list[float]] = [[] for _ in rules]
        self._read(plan, list(rules.values()))

    @property
    def schedules(self) -> range:
        """All schedules."""
        return range(len(self._begins))

    def schedule(self, node: Node) -> Schedule:
        """Return the schedule of a rule."""
        return self._of_rule[node.index]

    def heard(self, schedule: Schedule, at: float, window: Window) -> bool:
        """Whether the schedule is heard in the *window* of an alert that fires at the wall time *at*."""
        earliest, latest = at + window.earliest, at + window.latest
        if latest < earliest:
            return False
        begins, ends = self._begins[schedule], self._ends[schedule]
        for index in range(max(0, bisect.bisect_right(begins, earliest) - 1), len(begins)):
            if begins[index] > latest:
                return False
            if max(begins[index], earliest) + window.length < ends[index]:
                return True
        return False

    def moments(self, windows: Iterable[Window], until: float, budget: Budget) -> Iterator[float]:
        """Yield instants up to *until*, so that whatever is heard in *windows* at another one is heard at one of them."""
        yield self.start
        offsets = {offset for w in windows for end in (w.earliest, w.latest) for offset in (end, end + w.length)}
        budget.spend(len(self.edges) * len(offsets))
        found = {edge - offset for edge in self.edges for offset in offsets}
        ordered = sorted(at for at in found if self.start <= at < until)
        yield from ordered
        yield from ((at + following) / 2 for at, following in pairwise((*ordered, until)))

    def _read(self, plan: Plan, rules: Sequence[str]) -> None:
        heard = [False] * len(rules)
        for at in (self.start, *self.edges):
            muted = plan.muted_rules(at)
            for schedule, rule_id in enumerate(rules):
                if (rule_id not in muted) is not heard[schedule]:
                    heard[schedule] = not heard[schedule]
                    times = self._begins if heard[schedule] else self._ends
                    times[schedule].append(at)
        for schedule in self.schedules:
            if heard[schedule]:
                self._ends[schedule].append(float("inf"))


def _edges(plan: Plan, start: float, seconds: float, budget: Budget) -> tuple[list[float], float]:
    edges: list[float] = []
    at = plan.next_time_edge(start)
    while at is not None and at < start + seconds:
        budget.spend(_EDGE_UNITS)
        edges.append(at)
        if len(edges) == _MOST_EDGES:
            return edges, at
        at = plan.next_time_edge(at)
    return edges, start + seconds
