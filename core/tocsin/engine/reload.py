"""What changes for many at once: a new configuration, a restart, a silence that begins or ends."""

from __future__ import annotations

from typing import Final

import attrs

from tocsin.engine import escalation, outcomes, walk, watchdog
from tocsin.engine.agenda import Deadline
from tocsin.engine.dues import drop_due, drop_waiting
from tocsin.engine.outgoing import announce, end, enqueue, lines_of
from tocsin.engine.plan import Plan
from tocsin.engine.state import Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.channel import NotificationChannel
from tocsin.model.notification import AlertStatus, NotificationState
from tocsin.model.reason import GapKind, Reason
from tocsin.model.silence import Silence, SilenceRecord
from tocsin.roles.aggregator import Cause

__all__ = [
    "change_plan",
    "expire_silence",
    "forget_silence",
    "restart",
    "set_silence",
    "silence_edge",
    "time_edge",
    "wall_went_back",
]

_VERSIONS: Final = 100
_ROUNDING: Final = 1e-6
"""Seconds by which the end of a retention may seem not to be reached yet, for the clocks' sum is rounded."""


def change_plan(turn: Turn, plan: Plan) -> None:
    """Swap the plan, route everything that fires anew, and hand over what vanished channels had pending."""
    old, turn.plan = turn.plan, plan
    for channel_id in sorted(turn.state.lanes):
        turn.lane(channel_id)
    watchdog.start_beating(turn)
    if plan.digest == old.digest:
        _set_time_edge(turn)
        return
    turn.quiet.change_rules(turn.tx, plan.config.inhibition_rules, turn.state)
    _set_time_edge(turn)
    for name in missing_intervals(plan):
        turn.gap(GapKind.MISSING_TIME_INTERVAL, name, "a rule names a time interval that does not exist")
    missing = plan.config.watchdog.channel_id
    if missing is not None and missing not in plan.channels:
        turn.gap(GapKind.MISSING_CHANNEL, missing, "the watchdog tells of gaps there, and it does not exist")
    walk.begin(turn, rerouting=True)
    for channel_id, gone in sorted(old.channels.items()):
        if channel_id not in plan.channels:
            _vanish(turn, gone.channel)


def _vanish(turn: Turn, channel: NotificationChannel) -> None:
    """Hand over what a channel that is gone still had to tell; an attempt under way ends first."""
    pending = [out for out in turn.state.outgoing.values() if out.channel_id == channel.channel_id]
    for out in sorted(pending, key=lambda out: out.serial):
        turn.tx.edit(out).fallback = channel.fallback
        if not out.attempted:
            _list_what_is_due(turn, out, channel)
            end(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING)
        elif out.state is not NotificationState.SENDING:
            outcomes.hand_over(turn, out, NotificationState.DEAD, Reason.CHANNEL_MISSING)
    for incident_id in sorted(turn.state.incidents):
        line = turn.state.incidents[incident_id].lines.get(channel.channel_id)
        if line is not None:
            _pass_on(turn, line, channel)


def _list_what_is_due(turn: Turn, out: Outgoing, channel: NotificationChannel) -> None:
    """Note what the notification would have told, so that it can be seen, and sent if the channel comes back."""
    for line in lines_of(turn, out):
        for episode_id, owed in sorted(line.due.items(), key=lambda item: item[0]):
            episode = turn.episode(episode_id)
            if owed.cause is Cause.RESOLVED:
                if _takes_ends(channel):
                    turn.tx.put_in(out, out.listed, episode_id, (AlertStatus.RESOLVED, episode.severity.rank))
            elif episode.firing:
                turn.tx.put_in(out, out.listed, episode_id, (AlertStatus.FIRING, episode.severity.rank))


def _takes_ends(channel: NotificationChannel) -> bool:
    return channel.enabled and channel.send_resolved


def _pass_on(turn: Turn, line: Line, channel: NotificationChannel) -> None:
    """Owe the fallback channel what the line still had to tell; ends are lost, for nobody else was told of those."""
    owed = {**line.waiting, **line.due}
    for episode_id in owed:
        drop_due(turn, line, episode_id)
        drop_waiting(turn, line, episode_id)
    named = {episode_id for mark in line.levels for episode_id in escalation.named(turn, line, mark)}
    turn.tx.edit(line).levels = ()
    wanted = named | {episode_id for episode_id, one in owed.items() if one.cause is not Cause.RESOLVED}
    episodes = [episode for episode_id in sorted(wanted) if (episode := turn.episode(episode_id)).firing]
    lost = _takes_ends(channel) and any(one.cause is Cause.RESOLVED for one in owed.values())
    if episodes or lost:
        why = Reason.CHANNEL_MISSING.value
        outcomes.tell_elsewhere(turn, channel.channel_id, channel.fallback, episodes, why, lost=lost)
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


