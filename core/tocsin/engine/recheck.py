"""Recheck: before another attempt the gates decide again what of a notification is still worth telling."""

from __future__ import annotations

from typing import Final

from tocsin.engine.ends import goes_on
from tocsin.engine.gates import resolution_gate, shut_gate
from tocsin.engine.outgoing import Listed, end, lines_of
from tocsin.engine.owing import adopt, block
from tocsin.engine.state import PASSENGER, Episode, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus, NotificationState
from tocsin.model.reason import Reason

__all__ = ["fires_again", "recheck"]

_ATTENDED: Final = frozenset({Reason.ACKNOWLEDGED, Reason.SNOOZED})
"""Gates that somebody shut who knows of it."""


def fires_again(turn: Turn, channel_id: str, episode: Episode, listed: Listed, *, untold: bool = False) -> bool:
    """Whether the alert fires again and the channel was told so by another notification: its end is no news any more.

    In the same incident one line tells both in order, and a digest may list both. A receiver that keeps incidents of
    its own needs it all the same: nothing else would close the old incident there; but not what it was never told of.
    """
    found = turn.plan.channels.get(channel_id)
    latest = turn.state.alerts.get(episode.alert.alert_id)
    if latest is None or not latest.firing or latest.episode_id in listed:
        return False
    if latest.incident_id == episode.incident_id:
        return False
    if found is not None and found.spec.per_incident and not untold:
        return False
    line = turn.state.incidents[latest.incident_id].lines.get(channel_id)
    return line is not None and latest.episode_id in line.told


def _owe_levels_again(turn: Turn, out: Outgoing) -> None:
    """Owe again the levels that nobody is left for in the notification, while something else keeps it alive."""
    left = {turn.episode(e).incident_id for e, (status, _) in out.listed.items() if status is AlertStatus.FIRING}
    for line in lines_of(turn, out):
        if line.telling and line.incident_id not in left and not out.maybe:
            turn.tx.edit(line)
            line.levels, line.telling = (*line.telling, *line.levels), ()


def recheck(turn: Turn, out: Outgoing) -> bool:
    """Run the gates again over an attempted notification that is not under way; return whether it goes on.

    If nothing in it is worth telling any more, it ends: cancelled, or unknown if an attempt may have arrived.
    """
    why = Reason.RESOLVED
    firing = False
    before = dict(out.listed)
    for episode_id, (status, rank) in sorted(before.items()):
        episode = turn.episode(episode_id)
        if status is AlertStatus.RESOLVED:
            closed = resolution_gate(turn, out.channel_id)
            if fires_again(turn, out.channel_id, episode, out.listed, untold=rank == PASSENGER):
                closed = Reason.SUPERSEDED
            if closed is not None:
                turn.tx.drop_from(out, out.listed, episode_id)
                why = closed
            continue
        line = turn.line(turn.state.incidents[episode.incident_id], out.channel_id)
        if not episode.firing:
            follows = out.maybe or episode_id in line.due or episode_id in line.waiting  # its resolution
            if (
                follows
                or goes_on(turn, line, episode)
                or fires_again(turn, out.channel_id, episode, out.listed, untold=True)
            ):
                turn.tx.drop_from(out, out.listed, episode_id)
            else:
                turn.tx.put_in(out, out.listed, episode_id, (AlertStatus.RESOLVED, PASSENGER))
            continue
        shut = shut_gate(turn, episode, out.channel_id)
        if shut is not None:
            why = shut
            turn.tx.drop_from(out, out.listed, episode_id)
            if line.told.get(episode_id, PASSENGER) < episode.severity.rank:
                adopt(turn, line, episode)
                block(turn, line, episode, shut)
            elif out.maybe and shut not in _ATTENDED:  # it may not have arrived: it is told again once the gate opens
                turn.tx.edit(line).repeat = True
            continue
        firing = True
        if episode.severity.rank != rank:
            turn.tx.put_in(out, out.listed, episode_id, (AlertStatus.FIRING, episode.severity.rank))
    _owe_levels_again(turn, out)
    if firing:
        return True
    for episode_id, (_, rank) in sorted(out.listed.items()):
        if rank == PASSENGER:  # its resolution is no news to a channel that was never told
            turn.tx.drop_from(out, out.listed, episode_id)
    if out.listed:
        return True
    state = NotificationState.UNKNOWN if out.maybe else NotificationState.CANCELLED
    end(turn, out, state, why, listed=before)
    return False
