"""The gates, in their order: what keeps an episode from a channel. Derived at every decision, never stored."""

from __future__ import annotations

from tocsin.engine.gaps import is_gap
from tocsin.engine.state import Episode
from tocsin.engine.turn import Turn
from tocsin.model.reason import Reason

__all__ = ["acknowledged", "attended", "muted_by_time", "resolution_gate", "shut_gate", "silenced", "snoozed"]


def acknowledged(turn: Turn, episode: Episode) -> bool:
    """Whether somebody took the alert at this severity or above, and that still holds."""
    ack = episode.ack
    if ack is None or episode.severity > ack.severity:
        return False
    return ack.until is None or turn.clock < ack.until


def snoozed(turn: Turn, episode: Episode) -> bool:
    """Whether somebody put the alert off, and that still holds."""
    return episode.snoozed_until is not None and turn.clock < episode.snoozed_until


def silenced(turn: Turn, episode: Episode) -> Reason | None:
    """Return the reason if an active silence or maintenance matches, or None."""
    silence = turn.quiet.muting(episode, turn.wall())
    if silence is None:
        return None
    return Reason.MAINTENANCE if silence.maintenance else Reason.SILENCED


def muted_by_time(turn: Turn, episode: Episode, channel_id: str) -> bool:
    """Whether all rules that route the episode to the channel are silent now; where none does, all that apply."""
    muted = turn.plan.muted_rules(turn.wall())
    if not (muted and episode.rule_ids):
        return False
    routing = dict(turn.plan.route(episode.view()).by_channel).get(channel_id) or episode.rule_ids
    return bool(routing) and muted.issuperset(routing)


def shut_gate(turn: Turn, episode: Episode, channel_id: str) -> Reason | None:
    """Return the reason of the first gate that is shut for a firing episode on a channel, or None.

    What tells of a gap passes all but those that somebody shut for it: whoever watches the watchman asked for it.
    Nothing is asked more often, so no gate costs anything that nobody has set up.
    """
    found = turn.plan.channels.get(channel_id)
    if found is None:
        return Reason.CHANNEL_MISSING
    channel = found.channel
    if not channel.enabled:
        return Reason.CHANNEL_DISABLED
    alert, quiet = episode.alert, turn.quiet
    if alert.severity.rank < channel.min_severity.rank and not is_gap(alert):
        return Reason.BELOW_MIN_SEVERITY
    if quiet.silences.by_id and (reason := silenced(turn, episode)) is not None:
        return reason
    if quiet.rules and quiet.inhibitor(episode) is not None:
        return Reason.INHIBITED
    if turn.plan.ever_mutes and muted_by_time(turn, episode, channel_id):
        return Reason.MUTED_BY_TIME
    if episode.ack is not None and acknowledged(turn, episode):
        return Reason.ACKNOWLEDGED
    if episode.snoozed_until is not None and snoozed(turn, episode):
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
    if not episode.firing or acknowledged(turn, episode) or snoozed(turn, episode):
        return True
    return silenced(turn, episode) is not None
