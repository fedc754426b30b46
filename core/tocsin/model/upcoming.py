"""What comes next for an alert by itself, if nothing else happens."""

from __future__ import annotations

import enum

import attrs

__all__ = ["Upcoming", "UpcomingKind"]


class UpcomingKind(enum.StrEnum):
    """What comes."""

    ESCALATION = "escalation"
    """A level of its escalation."""
    FOLD = "fold"
    """The summary that it waits for on one channel."""
    ACKNOWLEDGEMENT_END = "acknowledgement_end"
    """The end of an acknowledgement that was given for a while."""
    SNOOZE_END = "snooze_end"
    """The end of a snooze."""


@attrs.frozen(slots=True)
class Upcoming:
    """One thing that comes at the instant ``at``: wall time, seconds since the epoch (UTC).

    None: not before somebody has to answer again, for the escalation is paused. ``level`` is an escalation's,
    ``channels`` are those that are told.
    """

    at: float | None
    kind: UpcomingKind
    level: str = ""
    channels: tuple[str, ...] = ()
