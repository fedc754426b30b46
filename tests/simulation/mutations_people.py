"""What people do, broken: maintenance, sending again, calling for the next level, and notes."""

from __future__ import annotations

from typing import Any, Final

import pytest
from tests.simulation.breaking import Mutation, into, nothing, replace

from tocsin.engine import attention, escalation, gates, redrive, reload
from tocsin.engine.suppression.silences import SilenceIndex
from tocsin.model.facts import Noted
from tocsin.model.reason import Reason
from tocsin.model.silence import Silence
from tocsin.runtime.operable import Operable

__all__ = ["MUTATIONS"]

MUTATIONS: Final[list[Mutation]] = []
mutation = into(MUTATIONS)


# -- maintenance ---------------------------------------------------------------------------------------------------


@mutation(seed=7)
def tells_what_is_maintained(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def silenced(turn: Any, episode: Any) -> Any:
            found = original(turn, episode)
            return None if found is Reason.MAINTENANCE else found

        return silenced

    replace(patch, gates, "silenced", make)


@mutation(seed=7)
def calls_maintenance_a_silence(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "silenced", lambda make: lambda turn, episode: make(turn, episode) and Reason.SILENCED)


@mutation(seed=7)
def maintains_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Neither its end nor whoever ends it earlier ends a maintenance."""

    def drop(original: Any) -> Any:
        def kept(self: SilenceIndex, tx: Any, silence_id: str) -> None:
            if not silence_id.startswith("m"):
                original(self, tx, silence_id)

        return kept

    def active(original: Any) -> Any:
        def lasts(self: Silence, wall: float) -> bool:
            return self.starts_at <= wall if self.maintenance else bool(original(self, wall))

        return lasts

    replace(patch, SilenceIndex, "drop", drop)
    replace(patch, Silence, "active", active)


@mutation(seed=20)
def does_not_notice_the_end_of_a_maintenance(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def silence_edge(turn: Any, silence_id: str) -> None:
            if not turn.state.silences[silence_id].silence.maintenance:
                original(turn, silence_id)

        return silence_edge

    replace(patch, reload, "silence_edge", make)


# -- sent again ----------------------------------------------------------------------------------------------------


@mutation(seed=9)
def sends_again_under_another_id(patch: pytest.MonkeyPatch) -> None:
    replace(patch, redrive, "_revive", lambda _: redrive._owe_anew)


@mutation(seed=9)
def sends_nothing_again(patch: pytest.MonkeyPatch) -> None:
    """It says that it does."""
    replace(patch, redrive, "_revive", lambda _: nothing)


@mutation(seed=9)
def forgives_no_attempt(patch: pytest.MonkeyPatch) -> None:
    """What is sent again has one attempt left."""

    def make(original: Any) -> Any:
        def revive(turn: Any, out: Any) -> None:
            original(turn, out)
            out.forgiven = 0

        return revive

    replace(patch, redrive, "_revive", make)


@mutation(seed=10)
def sends_again_what_others_told(patch: pytest.MonkeyPatch) -> None:
    replace(patch, redrive, "_known", lambda _: lambda turn, out, episode: False)


@mutation(seed=10)
def sends_again_what_is_over(patch: pytest.MonkeyPatch) -> None:
    """Whatever it listed, and whatever keeps that quiet by now."""
    replace(patch, redrive, "_worth_telling", lambda _: lambda turn, out, name: name in turn.state.episodes)


@mutation(seed=9)
def refuses_to_send_again(patch: pytest.MonkeyPatch) -> None:
    replace(patch, redrive, "redrive", lambda _: lambda turn, notification_id: False)


# -- the next level, and notes -------------------------------------------------------------------------------------


@mutation(seed=9)
def calls_for_nobody(patch: pytest.MonkeyPatch) -> None:
    replace(patch, attention, "escalate", lambda _: lambda turn, target: False)


@mutation(seed=9)
def calls_for_two_levels(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def hasten(turn: Any, incident: Any, policy_id: str) -> bool:
            return bool(original(turn, incident, policy_id)) | bool(original(turn, incident, policy_id))

        return hasten

    replace(patch, escalation, "hasten", make)


@mutation(seed=9)
def brings_later_levels_forward(patch: pytest.MonkeyPatch) -> None:
    """Those after the level that somebody called for come a minute earlier."""

    def make(original: Any) -> Any:
        def hasten(turn: Any, incident: Any, policy_id: str) -> bool:
            told = bool(original(turn, incident, policy_id))
            running = incident.escalations.get(policy_id)
            if told and running is not None:
                turn.tx.edit(running).base += 60.0
                escalation.advance(turn, incident, running)
            return told

        return hasten

    replace(patch, escalation, "hasten", make)


@mutation(seed=7)
def loses_notes(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def one(self: Operable, kind: Any, *arguments: Any) -> bool:
            return True if kind is Noted else bool(original(self, kind, *arguments))

        return one

    replace(patch, Operable, "_one", make)
