"""A diff from its beginning to its end: both configurations over one history, and each change alone."""

from __future__ import annotations

import copy
from typing import Any

from tocsin.engine.compile import recorded_plan
from tocsin.engine.plan import Plan
from tocsin.lab.diff.causes import causes_of
from tocsin.lab.diff.changes import Change, changes_between
from tocsin.lab.diff.comparison import differences
from tocsin.lab.diff.reach import Reach, Told
from tocsin.lab.diff.report import DiffReport, group_differences
from tocsin.lab.history.history import History
from tocsin.lab.people import NOBODY, People
from tocsin.lab.player import Player
from tocsin.lab.receivers import IDEAL, Receivers
from tocsin.lab.replay.run import play
from tocsin.registry import Registry

__all__ = ["diff"]


def diff(
    old: Plan,
    new: Plan,
    history: History,
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
    changes = changes_between(old.plain, new.plain)
    if not changes:
        return DiffReport((), (), 0, history.remarks)

    def run(plan: Plan) -> Told:
        player = Player(plan, seed=history.seed, receivers=receivers, people=people)
        reach = Reach(player.engine, since)
        player.watch(reach.watch)
        play(player, history, until)
        return reach.told

    def alone(change: Change) -> Told:
        return run(_with(old.plain, change, registry))

    before, after = run(old), run(new)
    found = list(differences(before, after))
    causes = causes_of(found, changes, before, after, alone)
    groups = group_differences(found, causes, (before, after))
    return DiffReport(tuple(map(str, changes)), groups, len(before.keys() | after.keys()), history.remarks)


def _with(plain: dict[str, Any], change: Change, registry: Registry) -> Plan:
    changed = copy.deepcopy(plain)
    change.make(changed)
    return recorded_plan(changed, registry)[0]