def missing_intervals(plan: Plan) -> list[str]:
    """Return the time intervals that rules name and that do not exist."""
    rules = [node.rule for node in plan.nodes]
    named = {name for rule in rules for name in (*rule.mute_time_intervals, *rule.active_time_intervals)}
    return sorted(named - set(plan.config.time_intervals))


def _set_time_edge(turn: Turn) -> None:
    edge = turn.plan.next_time_edge(turn.wall())
    if edge is None:
        turn.state.wall_agenda.cancel(turn.tx, Deadline.TIME_EDGE, "")
    else:
        turn.state.wall_agenda.set(turn.tx, Deadline.TIME_EDGE, "", edge)


def time_edge(turn: Turn) -> None:
    """A time interval begins or ends."""
    _set_time_edge(turn)
    walk.begin(turn)


def _set_edge(turn: Turn, record: SilenceRecord) -> None:
    """Set the deadline, in wall time, at which the silence next starts or ends.

    One that is over is let go a while later, on the engine's clock: a wall clock that was set, and is set back, takes
    no silence away.
    """
    wall, silence, agenda = turn.wall(), record.silence, turn.state.agenda
    if record.over(wall):
        turn.state.wall_agenda.cancel(turn.tx, Deadline.SILENCE_EDGE, silence.silence_id)
        at = turn.clock + turn.plan.config.retain_resolved_seconds
        agenda.set_earlier(turn.tx, Deadline.FORGET_SILENCE, silence.silence_id, at)
        return
    edge = min(silence.starts_at, record.over_at) if wall < silence.starts_at else record.over_at
    turn.state.wall_agenda.set(turn.tx, Deadline.SILENCE_EDGE, silence.silence_id, edge)
    agenda.cancel(turn.tx, Deadline.FORGET_SILENCE, silence.silence_id)


def wall_went_back(turn: Turn) -> None:
    """The wall clock jumped back, perhaps to before the start of a silence or a time interval."""
    for record in turn.state.silences.values():
        _index(turn, record)
        _set_edge(turn, record)
    _set_time_edge(turn)
    walk.begin(turn)


def _index(turn: Turn, record: SilenceRecord) -> None:
    if record.over(turn.wall()):
        turn.quiet.silences.drop(turn.tx, record.silence.silence_id)
    else:
        turn.quiet.silences.put(turn.tx, record.silence)


def _keep(turn: Turn, record: SilenceRecord) -> None:
    turn.tx.put(turn.state.silences, record.silence.silence_id, record)
    _index(turn, record)
    _set_edge(turn, record)
    walk.begin(turn)


def set_silence(turn: Turn, silence: Silence) -> bool:
    """Take in a silence, new or changed; one that changes nothing is not taken in."""
    known = turn.state.silences.get(silence.silence_id)
    if known is None:
        _keep(turn, SilenceRecord(silence, updated_at=turn.wall()))
    elif known.silence == silence and known.expired_at is None:
        return False
    else:
        history = (*known.history, known.silence)[-_VERSIONS:]
        _keep(turn, SilenceRecord(silence, history, updated_at=turn.wall()))
    return True


def expire_silence(turn: Turn, silence_id: str, by: str) -> bool:
    """Take in that a silence was ended; return whether there was one that was not over."""
    known = turn.state.silences.get(silence_id)
    if known is None or known.over(turn.wall()):
        return False
    _keep(turn, attrs.evolve(known, expired_at=turn.wall(), expired_by=by, updated_at=turn.wall()))
    return True


def silence_edge(turn: Turn, silence_id: str) -> None:
    """A silence starts or ends."""
    record = turn.state.silences[silence_id]
    if silence_id in turn.quiet.silences:  # not so once it is over: then nobody has to be asked again
        walk.begin(turn)
    _index(turn, record)
    _set_edge(turn, record)


def forget_silence(turn: Turn, silence_id: str) -> None:
    """A silence ended long ago, and is let go, unless by now it is to be kept for longer."""
    record = turn.state.silences[silence_id]
    left = record.over_at + turn.plan.config.retain_resolved_seconds - turn.wall()
    if left > _ROUNDING:
        turn.state.agenda.set(turn.tx, Deadline.FORGET_SILENCE, silence_id, turn.clock + left)
    else:
        turn.tx.drop(turn.state.silences, silence_id)
