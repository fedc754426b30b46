"""Causes: which of several changes made a difference.

Each change is made alone, and the history is played again: a change that makes the difference by itself may be its
cause. Where several do, the one counts without which the new configuration does not have the difference. Where there
are too many changes for that, what concerns the alerts narrows them down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tocsin.lab.diff.changes import Change
from tocsin.lab.diff.comparison import Difference
from tocsin.lab.diff.reach import Told, Traveller

__all__ = ["TOGETHER", "causes_of"]

TOGETHER = "several changes together"
_TRIED = 12
"""So many changes are tried alone at most."""

Play = Callable[[Sequence[Change]], Iterable[Difference]]
"""Plays the history with the old configuration and some of the changes, and compares that with the old one alone."""


def causes_of(
    found: Sequence[Difference], changes: Sequence[Change], old: Told, new: Told, with_changes: Play
) -> list[str]:
    """Return the cause of each difference: a change, or that it takes several of them."""
    if len(changes) == 1:
        return [str(changes[0])] * len(found)
    tried = changes if len(changes) <= _TRIED else _likeliest(found, changes, old, new)
    sufficient: list[list[Change]] = [[] for _ in found]
    for change in tried:
        made = set(_keys(with_changes([change])))
        for place, key in enumerate(_keys(found)):
            if key in made:
                sufficient[place].append(change)
    _leave_the_necessary(found, sufficient, changes, with_changes)
    return [str(several[0]) if len(several) == 1 else TOGETHER for several in sufficient]


def _keys(found: Iterable[Difference]) -> list[tuple[object, ...]]:
    return [(one.effect, one.key, one.channel_id, one.what, one.to) for one in found]


def _leave_the_necessary(
    found: Sequence[Difference],
    sufficient: list[list[Change]],
    changes: Sequence[Change],
    with_changes: Play,
) -> None:
    """Of several changes that each make a difference, leave those without which it is not made; else the first."""
    doubtful = {id(change): change for several in sufficient if len(several) > 1 for change in several}
    without = {
        name: set(_keys(with_changes([one for one in changes if one is not change])))
        for name, change in doubtful.items()
    }
    for place, key in enumerate(_keys(found)):
        several = sufficient[place]
        if len(several) > 1:
            necessary = [change for change in several if key not in without[id(change)]]
            sufficient[place] = (necessary or several)[:1]


def _likeliest(found: Sequence[Difference], changes: Sequence[Change], old: Told, new: Told) -> list[Change]:
    """Return the changes that concern the most differences."""
    concerned: Counter[int] = Counter()
    for difference in found:
        travellers = [told.get(difference.key) for told in (old, new)]
        concerned.update(place for place, change in enumerate(changes) if _concerns(change, difference, travellers))
    return [changes[place] for place, _ in concerned.most_common(_TRIED)]


def _concerns(change: Change, difference: Difference, travellers: Iterable[Traveller | None]) -> bool:
    known = [one for one in travellers if one is not None]
    match change.section:
        case "channels":
            return change.name in (*difference.channel_id.split(", "), difference.to)
        case "escalation_policies":
            return any(change.name in one.policies for one in known)
        case "routing_rules":
            rules = {rule for one in known for rule in one.rules}
            return not change.name or bool(rules & change.rule_ids)
        case _:
            return True
