"""Channel verdicts: what became of an alert on every channel in a step, and which gate keeps it from one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tocsin.engine.agenda import Deadline
from tocsin.engine.circuit import probing
from tocsin.engine.limits import free_at
from tocsin.engine.owing import release_reason, shut_on, targets
from tocsin.engine.state import Episode, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.event import Event, NotificationChanged, TellingDecided
from tocsin.model.explanation import ChannelExplanation, Gate
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Action, Reason

__all__ = ["channel_verdicts"]

_GATES: Final = {
    Reason.CHANNEL_MISSING: Gate.CHANNEL,
    Reason.CHANNEL_DISABLED: Gate.CHANNEL,
    Reason.BELOW_MIN_SEVERITY: Gate.MIN_SEVERITY,
    Reason.SILENCED: Gate.SILENCE,
    Reason.MAINTENANCE: Gate.SILENCE,
    Reason.INHIBITED: Gate.INHIBITION,
    Reason.MUTED_BY_TIME: Gate.TIME_INTERVAL,
    Reason.ACKNOWLEDGED: Gate.ACKNOWLEDGEMENT,
    Reason.SNOOZED: Gate.SNOOZE,
}

_EDGES: Final = 200
"""So many edges of time intervals are looked at for the one at which a rule is heard again."""


def channel_verdicts(turn: Turn, episode: Episode, events: Iterable[Event]) -> tuple[ChannelExplanation, ...]:
    """Return what stands on every channel after a step of which *events* came for the episode.

    Those that it is routed to come first, in order, then the others. The turn is only read with.
    """
    reading = _Reading(turn, episode, events)
    incident = turn.state.incidents[episode.incident_id]
    routed = (*reading.by_channel, *targets(incident, episode), *reading.decided, *incident.lines)
    return tuple(map(reading.explain, dict.fromkeys((*routed, *turn.plan.channels))))


class _Reading:
    def __init__(self, turn: Turn, episode: Episode, events: Iterable[Event]) -> None:
        self._turn = turn
        self._episode = episode
        self.by_channel = dict(turn.plan.route(episode.view()).by_channel)
        self.decided: dict[str, TellingDecided] = {}
        self._started: set[str] = set()
        for event in events:
            if isinstance(event, TellingDecided) and event.alert_id == episode.alert.alert_id:
                self.decided[event.channel_id] = event
            elif isinstance(event, NotificationChanged) and event.state is NotificationState.SENDING:
                self._started.add(event.notification_id)

    def explain(self, channel_id: str) -> ChannelExplanation:
        line = self._turn.state.incidents[self._episode.incident_id].lines.get(channel_id)
        rule_ids = self.by_channel.get(channel_id, ())
        found = None if line is None else self._on(line)
        if found is None and channel_id not in self._turn.plan.channels:
            found = Action.SKIP, Reason.CHANNEL_MISSING, None
        action, reason, due = found or (Action.SKIP, Reason.UNROUTED, None)
        gate = self._gate(channel_id, reason) if action is Action.SKIP else {}
        return ChannelExplanation(channel_id, action, reason, rule_ids, due, **gate)

    def _on(self, line: Line) -> tuple[Action, Reason, float | None] | None:
        """Return what stands on a line, with the reason for which it came to that; None: nothing does."""
        episode_id = self._episode.episode_id
        decided = self.decided.get(line.channel_id)
        if episode_id in line.blocked:
            astray = shut_on(self._turn, line, self._episode) is Reason.UNROUTED
            return Action.SKIP, Reason.UNROUTED if astray else line.blocked[episode_id], None
        if episode_id in line.waiting:
            owed = line.waiting[episode_id]
            folded = decided is not None and decided.action is Action.FOLD
            reason = decided.reason if decided is not None and folded else self._waits_for(line)
            return Action.FOLD, reason, owed.due
        out = self._turn.state.outgoing[line.current] if line.current else None
        if episode_id in line.due:
            return Action.HOLD, *self._held(out)
        if out is not None and episode_id in out.listed:
            return self._listed(out, decided)
        if episode_id in line.told:
            return Action.SKIP, Reason.ALREADY_TOLD, None
        return None if decided is None else (decided.action, decided.reason, decided.due)

    def _waits_for(self, line: Line) -> Reason:
        """Return why it waits on a line since before."""
        incident = self._turn.incident(line)
        return release_reason(self._turn, incident, line, self._episode) or Reason.FOLDED

    def _listed(self, out: Outgoing, decided: TellingDecided | None) -> tuple[Action, Reason, float | None]:
        """Return what stands where a notification lists the episode: it starts now, is under way, or is tried again."""
        if out.notification_id in self._started:
            told = decided is not None and decided.action is Action.NOTIFY
            return Action.NOTIFY, decided.reason if decided is not None and told else Reason.ROUTED, out.started_at
        _, rank = out.listed[self._episode.episode_id]
        if out.state is NotificationState.SENDING and rank >= self._episode.severity.rank:
            return Action.SKIP, Reason.ALREADY_TOLD, None
        return Action.HOLD, *self._held(out)

    def _held(self, out: Outgoing | None) -> tuple[Reason, float | None]:
        """Return why what is due does not start, and the instant before which it will not."""
        if out is None:
            return Reason.BUSY, None
        lane = self._turn.state.lanes[out.channel_id]
        found = self._turn.plan.channels.get(out.channel_id)
        if out.state is NotificationState.HELD:
            reason = out.reason or Reason.RATE_LIMITED
            if reason is Reason.CIRCUIT_OPEN:
                return reason, lane.probe_at
            limited = reason is Reason.RATE_LIMITED and found is not None
            return reason, free_at(lane, found.channel, self._turn.now.engine) if limited and found else None
        if out.attempted:
            return Reason.BUSY, self._turn.state.agenda.ranks.get((int(Deadline.RETRY), out.notification_id))
        full = found is not None and len(lane.sending) >= (1 if probing(lane) else found.spec.concurrency)
        return Reason.CONCURRENCY if full else Reason.BUSY, None

    def _gate(self, channel_id: str, reason: Reason) -> dict[str, Any]:
        """Return the gate that a reason speaks of, who or what shuts it, and until when."""
        gate = _GATES.get(reason)
        if gate is None:
            return {}
        by, until = self._shut_by(channel_id, gate)
        return {"gate": gate, "by": by, "until": until}

    def _shut_by(self, channel_id: str, gate: Gate) -> tuple[tuple[str, ...], float | None]:
        turn, episode = self._turn, self._episode
        if gate is Gate.SILENCE:
            names = turn.quiet.silences.all_muting(episode.view(), turn.wall())
            ends = [turn.state.silences[name].over_at for name in names]
            return names, max(ends) - turn.ahead if ends else None
        if gate is Gate.INHIBITION:
            inhibitor = turn.quiet.inhibitor(episode)
            return () if inhibitor is None else (turn.episode(inhibitor).alert.alert_id,), None
        if gate is Gate.TIME_INTERVAL:
            rule_ids = self.by_channel.get(channel_id) or episode.rule_ids
            return rule_ids, self._heard_again(rule_ids)
        if gate is Gate.ACKNOWLEDGEMENT and episode.ack is not None:
            return (episode.ack.by,), episode.ack.until
        return (), episode.snoozed_until if gate is Gate.SNOOZE else None

    def _heard_again(self, rule_ids: tuple[str, ...]) -> float | None:
        """Return when one of the rules is next not silent; None: not within reach."""
        plan, edge = self._turn.plan, self._turn.wall()
        for _ in range(_EDGES):
            following = plan.next_time_edge(edge)
            if following is None:
                return None
            edge = following
            if not plan.muted_rules(edge).issuperset(rule_ids):
                return edge - self._turn.ahead
        return None
