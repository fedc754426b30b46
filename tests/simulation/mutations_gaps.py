"""The watchdog's own channel, broken: gaps that nobody hears of, that end too soon or never, or go elsewhere."""

from __future__ import annotations

from typing import Any, Final

import pytest
from tests.simulation.breaking import Mutation, into, nothing, replace

from tocsin.engine import gates, incidents
from tocsin.runtime.store_watch import StoreWatch

__all__ = ["MUTATIONS"]

MUTATIONS: Final[list[Mutation]] = []
mutation = into(MUTATIONS)


@mutation(seed=7)
def tells_no_gaps(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "tell_gap", lambda _: nothing)


@mutation(seed=7)
def ends_no_gap(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "gap_ended", lambda _: nothing)


@mutation(seed=7)
def ends_gaps_after_half_an_hour(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incidents, "GAP_QUIET_SECONDS", 1800.0)


@mutation(seed=7)
def ends_that_of_an_open_circuit(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "_lasts", lambda _: lambda turn, gap: False)


@mutation(seed=7)
def keeps_gaps_back_like_others(patch: pytest.MonkeyPatch) -> None:
    """The channel's least severity is asked for gaps too."""
    patch.setattr(gates, "is_gap", lambda alert: False)


@mutation(seed=7)
def tells_gaps_where_the_rules_say(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incidents, "is_gap", lambda alert: False)


@mutation(seed=7)
def tells_a_channel_of_its_own_gaps(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "concerns", lambda _: lambda gap, channel_id: False)


@mutation(seed=13)
def tells_of_each_commit_that_fails(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def failed(self: StoreWatch, now: Any, within_seconds: float, detail: str) -> Any:
            return original(self, now, 0.0, detail)

        return failed

    replace(patch, StoreWatch, "failed", make)
