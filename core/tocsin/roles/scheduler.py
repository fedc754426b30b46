"""The role of an escalation scheduler: it says which level of a policy comes next, and when."""

from __future__ import annotations

from typing import Any, Protocol

import attrs

from tocsin.model.escalation import EscalationLevel, EscalationPolicy

__all__ = ["EscalationScheduler", "Step"]


@attrs.frozen(slots=True)
class Step:
    """One level of one round: whom it tells, and its ordinal, unique in the incident's escalation and rising."""

    ordinal: int
    level: EscalationLevel
    after_seconds: float
    channels: tuple[str, ...]


class EscalationScheduler(Protocol):
    """Walks through an escalation policy. Pure: the same arguments give the same answer.

    ``state_class`` is an attrs class of plain fields that cattrs can structure; it holds a snapshot of the policy, so
    that a change of configuration leaves running escalations alone. ``state_version`` rises when its fields change.
    A scheduler that raises is recorded as a gap, and the policy's default channels are told.
    """

    @property
    def state_class(self) -> type | None:
        """The class of the state."""
        ...

    @property
    def state_version(self) -> int:
        """The version of the state's fields."""
        ...

    def begin(self, policy: EscalationPolicy, /) -> Any:
        """Return the state of an escalation that begins now."""
        ...

    def next(self, state: Any, /) -> Step | None:
        """Return the level that comes next, ``after_seconds`` of unpaused time after the beginning; None: no more."""
        ...

    def advance(self, state: Any, /) -> Any:
        """Return the state after the level that :meth:`next` gave was told."""
        ...

    def steps(self, state: Any, /) -> tuple[Step, ...]:
        """Return all levels, those that were told included, in order, for people to read."""
        ...
