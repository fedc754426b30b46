"""What changes for many at once: a new configuration, a restart, a silence that begins or ends."""

from __future__ import annotations

from tocsin.engine import escalation, incidents, outcomes
from tocsin.engine.agenda import Deadline
from tocsin.engine.outgoing import announce, end, enqueue
from tocsin.engine.plan import Plan
from tocsin.engine.silences import next_edge
from tocsin.engine.state import Line
from tocsin.engine.turn import Turn
from tocsin.model.channel import NotificationChannel
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Reason
from tocsin.model.silence import Silence
from tocsin.roles.aggregator import Cause

__all__ = ["change_plan", "expire_silence", "restart", "set_silence", "silence_edge", "wall_went_back"]


def change_plan(turn: Turn, plan: Plan) -> None:
    """Swap the plan, route everything that fires anew, and hand over what vanished channels had pending."""
    old, turn.plan = turn.plan, plan
    for channel_id in sorted(turn.state.lanes):
        turn.lane(channel_id)
    if plan.digest == old.digest:
        return
    turn.reloading = bool(turn.state.firing)  # what begins later in the step is no news of the reload
    for alert_id in sorted(turn.state.firing):
        incidents.reroute(turn, turn.state.alerts[alert_id])
    for channel_id, gone in sorted(old.channels.items()):
        if channel_id not in plan.channels:
            _vanish(turn, gone.channel)


def _vanish(turn: Turn, channel: NotificationChannel) -> None:
    """Hand over what a channel that is gone still had to tell; an attempt under way ends first."""
    pending = [out for out in turn.state.outgoing.values() if out.channel_id == channel.channel_id]
    for out in sorted(pending, key=lambda out: out.serial):
        turn.tx.edit(out).fallback = channel.fallback
        if not out.attempted:
            end(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING)
        elif out.state is not NotificationState.SENDING:
            outcomes.hand_over(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING)
    for incident_id in sorted(turn.state.incidents):
        line = turn.state.incidents[incident_id].lines.get(channel.channel_id)
        if line is not None:
            _pass_on(turn, line, channel)


def _pass_on(turn: Turn, line: Line, channel: NotificationChannel) -> None:
    owed = {**line.waiting, **line.due}
    for episode_id in owed:
        turn.tx.drop_from(line, line.due, episode_id)
        turn.tx.drop_from(line, line.waiting, episode_id)
    named = {episode_id for mark in line.levels for episode_id in escalation.named(turn, line, mark)}
    turn.tx.edit(line).levels = ()
    wanted = named | {episode_id for episode_id, one in owed.items() if one.cause is not Cause.RESOLVED}
    episodes = [episode for episode_id in sorted(wanted) if (episode := turn.episode(episode_id)).firing]
    if episodes:
        via = tuple(dict.fromkeys(channel_id for episode_id in owed for channel_id in line.adopted.get(episode_id, ())))
        why = Reason.CHANNEL_MISSING.value
        outcomes.tell_elsewhere(turn, channel.channel_id, channel.fallback, via, episodes, why)
    turn.touch(line)


def restart(turn: Turn, waiting: frozenset[str]) -> None:
    """Take up what a crash or a stop cut off: attempts that were under way may have arrived, and are made again."""
    for notification_id in sorted(turn.state.outgoing):
        out = turn.state.outgoing[notification_id]
        if out.state is NotificationState.SENDING and notification_id not in waiting:
            turn.tx.unindex(turn.lane(out.channel_id).sending, notification_id)
            turn.tx.edit(out)
            out.maybe, out.state = True, NotificationState.RETRYING
            outcomes.told(turn, out)
            announce(turn, out, "the process ended while it was under way")
            if out.channel_id in turn.plan.channels:
                enqueue(turn, out)
            else:
                outcomes.hand_over(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING)
    for channel_id in sorted(turn.state.lanes):
        turn.lane(channel_id)


def _set_edge(turn: Turn, silence: Silence) -> None:
    """Set the deadline at which the silence next starts or ends, in wall time."""
    edge = next_edge(silence, turn.wall())
    if edge is None:
        turn.state.wall_agenda.cancel(turn.tx, Deadline.SILENCE_EDGE, silence.silence_id)
    else:
        turn.state.wall_agenda.set(turn.tx, Deadline.SILENCE_EDGE, silence.silence_id, edge)


def wall_went_back(turn: Turn) -> None:
    """The wall clock jumped back, perhaps to before a silence's start."""
    for silence in turn.state.silences.values():
        _set_edge(turn, silence)
    if turn.state.silences:
        _decide_anew(turn)


def set_silence(turn: Turn, silence: Silence) -> None:
    """Take in a silence, new or changed; one that is over already only ends the one that it replaces."""
    if next_edge(silence, turn.wall()) is None:
        turn.tx.drop(turn.state.silences, silence.silence_id)
    else:
        turn.tx.put(turn.state.silences, silence.silence_id, silence)
    _set_edge(turn, silence)
    _decide_anew(turn)


def expire_silence(turn: Turn, silence_id: str) -> bool:
    """Take in that a silence was ended; return whether there was one."""
    if silence_id not in turn.state.silences:
        return False
    turn.tx.drop(turn.state.silences, silence_id)
    turn.state.wall_agenda.cancel(turn.tx, Deadline.SILENCE_EDGE, silence_id)
    _decide_anew(turn)
    return True


def silence_edge(turn: Turn, silence_id: str) -> None:
    """A silence starts or ends; one that ended is let go."""
    silence = turn.state.silences[silence_id]
    if next_edge(silence, turn.wall()) is None:
        turn.tx.drop(turn.state.silences, silence_id)
    _set_edge(turn, silence)
    _decide_anew(turn)


def _decide_anew(turn: Turn) -> None:
    """Ask the gates again wherever a silence may have shut or opened one."""
    for alert_id in sorted(turn.state.firing):
        episode = turn.state.alerts[alert_id]
        incident = turn.state.incidents[episode.incident_id]
        escalation.refresh(turn, incident, episode)
        for line in list(incident.lines.values()):
            if line.blocked.get(episode.episode_id) is Reason.SILENCED:
                incidents.reconsider(turn, incident, episode)
            turn.touch(line)
