"""Circuits: a channel whose receiver fails again and again is left alone for a while, then probed."""

from __future__ import annotations

from tocsin.engine.state import Lane
from tocsin.engine.turn import Turn
from tocsin.model.event import CircuitChanged
from tocsin.model.outcome import CircuitPolicy, OutcomeStatus
from tocsin.model.reason import GapKind

__all__ = ["closed_until", "note", "probing"]

_ANSWERED = frozenset({OutcomeStatus.DELIVERED, OutcomeStatus.REJECTED, OutcomeStatus.THROTTLED})


def closed_until(turn: Turn, lane: Lane) -> float | None:
    """Return the instant of the next probe while the circuit is open, or None when attempts may start."""
    return lane.probe_at if lane.probe_at is not None and turn.now.engine < lane.probe_at else None


def probing(lane: Lane) -> bool:
    """Whether the next attempt is a probe, and has to be alone."""
    return lane.probe_at is not None


def note(turn: Turn, lane: Lane, policy: CircuitPolicy | None, status: OutcomeStatus) -> None:
    """Take in how an attempt ended: any answer closes the circuit, failures in a row open it."""
    if status in _ANSWERED:
        if lane.failures:
            turn.tx.edit(lane).failures = 0
        if lane.probe_at is not None:
            turn.tx.edit(lane).probe_at = None
            turn.tell(CircuitChanged(turn.clock, lane.channel_id, False))
        return
    if closed_until(turn, lane) is not None:
        return  # it was under way when the circuit opened: only a probe says that the receiver needs longer
    turn.tx.edit(lane).failures += 1
    if policy is None or lane.failures < policy.failures:
        return
    was_open = lane.probe_at is not None
    again = min(lane.failures - policy.failures, 30)
    lane.probe_at = turn.now.engine + min(policy.cap_seconds, policy.open_seconds * 2.0**again)
    if not was_open:
        turn.tell(CircuitChanged(turn.clock, lane.channel_id, True, lane.probe_at))
        turn.gap(GapKind.CIRCUIT_OPEN, lane.channel_id, f"{lane.failures} attempts in a row failed")
