"""A diff from its beginning to its end: both configurations over one history, and each change alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from tocsin.engine.compile import recorded_plan
from tocsin.engine.plan import Plan
from tocsin.lab.diff.causes import causes_of
from tocsin.lab.diff.changes import Change, changes_between
from tocsin.lab.diff.comparison import Difference, differences
from tocsin.lab.diff.reach import Reach, Told
from tocsin.lab.diff.report import DiffReport, group_differences
from tocsin.lab.history.history import History
from tocsin.lab.people import NOBODY, People
from tocsin.lab.player import Player
from tocsin.lab.receivers import IDEAL, Receivers
from tocsin.lab.replay.run import play
from tocsin.registry import Registry

__all__ = ["Side", "diff"]

_LABELS: Final = "labels"


@attrs.frozen(slots=True, eq=False)
class Side:
    """One of the two that are compared: a plan, and the history as it reads it.

    ``labels`` says how label sets become alerts, in words: it is a part of the configuration that is none of the plan.
    """

    plan: Plan
    history: History
    labels: str = ""

    @property
    def persons(self) -> frozenset[str]:
        """The channels that a person reads."""
        return frozenset(name for name, found in self.plan.channels.items() if found.human)


def diff(
    old: Side,
    new: Side,
    registry: Registry,
    *,
    since: float = float("-inf"),
    until: float = float("inf"),
    receivers: Receivers = IDEAL,
    people: People = NOBODY,
) -> DiffReport:
    """Return who would have been told something else, or at another time, with *new* in the place of *old*.

    Both run with the same *receivers* and *people*, whatever a history recorded of its own: what failed then is no
    difference between two configurations.

    :raises StoreError: when the history cannot be read.
    """
    changes = changes_between(old.plan.plain, new.plan.plain)
    if old.labels != new.labels:
        text = f"{old.labels} → {new.labels}"
        changes = (Change("server", _LABELS, "", text, lambda plain: None), *changes)
    if not changes:
        return DiffReport((), (), 0, old.history.remarks)

    def run(plan: Plan, history: History) -> Told:
        player = Player(plan, seed=history.seed, receivers=receivers, people=people)
        reach = Reach(player.engine, since)
        player.watch(reach.watch)
        play(player, history, until)
        return reach.told

    def with_changes(some: Sequence[Change]) -> Iterator[Difference]:
        plain = copy.deepcopy(old.plan.plain)
        for change in some:
            change.make(plain)
        relabelled = any(change.section == _LABELS for change in some)
        side = Side(recorded_plan(plain, registry)[0], (new if relabelled else old).history)
        return differences(before, run(side.plan, side.history), old.persons, side.persons)

    before, after = run(old.plan, old.history), run(new.plan, new.history)
    found = list(differences(before, after, old.persons, new.persons))
    causes = causes_of(found, changes, before, after, with_changes)
    groups = group_differences(found, causes, (before, after))
    return DiffReport(tuple(map(str, changes)), groups, len(before.keys() | after.keys()), old.history.remarks)
