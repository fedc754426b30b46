"""A moment: what befalls the engine at one instant, as a history or a scenario has it."""

from __future__ import annotations

import attrs

from tocsin.journal import Input
from tocsin.model.facts import AttemptEnded

__all__ = ["AttemptKey", "Moment", "key_of"]

AttemptKey = tuple[str, int]
"""A notification's id, and which attempt of it."""


@attrs.frozen(slots=True)
class Moment:
    """The inputs of one step, in order, with its instants in seconds: engine time, and wall time since the epoch.

    ``configuration`` is the digest of the configuration that a journal recorded it under; '' where nobody did.
    """

    engine: float
    wall: float
    inputs: tuple[Input, ...]
    configuration: str = ""


def key_of(ended: AttemptEnded) -> AttemptKey:
    """Return which attempt ended."""
    return ended.notification_id, ended.attempt
