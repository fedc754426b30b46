"""The gates, in their order: what keeps an episode from a channel. Derived at every decision, never stored."""

from __future__ import annotations

from tocsin.engine.silences import muted_by
from tocsin.engine.state import Episode
from tocsin.engine.turn import Turn
from tocsin.model.reason import Reason

__all__ = ["acknowledged", "attended", "resolution_gate", "shut_gate", "silenced", "snoozed"]


def acknowledged(turn: Turn, episode: Episode) -> bool:
    """Whether somebody took the alert at this severity or above, and that still holds."""
    ack = episode.ack
    if ack is None or episode.severity > ack.severity:
        return False
    return ack.until is None or turn.clock < ack.until


def snoozed(turn: Turn, episode: Episode) -> bool:
    """Whether somebody put the alert off, and that still holds."""
    return episode.snoozed_until is not None and turn.clock < episode.snoozed_until


def silenced(turn: Turn, episode: Episode) -> bool:
    """Whether an active silence matches."""
    return bool(turn.state.silences) and muted_by(turn.state.silences, episode, turn.wall()) is not None


def shut_gate(turn: Turn, episode: Episode, channel_id: str) -> Reason | None:
    """Return the reason of the first gate that is shut for a firing episode on a channel, or None."""
    found = turn.plan.channels.get(channel_id)
    if found is None:
        return Reason.CHANNEL_MISSING
    if not found.channel.enabled:
        return Reason.CHANNEL_DISABLED
    if episode.severity < found.channel.min_severity:
        return Reason.BELOW_MIN_SEVERITY
    if silenced(turn, episode):
        return Reason.SILENCED
    if acknowledged(turn, episode):
        return Reason.ACKNOWLEDGED
    if snoozed(turn, episode):
        return Reason.SNOOZED
    return None


def resolution_gate(turn: Turn, channel_id: str) -> Reason | None:
    """Return why the channel takes no resolutions now, or None; nothing else keeps one from whoever was told."""
    found = turn.plan.channels.get(channel_id)
    if found is None:
        return Reason.CHANNEL_MISSING
    if not found.channel.enabled:
        return Reason.CHANNEL_DISABLED
    return None if found.channel.send_resolved else Reason.RESOLVED_NOT_WANTED


def attended(turn: Turn, episode: Episode) -> bool:
    """Whether an escalation has nothing to do for the episode now: resolved, acknowledged, put off or silenced."""
    return not episode.firing or acknowledged(turn, episode) or snoozed(turn, episode) or silenced(turn, episode)
