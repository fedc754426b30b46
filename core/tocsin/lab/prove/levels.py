"""The levels of an escalation policy that come due in time."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine.plan import Plan
from tocsin.model.escalation import EscalationPolicy
from tocsin.roles.scheduler import EscalationScheduler

__all__ = ["Level", "levels_within"]

_MOST: Final = 1000
"""More levels are not looked at: those of a policy that repeats without end tell the same channels again."""


@attrs.frozen(slots=True)
class Level:
    """A level: how many seconds after the beginning it is told, and whether it joins the channels of the rules."""

    after: float
    joins: bool
    channels: tuple[str, ...]


def levels_within(plan: Plan, policy_id: str, within: float) -> list[Level]:
    """Return the levels that are told within so many seconds, as the engine goes through them.

    A level waits for those before it. Where the scheduler is missing or raises, the default channels are told.
    """
    policy = plan.config.escalation_policies.get(policy_id)
    if policy is None:
        return []
    levels: list[Level] = []
    scheduler = plan.schedulers.get(plan.config.escalation_scheduler)
    try:
        if scheduler is None:
            raise LookupError(plan.config.escalation_scheduler)
        _go_through(scheduler, policy, within, levels)
    except Exception:  # noqa: BLE001  one that raises leaves the default channels
        levels.append(Level(max((one.after for one in levels), default=0.0), False, policy.default_channels))
    return levels


def _go_through(scheduler: EscalationScheduler, policy: EscalationPolicy, within: float, levels: list[Level]) -> None:
    after = 0.0
    state = scheduler.begin(policy)
    while len(levels) < _MOST and (step := scheduler.next(state)) is not None:
        after = max(after, step.after_seconds)
        if after > within:
            return
        levels.append(Level(after, step.ordinal == 0 and step.after_seconds == 0, step.channels))
        state = scheduler.advance(state)
