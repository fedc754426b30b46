"""The contract of escalation schedulers. A plugin's tests inherit it::

class TestTwice(SchedulerContract):
    scheduler = "twice"
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from tocsin.model.escalation import EscalationLevel, EscalationPolicy
from tocsin.roles.scheduler import EscalationScheduler, Step
from tocsin.testing.contracts.kept_state import kept
from tocsin.testing.contracts.owing import owes
from tocsin.testing.contracts.registered import PluginTests

__all__ = ["SchedulerContract"]

_SOURCE: Final = "tocsin.EscalationScheduler"
_MOST_STEPS: Final = 10_000
_EVERY: Final = {level: (f"team-{level.value}",) for level in EscalationLevel}


class SchedulerContract(PluginTests):
    """What any escalation scheduler owes to the engine. Set :attr:`scheduler`."""

    scheduler: ClassVar[str] = ""
    """The name under which the scheduler is registered."""

    def policies(self) -> Iterator[EscalationPolicy]:
        """Yield the policies that it is walked through; override it for a scheduler that wants others."""
        yield EscalationPolicy("empty")
        yield EscalationPolicy("alone", escalation_levels={"first": ["ops"]})
        yield EscalationPolicy("whole", escalation_levels=_EVERY, default_channels=("boss",))
        yield EscalationPolicy("again", escalation_levels=_EVERY, repeat=3)
        yield EscalationPolicy(
            "at once",
            escalation_levels={"immediate": ["ops", "night"], "first": ["\ud800\x00"], "final": ["boss"]},
            level_delays_seconds={"first": 0, "final": 0.5},
            repeat=2,
            repeat_after_seconds=1.0,
        )

    def walked(self, policy: EscalationPolicy) -> Iterator[tuple[Any, Step]]:
        """Yield each step of *policy* with the state that gave it, restarting the service before each."""
        scheduler = self._scheduler
        state = _call(scheduler, "begin", policy)
        for _ in range(_MOST_STEPS):
            state = kept(scheduler, state, f"{_SOURCE}: state_class")
            step = _call(scheduler, "next", state)
            if step is None:
                return
            owes(
                isinstance(step, Step),
                f"next gave {step!r:.60}",
                "return a Step, or None where there are no more",
                f"{_SOURCE}.next",
            )
            yield state, step
            state = _call(scheduler, "advance", state)
        owes(
            False,
            f"the policy {policy.policy_id!r} does not end within {_MOST_STEPS} steps",
            "let next return None at last; advance returns the state of what comes after",
            f"{_SOURCE}.next",
        )

    def test_levels_come_in_order(self) -> None:
        """Ordinals rise, instants do not go back, and each tells somebody."""
        for policy in self.policies():
            ordinals, instants = [-math.inf], [0.0]
            for _, step in self.walked(policy):
                ordinal: Any = step.ordinal
                after: Any = step.after_seconds
                names: Any = step.channels
                shown = f"of the policy {policy.policy_id!r}, after ordinal {ordinals[-1]} comes {step}"
                owes(
                    isinstance(ordinal, int) and ordinal > ordinals[-1],
                    shown,
                    "give each step an ordinal of its own, rising over all rounds",
                    "tocsin.Step.ordinal",
                )
                owes(
                    isinstance(after, (int, float)) and instants[-1] <= after < math.inf,
                    f"{shown}, earlier than what was before it ({instants[-1]:g} s)",
                    "count after_seconds from the beginning of the escalation, and never back",
                    f"{_SOURCE}.next",
                )
                owes(
                    step.level in list(EscalationLevel) and isinstance(names, tuple) and names,
                    shown,
                    "name one of the five levels, and a tuple of channels",
                    "tocsin.Step",
                )
                ordinals.append(ordinal)
                instants.append(after)

    def test_all_steps_are_shown(self) -> None:
        """``steps`` lists what is walked, told or not, the same from beginning to end."""
        for policy in self.policies():
            walk = list(self.walked(policy))
            wanted = tuple(step for _, step in walk)
            states = [state for state, _ in walk] or [_call(self._scheduler, "begin", policy)]
            for state in states:
                shown = _call(self._scheduler, "steps", state)
                owes(
                    isinstance(shown, tuple) and shown == wanted,
                    f"of the policy {policy.policy_id!r} steps shows {shown!r:.120}, and walked is {wanted!r:.120}",
                    "let steps return a tuple of all steps, those that were told included, as next gives them",
                    f"{_SOURCE}.steps",
                )

    def test_it_is_pure(self) -> None:
        """The same for the same state, which is not changed."""
        scheduler = self._scheduler
        for policy in self.policies():
            for state, step in self.walked(policy):
                before = copy.deepcopy(state)
                again = [_call(scheduler, "next", state), _call(scheduler, "next", state)]
                after = [_call(scheduler, "advance", state), _call(scheduler, "advance", state)]
                owes(
                    again == [step, step] and after[0] == after[1],
                    f"of one state {state!r:.80} comes {again[0]}, and then {again[1]}",
                    "keep nothing between calls: what it has to know stands in the state",
                    f"{_SOURCE}: pure",
                )
                owes(
                    state == before,
                    f"advance changed the state it was given to {state!r:.80}",
                    "return another one: attrs.evolve(state, …)",
                    f"{_SOURCE}: pure",
                )

    @property
    def _scheduler(self) -> EscalationScheduler:
        spec = self.registered("escalation_scheduler", self.registry.schedulers, self.scheduler)
        found: EscalationScheduler = spec.scheduler
        return found


def _call(scheduler: EscalationScheduler, method: str, argument: Any) -> Any:
    try:
        return getattr(scheduler, method)(argument)
    except Exception as error:  # whatever it is, its author is told
        raise AssertionError(
            f"{method} raised {type(error).__name__}: {error!s:.120}, for {argument!r:.120}\n"
            "  to mend it: expect a policy without levels, levels at one instant, and any name of a channel\n"
            f"  the contract: {_SOURCE}.{method} (an exception is a gap, and the default channels are told)"
        ) from error
