"""The escalation scheduler ``levels``: a policy's levels in order, each at its delay, the rounds one after another."""

from __future__ import annotations

import attrs

from tocsin import EscalationLevel, EscalationPolicy, EscalationSchedulerRegistrar, Step, hookimpl

__all__ = ["Levels", "LevelsState"]


@attrs.frozen(slots=True)
class LevelsState:
    """A snapshot of the policy, as (level, delay in seconds, channels), and how many levels were told."""

    levels: tuple[tuple[str, float, tuple[str, ...]], ...]
    round_seconds: float
    rounds: int
    told: int = 0


class Levels:
    """Walks through a policy's levels, from the lowest up, ``repeat`` times more."""

    state_class = LevelsState
    state_version = 1

    def begin(self, policy: EscalationPolicy, /) -> LevelsState:
        """Return the snapshot of *policy*."""
        levels = tuple(
            (level.value, policy.delay_seconds(level), channels) for level, channels in policy.escalation_levels.items()
        )
        return LevelsState(levels, policy.round_seconds, policy.repeat + 1)

    def next(self, state: LevelsState, /) -> Step | None:
        """Return the first level that was not told."""
        return _step(state, state.told)

    def advance(self, state: LevelsState, /) -> LevelsState:
        """Count one more level as told."""
        return attrs.evolve(state, told=state.told + 1)

    def steps(self, state: LevelsState, /) -> tuple[Step, ...]:
        """Return the levels of all rounds."""
        total = len(state.levels) * state.rounds
        return tuple(step for index in range(total) if (step := _step(state, index)) is not None)


def _step(state: LevelsState, index: int) -> Step | None:
    if index >= len(state.levels) * state.rounds:
        return None
    lap, place = divmod(index, len(state.levels))
    name, delay, channels = state.levels[place]
    level = EscalationLevel.parse(name)
    ordinal = lap * len(EscalationLevel) + level.rank
    return Step(ordinal, level, lap * state.round_seconds + delay, channels)


@hookimpl
def tocsin_register_escalation_schedulers(registrar: EscalationSchedulerRegistrar) -> None:
    """Register ``levels``."""
    registrar.register("levels", Levels())
