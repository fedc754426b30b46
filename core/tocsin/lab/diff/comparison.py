"""Comparison: what became of each telling in another run of the same history."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from tocsin.lab.diff.reach import FIRST, Told, Traveller
from tocsin.lab.episodes import EpisodeKey
from tocsin.model.severity import AlertSeverity

__all__ = ["Difference", "Effect", "differences"]

_SAME_SECONDS = 1.0
"""What is told within so many seconds of the other run's instant is told at the same time."""


class Effect(enum.StrEnum):
    """What became of a telling; the worst first."""

    LOST = "lost"
    """The alert would have reached nobody any more: no person, where one was told before, or no channel at all."""
    VANISHED = "vanished"
    """The channel would not have been told any more."""
    LATER = "later"
    """The channel would have been told later."""
    MOVED = "moved"
    """Another channel would have been told instead."""
    APPEARED = "appeared"
    """The channel would have been told, and was not."""
    EARLIER = "earlier"
    """The channel would have been told earlier."""


@attrs.frozen(slots=True)
class Difference:
    """One telling that is another one: of which episode, which channel (``to``: in the new run), and what was told.

    One that is lost names all channels that were told, and those that no person reads and that are still told.
    ``seconds`` is by how much it comes later (earlier: negative), where it comes in both.
    """

    effect: Effect
    key: EpisodeKey
    severity: AlertSeverity
    channel_id: str
    what: str
    to: str | None = None
    seconds: float = 0.0


def differences(
    old: Told, new: Told, old_persons: frozenset[str] = frozenset(), new_persons: frozenset[str] = frozenset()
) -> Iterator[Difference]:
    """Yield what differs, episode by episode.

    :param old_persons: the channels that a person reads in the old run; *new_persons* those in the new one.
    """
    for key in old.keys() | new.keys():
        before, after = old.get(key), new.get(key)
        if before is None or after is None:  # it fired in one run alone
            before = before or _untold(after)
            after = after or _untold(before)
        yield from _of_episode(key, before, after, old_persons, new_persons)


def _untold(other: Traveller | None) -> Traveller:
    assert other is not None, "one of two runs has the episode"
    return Traveller(other.cluster, other.metric, other.fired_at, other.severity)


def _of_episode(
    key: EpisodeKey, before: Traveller, after: Traveller, old_persons: frozenset[str], new_persons: frozenset[str]
) -> Iterator[Difference]:
    if before.told == after.told:
        return
    severity = max(before.severity, after.severity)
    gone, come = before.channels - after.channels, after.channels - before.channels
    no_person = bool(before.channels & old_persons) and not after.channels & new_persons
    if before.channels and (not after.channels or no_person):
        left = ", ".join(sorted(after.channels)) or None
        yield Difference(Effect.LOST, key, severity, ", ".join(sorted(gone or before.channels)), FIRST, left)
        return
    moved = _moved(before, after, sorted(gone), sorted(come))
    for channel_id, to in moved.items():
        yield Difference(Effect.MOVED, key, severity, channel_id, FIRST, to)
    for channel_id in sorted(gone - moved.keys()):
        yield Difference(Effect.VANISHED, key, severity, channel_id, FIRST)
    for channel_id in sorted(come - set(moved.values())):
        yield Difference(Effect.APPEARED, key, severity, channel_id, FIRST)
    for channel_id in sorted(before.channels & after.channels):
        yield from _on_channel(key, severity, channel_id, before, after)


def _moved(before: Traveller, after: Traveller, gone: list[str], come: list[str]) -> dict[str, str]:
    """Return which channel is told instead of which: the one that is told next to the instant at which it was."""
    moved: dict[str, str] = {}
    left = list(come)
    for channel_id in gone:
        at = before.told[channel_id, FIRST]
        nearest = min(left, key=lambda other: abs(after.told[other, FIRST] - at), default=None)
        if nearest is not None:
            moved[channel_id] = nearest
            left.remove(nearest)
    return moved


def _on_channel(
    key: EpisodeKey, severity: AlertSeverity, channel_id: str, before: Traveller, after: Traveller
) -> Iterator[Difference]:
    """Yield the differences on a channel that both runs told."""
    old = {what: at for (channel, what), at in before.told.items() if channel == channel_id}
    new = {what: at for (channel, what), at in after.told.items() if channel == channel_id}
    for what in sorted(old.keys() | new.keys()):
        if what not in new:
            yield Difference(Effect.VANISHED, key, severity, channel_id, what)
        elif what not in old:
            yield Difference(Effect.APPEARED, key, severity, channel_id, what)
        elif abs(new[what] - old[what]) > _SAME_SECONDS:
            effect = Effect.LATER if new[what] > old[what] else Effect.EARLIER
            yield Difference(effect, key, severity, channel_id, what, seconds=new[what] - old[what])
