"""Causes: which of several changes made a difference.

Each change is made alone, and the history is played again: the first that makes the difference by itself is its cause.
Where there are too many changes for that, what concerns the alert narrows them down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tocsin.lab.diff.changes import Change
from tocsin.lab.diff.comparison import Difference, differences
from tocsin.lab.diff.reach import Told, Traveller

__all__ = ["TOGETHER", "causes_of"]

TOGETHER = "several changes together"
_ALONE = 12
"""So many changes are tried alone at most."""


def causes_of(
    found: Sequence[Difference],
    changes: Sequence[Change],
    old: Told,
    new: Told,
    alone: Callable[[Change], Told],
) -> list[str]:
    """Return the cause of each difference.

    :param alone: plays the history with the old configuration and one change.
    """
    if len(changes) == 1:
        return [str(changes[0])] * len(found)
    causes: list[str | None] = [None] * len(found)
    if len(changes) <= _ALONE:
        _try_alone(found, causes, changes, old, alone)
    else:
        for place, difference in enumerate(found):
            candidates = _concerning(changes, difference, [one.get(difference.key) for one in (old, new)])
            causes[place] = str(candidates[0]) if len(candidates) == 1 else None
    return [cause or TOGETHER for cause in causes]


def _try_alone(
    found: Sequence[Difference],
    causes: list[str | None],
    changes: Sequence[Change],
    old: Told,
    alone: Callable[[Change], Told],
) -> None:
    left = set(range(len(found)))
    for change in changes:
        if not left:
            return
        made = {(one.effect, one.key, one.channel_id, one.what, one.to) for one in differences(old, alone(change))}
        for place in sorted(left):
            one = found[place]
            if (one.effect, one.key, one.channel_id, one.what, one.to) in made:
                causes[place] = str(change)
                left.discard(place)


def _concerning(
    changes: Sequence[Change], difference: Difference, travellers: Iterable[Traveller | None]
) -> list[Change]:
    """Return the changes that may have made a difference; all of them, where nothing tells them apart."""
    channels = {difference.channel_id, difference.to}
    rules: set[str] = set()
    policies: set[str] = set()
    for traveller in travellers:
        if traveller is not None:
            rules |= traveller.rules.keys()
            policies |= traveller.policies.keys()

    def concerns(change: Change) -> bool:
        match change.section:
            case "channels":
                return change.name in channels
            case "escalation_policies":
                return change.name in policies
            case "routing_rules":
                return not change.name or change.name in rules or change.text == "removed"
            case _:
                return True

    return [change for change in changes if concerns(change)] or list(changes)
