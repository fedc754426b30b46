"""Notifications that ended undelivered: they are kept for a while, and tried again when somebody asks."""

from __future__ import annotations

from tocsin.engine.dues import put_due
from tocsin.engine.gates import resolution_gate, shut_gate
from tocsin.engine.outgoing import announce, end, enqueue, lines_of, live, unshelve
from tocsin.engine.owing import level_of
from tocsin.engine.state import PASSENGER, Episode, Line, Outgoing, Owed
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus, NotificationState
from tocsin.model.reason import Reason
from tocsin.roles.aggregator import Cause

__all__ = ["redrive", "resume_waiting"]


def redrive(turn: Turn, notification_id: str) -> bool:
    """Try a notification again, under its own id; return False when it is not kept or has nothing to tell any more.

    One whose line is busy goes next. What a digest listed is owed anew, by each of its lines; so is what was never
    attempted.
    """
    out = turn.state.undelivered.get(notification_id)
    found = None if out is None else turn.plan.channels.get(out.channel_id)
    if out is None or found is None or not found.channel.enabled:
        return False
    if not any(_worth_telling(turn, out, episode_id) for episode_id in out.listed):
        return False
    unshelve(turn, notification_id)
    if out.parts or not out.attempted:
        _owe_anew(turn, out)
    else:
        _revive(turn, out)
    return True


def _revive(turn: Turn, out: Outgoing) -> None:
    for episode_id in [e for e in out.listed if not _worth_telling(turn, out, e)]:
        turn.tx.drop_from(out, out.listed, episode_id)
    line = lines_of(turn, out)[0]
    tx = turn.tx
    tx.edit(out)
    out.state, out.reason, out.detail, out.ended_at = NotificationState.QUEUED, None, "", None
    out.forgiven, out.first_attempt_at, out.expired, out.late = out.attempts, None, False, False
    out.limited_until = None
    out.due_at = turn.clock
    live(turn, out)
    announce(turn, out, "sent again by hand")
    tx.edit(line).again = (*line.again, out.notification_id)
    turn.touch(line)


def _worth_telling(turn: Turn, out: Outgoing, episode_id: str) -> bool:
    """Whether the channel should still hear of it: an end unless the alert fires again, and nothing that it knows."""
    episode = turn.state.episodes.get(episode_id)
    if episode is None or not _lists(out, episode):
        return False
    status, rank = out.listed[episode_id]
    if status is AlertStatus.RESOLVED:
        return rank != PASSENGER and resolution_gate(turn, out.channel_id) is None and not _continues(turn, episode)
    return episode.firing and not _known(turn, out, episode) and shut_gate(turn, episode, out.channel_id) is None


def _lists(out: Outgoing, episode: Episode) -> bool:
    """Whether it is this one; once an alert was forgotten, its next episode is called as the first one was."""
    if not out.parts:
        return episode.incident_id == out.incident_id
    return any(line_id.partition("/")[0] == episode.incident_id for line_id in out.parts)


def _continues(turn: Turn, episode: Episode) -> bool:
    """Whether the alert fires again in the same incident, which its receivers believe to be open."""
    latest = turn.state.alerts.get(episode.alert.alert_id)
    return latest is not None and latest.firing and latest.incident_id == episode.incident_id


def _known(turn: Turn, out: Outgoing, episode: Episode) -> bool:
    """Whether the channel has heard of it from another notification; its own may have arrived or not."""
    line = turn.line(turn.state.incidents[episode.incident_id], out.channel_id)
    return not out.maybe and line.told.get(episode.episode_id, PASSENGER) >= episode.severity.rank


def _owe_anew(turn: Turn, out: Outgoing) -> None:
    for episode_id, (status, rank) in sorted(out.listed.items()):
        if _worth_telling(turn, out, episode_id):
            incident = turn.state.incidents[turn.episode(episode_id).incident_id]
            line = turn.line(incident, out.channel_id)
            cause = Cause.NEW if status is AlertStatus.FIRING else Cause.RESOLVED
            put_due(turn, line, episode_id, Owed(cause, turn.clock, rank if cause is Cause.RESOLVED else PASSENGER))
            turn.touch(line)


def resume_waiting(turn: Turn, line: Line) -> bool:
    """Let the first notification that is to be tried again take the line, which is free; return whether one did."""
    while line.again:
        notification_id, *rest = line.again
        turn.tx.edit(line).again = tuple(rest)
        out = turn.state.outgoing.get(notification_id)
        if out is None:
            continue
        for episode_id in [e for e in out.listed if not _worth_telling(turn, out, e)]:
            turn.tx.drop_from(out, out.listed, episode_id)
        if out.listed:
            line.current = notification_id
            level = level_of(out)
            line.telling = () if level is None else (level,)
            enqueue(turn, out)
            return True
        end(turn, out, NotificationState.UNKNOWN if out.maybe else NotificationState.CANCELLED, Reason.ALREADY_TOLD)
    return False
