"""The escalation scheduler: each level of a policy is told twice. Put your own in its place."""

from __future__ import annotations

from typing import Final

import attrs
from tocsin import EscalationLevel, EscalationPolicy, EscalationSchedulerRegistrar, Step, hookimpl

__all__ = ["Twice", "TwiceState", "tocsin_register_escalation_schedulers"]

_AGAIN_SECONDS: Final = 60.0


@hookimpl
def tocsin_register_escalation_schedulers(registrar: EscalationSchedulerRegistrar) -> None:
    """Register ``{{ cookiecutter.name }}``."""
    registrar.register("{{ cookiecutter.name }}", Twice())


@attrs.frozen(slots=True)
class TwiceState:
    """The policy as it was when the escalation began, as (level, delay in seconds, channels), and how many were told.

    It is kept over a restart: fields are plain, and ``state_version`` rises when they change.
    """

    levels: tuple[tuple[str, float, tuple[str, ...]], ...]
    told: int = 0


class Twice:
    """Tells each level again a minute later. It is pure: the same arguments give the same answer."""

    state_class = TwiceState
    state_version = 1

    def begin(self, policy: EscalationPolicy, /) -> TwiceState:
        """Return the snapshot of *policy*: its levels, each twice, in order of time."""
        once = [(level.value, policy.delay_seconds(level), names) for level, names in policy.escalation_levels.items()]
        again = [(level, delay + _AGAIN_SECONDS, names) for level, delay, names in once]
        return TwiceState(tuple(sorted([*once, *again], key=lambda step: step[1])))

    def next(self, state: TwiceState, /) -> Step | None:
        """Return the first step that was not told; None: there are no more."""
        steps = self.steps(state)
        return steps[state.told] if state.told < len(steps) else None

    def advance(self, state: TwiceState, /) -> TwiceState:
        """Count one more as told."""
        return attrs.evolve(state, told=state.told + 1)

    def steps(self, state: TwiceState, /) -> tuple[Step, ...]:
        """Return all steps, those that were told included."""
        return tuple(
            Step(ordinal, EscalationLevel.parse(level), delay, channels)
            for ordinal, (level, delay, channels) in enumerate(state.levels)
        )
