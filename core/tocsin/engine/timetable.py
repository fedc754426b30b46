"""The timetable: which rules are silent at a given wall time, by the time intervals that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocsin.model.interval import TimeInterval, active, next_edge
from tocsin.model.rule import AlertRoutingRule

__all__ = ["Timetable"]


class Timetable:
    """Rules and the intervals they name. The answer is remembered until the next edge, in either direction of time.

    A name that stands for no interval silences nothing.
    """

    def __init__(self, rules: Iterable[AlertRoutingRule], intervals: Mapping[str, tuple[TimeInterval, ...]]) -> None:
        self._rules = [rule for rule in rules if rule.mute_time_intervals or rule.active_time_intervals]
        named = {n for rule in self._rules for n in (*rule.mute_time_intervals, *rule.active_time_intervals)}
        self._intervals = {name: intervals[name] for name in sorted(named) if name in intervals}
        self._from = self._until = 0.0
        self._muted: frozenset[str] = frozenset()

    @property
    def ranges(self) -> int:
        """How many ranges of times are looked through for each edge: what that costs."""
        return sum(max(1, len(one.times)) for several in self._intervals.values() for one in several)

    @property
    def ever_mutes(self) -> bool:
        """Whether some rule is silent at some time."""
        return bool(self._rules)

    def muted(self, wall: float) -> frozenset[str]:
        """Return the ids of the rules that are silent."""
        if not self._rules:
            return self._muted
        if not self._from <= wall < self._until:
            edge = self.next_edge(wall)
            self._from, self._until = wall, float("inf") if edge is None else edge
            on = {name for name, several in self._intervals.items() if active(several, wall)}
            self._muted = frozenset(rule.rule_id for rule in self._rules if self._silent(rule, on))
        return self._muted

    def _silent(self, rule: AlertRoutingRule, on: set[str]) -> bool:
        known = [name for name in rule.active_time_intervals if name in self._intervals]
        return not on.isdisjoint(rule.mute_time_intervals) or (bool(known) and on.isdisjoint(known))

    def next_edge(self, wall: float) -> float | None:
        """Return the next wall time at which some interval begins or ends, or None."""
        edges = (next_edge(several, wall) for several in self._intervals.values())
        return min((edge for edge in edges if edge is not None), default=None)
