"""The index of inhibition: which firing episode keeps another from being told, and whom a change concerns.

Episodes meet in *groups*: those that one rule concerns and that have equal values for its labels. In a group an
episode is a source, a target or both; one that is both is inhibited by those only that are sources and nothing else.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from tocsin.engine.agenda import Ordered
from tocsin.engine.suppression.matching import MatcherSets, compiled
from tocsin.engine.transaction import Transaction
from tocsin.errors import ConfigurationError
from tocsin.model.alert import AlertView
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.silence import LabelMatcher
from tocsin.roles.matcher import FieldTest

__all__ = ["Group", "InhibitionIndex"]

Group = tuple[int, tuple[str, ...]]
"""A rule's index, and the values of its equal labels."""


class _Side(enum.Enum):
    SOURCE = enum.auto()
    TARGET = enum.auto()
    BOTH = enum.auto()


_Places = tuple[tuple[Group, _Side], ...]

_RANK: Final = 0
"""All that stand in a group have one rank, so that the lowest id comes first."""


class InhibitionIndex:
    """Who is inhibited by whom. It is derived: begin every firing episode, in any order, to have it again.

    :param rules: what is inhibited; a group's rule index is a place in there.
    :raises PatternError: when a pattern of a rule is none.
    """

    __slots__ = ("_both", "_places", "_pure", "_rules", "_source_sets", "_target_sets", "_targets_only")

    def __init__(self, rules: Iterable[InhibitionRule]) -> None:
        self._rules = tuple(rules)
        self._source_sets: MatcherSets[int] = MatcherSets()
        self._target_sets: MatcherSets[int] = MatcherSets()
        for index, rule in enumerate(self._rules):
            self._source_sets.add(index, _tests(rule.source_matchers, f"[{index}].source_matchers"))
            self._target_sets.add(index, _tests(rule.target_matchers, f"[{index}].target_matchers"))
        self._places: dict[str, _Places] = {}
        self._pure: dict[Group, Ordered[str]] = {}
        self._both: dict[Group, Ordered[str]] = {}
        self._targets_only: dict[Group, Ordered[str]] = {}

    def begin(self, tx: Transaction, episode_id: str, view: AlertView) -> list[Group]:
        """Take in that an episode fires, as *view* shows it, or that it fires on with other labels.

        Return the groups in which somebody else may have been muted or unmuted by that, in order.
        """
        places = self._places_of(view)
        known = self._places.get(episode_id, ())
        if places == known:
            return []
        if places:
            tx.index(self._places, episode_id, places)
        else:
            tx.unindex(self._places, episode_id)
        return self._move(tx, episode_id, known, places)

    def end(self, tx: Transaction, episode_id: str) -> list[Group]:
        """Take in that an episode fires no longer, if it did; return the groups as :meth:`begin` does."""
        known = self._places.get(episode_id, ())
        tx.unindex(self._places, episode_id)
        return self._move(tx, episode_id, known, ())

    def count(self, group: Group) -> int:
        """Return how many :meth:`targets` there are."""
        return sum(len(table[group]) for table in (self._targets_only, self._both) if group in table)

    def targets(self, group: Group) -> list[str]:
        """Return the firing episodes that the group's sources inhibit, or would if there were some; sorted."""
        found: list[str] = []
        for table in (self._targets_only, self._both):
            if group in table:
                found += table[group].ranks
        return sorted(found)

    def inhibitor(self, episode_id: str) -> str | None:
        """Return the episode that inhibits this one now, the lowest id if there are more, or None."""
        found = []
        for group, side in self._places.get(episode_id, ()):
            if side is not _Side.SOURCE:
                found += self._lowest(self._pure, group)
            if side is _Side.TARGET:
                found += self._lowest(self._both, group)
        return min(found, default=None)

    @staticmethod
    def _lowest(table: dict[Group, Ordered[str]], group: Group) -> list[str]:
        ordered = table.get(group)
        first = None if ordered is None else ordered.first()
        return [] if first is None else [first[1]]

    def _places_of(self, view: AlertView) -> _Places:
        """Return the groups that the alert belongs to, in order, and as what."""
        sides = dict.fromkeys(self._target_sets.met(view), _Side.TARGET)
        for index in self._source_sets.met(view):
            sides[index] = _Side.BOTH if index in sides else _Side.SOURCE
        return tuple([(self._group(index, view), sides[index]) for index in sorted(sides)])

    def _group(self, index: int, view: AlertView) -> Group:
        return index, tuple([view.label(name) for name in self._rules[index].equal])

    def _move(self, tx: Transaction, episode_id: str, old: _Places, new: _Places) -> list[Group]:
        changed: set[Group] = set()
        for group, side in old:
            if (group, side) not in new and self._leave(tx, group, side, episode_id):
                changed.add(group)
        for group, side in new:
            if (group, side) not in old and self._enter(tx, group, side, episode_id):
                changed.add(group)
        return sorted(changed)

    def _table(self, side: _Side) -> dict[Group, Ordered[str]]:
        if side is _Side.SOURCE:
            return self._pure
        return self._both if side is _Side.BOTH else self._targets_only

    def _enter(self, tx: Transaction, group: Group, side: _Side, episode_id: str) -> bool:
        before = self._sources_in(group)
        table = self._table(side)
        if group not in table:
            tx.index(table, group, Ordered())
        table[group].put(tx, episode_id, _RANK)
        return self._concerns_somebody(group, before)

    def _leave(self, tx: Transaction, group: Group, side: _Side, episode_id: str) -> bool:
        before = self._sources_in(group)
        table = self._table(side)
        table[group].drop(tx, episode_id)
        if not table[group]:
            tx.unindex(table, group)
        return self._concerns_somebody(group, before)

    def _sources_in(self, group: Group) -> tuple[bool, bool]:
        """Return whether the group has sources at all, and such as are no targets themselves."""
        pure = group in self._pure
        return pure or group in self._both, pure

    def _concerns_somebody(self, group: Group, before: tuple[bool, bool]) -> bool:
        """Whether a target may be muted or unmuted, now that the group's sources are no longer those of *before*."""
        (had_any, had_pure), (has_any, has_pure) = before, self._sources_in(group)
        return (had_any is not has_any and group in self._targets_only) or (
            had_pure is not has_pure and group in self._both
        )


def _tests(matchers: tuple[LabelMatcher, ...], where: str) -> tuple[FieldTest, ...]:
    tests = []
    for index, matcher in enumerate(matchers):
        try:
            tests.append(compiled(matcher))
        except ConfigurationError as error:
            raise error.within(f"{where}[{index}]") from None
    return tuple(tests)
