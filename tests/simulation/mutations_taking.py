"""That somebody has it, broken: said too early, twice, to nobody, to all, or under a key that is taken."""

from __future__ import annotations

from typing import Any, Final

import pytest
from tests.simulation.breaking import Mutation, into, nothing, replace

from tocsin.engine import outgoing, taking

__all__ = ["MUTATIONS"]

MUTATIONS: Final[list[Mutation]] = []
mutation = into(MUTATIONS)


@mutation(seed=13)
def says_it_before_all_is_taken(patch: pytest.MonkeyPatch) -> None:
    """Once somebody has any of what the channel was told of."""

    def any_taken(turn: Any, line: Any) -> bool:
        return any(turn.state.episodes[name].ack is not None for name in line.told)

    replace(patch, taking, "_all_taken", lambda _: any_taken)


@mutation(seed=35)
def says_it_to_nobody(patch: pytest.MonkeyPatch) -> None:
    replace(patch, taking, "is_owed", lambda _: lambda turn, line: False)


@mutation(seed=15)
def says_it_to_all(patch: pytest.MonkeyPatch) -> None:
    replace(patch, taking, "_hears", lambda _: lambda turn, channel_id: channel_id in turn.plan.channels)


@mutation(seed=35)
def says_it_again_whoever_has_it(patch: pytest.MonkeyPatch) -> None:
    """Whenever something happens to the line."""
    replace(patch, taking, "is_owed", lambda _: taking.holds)


@mutation(seed=35)
def says_nothing_of_who_takes_it_over(patch: pytest.MonkeyPatch) -> None:
    replace(patch, taking, "taken_over", lambda _: nothing)


@mutation(seed=35)
def calls_under_a_key_that_is_taken(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def goes_out(turn: Any, out: Any) -> None:
            original(turn, out)
            for line in outgoing.lines_of(turn, out):
                line.reopened = 0

        return goes_out

    replace(patch, taking, "goes_out", make)
