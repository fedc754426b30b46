"""Meeting deadlines: which part of the engine each kind of them is for."""

from __future__ import annotations

from typing import assert_never

from tocsin.engine import (
    attention,
    escalation,
    forgetting,
    incidents,
    outcomes,
    owing,
    reload,
    reminders,
    watchdog,
)
from tocsin.engine.agenda import Deadline
from tocsin.engine.outgoing import unshelve
from tocsin.engine.turn import Turn

__all__ = ["meet"]


def meet(turn: Turn, kind: Deadline, name: str) -> None:
    """Do what a deadline of that kind, set for *name*, is for; it is the turn's clock that has come to it."""
    state = turn.state
    match kind:
        case Deadline.SILENCE_EDGE:
            reload.silence_edge(turn, name)
        case Deadline.FORGET_SILENCE:
            reload.forget_silence(turn, name)
        case Deadline.TIME_EDGE:
            reload.time_edge(turn)
        case Deadline.ACKNOWLEDGEMENT_END:
            attention.acknowledgement_ended(turn, name)
        case Deadline.SNOOZE_END:
            attention.snooze_ended(turn, name)
        case Deadline.LEVEL:
            escalation.level_due(turn, name)
        case Deadline.RELEASE:
            line = turn.line_by_id(name)
            if line is not None:
                owing.release_due(turn, line)
        case Deadline.REPEAT:
            reminders.remind(turn, name)
        case Deadline.FALLBACK:
            outcomes.fallback_due(turn, state.outgoing[name])
        case Deadline.RETRY:
            outcomes.retry_due(turn, state.outgoing[name])
        case Deadline.LANE:
            turn.lane(name)
        case Deadline.FORGET:
            forgetting.forget(turn, state.incidents[name])
        case Deadline.PROMISE:
            watchdog.look(turn, turn.lane(name))
        case Deadline.HEARTBEAT:
            turn.beats = True  # sent with the attempts, by the configuration that is in force then
        case Deadline.GAP_END:
            incidents.gap_ended(turn, name)
        case Deadline.FORGET_MEMBER:
            forgetting.forget_member(turn, name)
        case Deadline.EXPIRY:
            outcomes.expired(turn, state.outgoing[name])
        case Deadline.DISCARD:
            unshelve(turn, name)
        case _:
            assert_never(kind)
