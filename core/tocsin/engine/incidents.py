"""Alerts and incidents: what a firing, an update and a resolution do to them, and what reminds of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from tocsin.engine import crowds, dues, escalation, walk
from tocsin.engine.agenda import Deadline
from tocsin.engine.ends import bridge, hasten, resolve
from tocsin.engine.forgetting import tells_of
from tocsin.engine.gaps import GAP_QUIET_SECONDS, concerns, gap_alert, is_gap
from tocsin.engine.ids import digest_id, episode_key
from tocsin.engine.owing import consider, targets, tells_firing
from tocsin.engine.plan import Grouping, Verdict
from tocsin.engine.reminders import reopened
from tocsin.engine.state import Episode, Incident, Line
from tocsin.engine.suppression.inhibition import Group
from tocsin.engine.turn import Turn
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.event import AlertRouted
from tocsin.model.gap import Gap
from tocsin.model.reason import GapKind

__all__ = [
    "fire",
    "gap_ended",
    "reconsider",
    "reroute",
    "resolve_alert",
]


_FEW: Final = 200
"""So many targets of an inhibition are queued one by one when its sources come or go."""


def fire(turn: Turn, alert: PerformanceAlert) -> bool:
    """Take in an alert: a new episode, or an update of the one that fires; return whether it changed anything.

    One without a timestamp is stamped with now, unless it says nothing new.
    """
    known = turn.state.alerts.get(alert.alert_id)
    if known is not None and known.firing:
        if alert == known.alert or (
            alert.timestamp is None and attrs.evolve(alert, timestamp=known.alert.timestamp) == known.alert
        ):
            return False
        _update(turn, known, _stamped(turn, alert))
    else:
        _begin(turn, _stamped(turn, alert), _next_number(turn, alert.alert_id))
    return True


def _next_number(turn: Turn, alert_id: str) -> int:
    """Return the number of the alert's next episode: one that no episode bears which is still remembered."""
    known = turn.state.alerts.get(alert_id)
    n = 1 if known is None else known.n + 1
    while episode_key(n, alert_id) in turn.state.episodes:
        n += 1
    return n


def _stamped(turn: Turn, alert: PerformanceAlert) -> PerformanceAlert:
    return alert if alert.timestamp is not None else attrs.evolve(alert, timestamp=turn.wall())


def tell_gap(turn: Turn, gap: Gap) -> None:
    """Tell the watchdog's channel of a gap, if there is one and it is not about that channel itself.

    One that was given up there is told again when it is met again.
    """
    channel_id = turn.plan.config.watchdog.channel_id
    if channel_id is None or channel_id not in turn.plan.channels or concerns(gap, channel_id):
        return
    alert = gap_alert(gap)
    fire(turn, alert)
    turn.state.agenda.set(turn.tx, Deadline.GAP_END, alert.alert_id, turn.clock + GAP_QUIET_SECONDS)
    episode = turn.state.alerts[alert.alert_id]
    incident = turn.state.incidents[episode.incident_id]
    if not any(tells_of(turn, line, episode.episode_id) for line in incident.lines.values()):
        reconsider(turn, incident, episode)


def gap_ended(turn: Turn, alert_id: str) -> None:
    """A gap was not met for an hour: it is over, unless it lasts by its nature."""
    episode = turn.state.alerts.get(alert_id)
    if episode is not None and episode.firing and _lasts(turn, episode.alert):
        turn.state.agenda.set(turn.tx, Deadline.GAP_END, alert_id, turn.clock + GAP_QUIET_SECONDS)
    else:
        resolve_alert(turn, alert_id)


def _lasts(turn: Turn, gap: PerformanceAlert) -> bool:
    """Whether it tells of a circuit that is open still: that is met once, and then nobody may try for hours."""
    channel_id = gap.labels["subject"]
    lane = turn.state.lanes.get(channel_id)
    if gap.labels["gap"] != GapKind.CIRCUIT_OPEN.value or channel_id not in turn.plan.channels:
        return False
    return lane is not None and lane.probe_at is not None


def _route(turn: Turn, view: AlertView) -> Verdict:
    watchdog = turn.plan.config.watchdog.channel_id
    if is_gap(view.alert):  # it goes there or nowhere: the rules are for what users watch
        return Verdict((), (watchdog,) if watchdog is not None and watchdog in turn.plan.channels else ())
    verdict = turn.plan.route(view)
    for name, detail in turn.plan.take_failures():
        turn.gap(GapKind.MATCHER_FAILED, name, detail)
    for channel_id in verdict.missing:
        turn.gap(GapKind.MISSING_CHANNEL, channel_id, f"rules {', '.join(verdict.rule_ids)} name no existing channel")
    return verdict


def _begin(turn: Turn, alert: PerformanceAlert, n: int) -> None:
    tx, state = turn.tx, turn.state
    before = state.alerts.get(alert.alert_id)
    verdict = _route(turn, AlertView(alert))
    grouping = turn.plan.grouping(verdict.grouping)
    joined = _joined(turn, alert, grouping)
    incident = joined or _opened(turn, alert, grouping)
    serial = state.episodes_made
    tx.edit(state).episodes_made = serial + 1
    episode = Episode(
        alert, n, incident.incident_id, turn.clock, serial, verdict.channels, verdict.rule_ids, verdict.policy_id
    )
    episode_id = episode.episode_id
    if before is not None:
        tx.edit(before).superseded = True
    tx.index(state.alerts, alert.alert_id, episode)
    tx.add(state.episodes, episode_id, episode)
    tx.index(state.firing, alert.alert_id, None)
    tx.index(incident.members, episode_id, None)
    tx.index(incident.firing, episode_id, None)
    crowds.began(turn, incident, episode)
    if joined is not None:
        tx.edit(incident).updated_wall = turn.wall()
    if not (verdict.rule_ids or is_gap(alert)):
        state.unrouted += 1
    _tell_route(turn, episode)
    if incident.closed_at is not None:
        incident.closed_at = None
        state.roll.put_back(tx, incident.serial, incident.incident_id)
        state.agenda.cancel(tx, Deadline.FORGET, incident.incident_id)
    _begin_inhibiting(turn, episode)
    if episode.policy_id is not None:
        escalation.apply(turn, incident, episode)
    if before is not None and before.incident_id == incident.incident_id and grouping.bridges:
        bridge(turn, incident, before, episode)
    reconsider(turn, incident, episode)
    if before is not None and before.incident_id != incident.incident_id:
        _follow(turn, incident, state.incidents[before.incident_id], before)


def _begin_inhibiting(turn: Turn, episode: Episode) -> None:
    """Let the episode, new or with other labels, inhibit and be inhibited."""
    if turn.quiet.rules and turn.quiet.concerns(episode):
        groups = turn.quiet.inhibitions.begin(turn.tx, episode.episode_id, episode.view())
        _look_again(turn, groups)


def _look_again(turn: Turn, groups: Iterable[Group]) -> None:
    """Have the groups' targets decided anew: each of a few, and else everything that fires, in bounded steps."""
    inhibitions = turn.quiet.inhibitions
    for group in groups:
        if inhibitions.count(group) > _FEW:
            walk.begin(turn)
            continue
        for episode_id in inhibitions.targets(group):
            turn.look_again(episode_id)


def _follow(turn: Turn, incident: Incident, earlier: Incident, before: Episode) -> None:
    """Let an earlier incident of the same alert end first on each channel: a firing never overtakes a resolution.

    So do those that the earlier one waits for itself: the alert may have come and gone there without a word.
    """
    for channel_id, first in earlier.lines.items():
        hasten(turn, first, before)
        line = incident.lines.get(channel_id)
        if line is None:
            continue
        busy = first.current is not None or bool(first.due)
        for name in (first.line_id, *first.follows) if busy else first.follows:
            _go_after(turn, line, name)


def _go_after(turn: Turn, line: Line, name: str) -> None:
    first = turn.line_by_id(name)
    if first is None or first is line:
        return
    if name not in line.follows:
        turn.tx.edit(line).follows = (*line.follows, name)
    if line.line_id not in first.followers:
        turn.tx.edit(first).followers = (*first.followers, line.line_id)


def _open_key(grouping: Grouping, key: str) -> str:
    return f"{grouping.name}\x00{key}" if grouping.name else key


def _joined(turn: Turn, alert: PerformanceAlert, grouping: Grouping) -> Incident | None:
    """Return the open incident that takes the alert, if there is one."""
    aggregator = grouping.aggregator
    try:
        key = aggregator.key(alert)
        incident_id = None if key is None else turn.state.open.get(_open_key(grouping, key))
        if incident_id is None:
            return None
        incident = turn.state.incidents[incident_id]
        same = incident.strategy == grouping.strategy and incident.version == aggregator.state_version
        same = same and (bool(incident.firing) or _is_being_told(turn, incident))
        return incident if same and aggregator.accepts(incident.state, incident.opened_at, turn.clock) else None
    except Exception as error:  # noqa: BLE001  an aggregator that raises leaves the alert alone, and is a gap
        turn.gap(GapKind.AGGREGATOR_FAILED, grouping.strategy, f"raised {type(error).__name__}")
        return None


def _is_being_told(turn: Turn, incident: Incident) -> bool:
    """Whether, of an incident that resolved, some line is still to tell the end, or is just telling the beginning."""
    return any(line.waiting or tells_firing(turn, line) for line in incident.lines.values())


def _opened(turn: Turn, alert: PerformanceAlert, grouping: Grouping) -> Incident:
    tx, state = turn.tx, turn.state
    key, group = None, None
    try:
        key = grouping.aggregator.key(alert)
        group = grouping.aggregator.open(alert, turn.clock)
    except Exception as error:  # noqa: BLE001  as above
        turn.gap(GapKind.AGGREGATOR_FAILED, grouping.strategy, f"raised {type(error).__name__}")
    ordinal = state.incidents_opened
    tx.edit(state).incidents_opened = ordinal + 1
    wall = turn.wall()
    incident = Incident(
        incident_id=digest_id("inc", turn.seed, ordinal, alert.alert_id),
        key=None if key is None else _open_key(grouping, key),
        grouping=grouping.name,
        strategy=grouping.strategy,
        version=grouping.aggregator.state_version,
        state=group,
        opened_at=turn.clock,
        opened_wall=wall,
        updated_wall=wall,
        serial=ordinal,
    )
    state.roll.add(tx, ordinal, incident.incident_id)
    tx.add(state.incidents, incident.incident_id, incident)
    if incident.key is not None:
        tx.put(state.open, incident.key, incident.incident_id)
    return incident


def _assign(turn: Turn, episode: Episode, verdict: Verdict) -> None:
    turn.tx.edit(episode)
    episode.channels, episode.rule_ids = verdict.channels, verdict.rule_ids
    episode.policy_id = verdict.policy_id
    _tell_route(turn, episode)


def _tell_route(turn: Turn, episode: Episode) -> None:
    turn.events.append(
        AlertRouted(
            turn.clock,
            episode.alert.alert_id,
            episode.n,
            episode.incident_id,
            episode.rule_ids,
            episode.channels,
            episode.policy_id,
        )
    )


def reconsider(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Decide anew what becomes of a firing episode on each of its channels, and where it was blocked before."""
    channels = dict.fromkeys(targets(incident, episode))
    for line in incident.lines.values():
        if episode.episode_id in line.blocked:
            channels[line.channel_id] = None
    for channel_id in channels:
        consider(turn, incident, episode, channel_id)
    reopened(turn, incident, episode)


_ROUTING_FIELDS = ("severity", "cluster_id", "node_id", "metric_name", "labels")


def _update(turn: Turn, episode: Episode, alert: PerformanceAlert) -> None:
    old = episode.alert
    incident = turn.state.incidents[episode.incident_id]
    turn.tx.edit(episode).alert = alert
    crowds.reported(turn, incident, episode, old)
    dues.rank_again(turn, incident, episode)
    turn.tx.edit(incident).updated_wall = turn.wall()
    if any(getattr(old, name) != getattr(alert, name) for name in _ROUTING_FIELDS):
        _begin_inhibiting(turn, episode)
        reroute(turn, episode)


def reroute(turn: Turn, episode: Episode) -> None:
    """Route a firing episode anew, after its facts or the configuration changed."""
    incident = turn.state.incidents[episode.incident_id]
    verdict = _route(turn, episode.view())
    before = (episode.rule_ids, episode.channels, episode.policy_id)
    if before != (verdict.rule_ids, verdict.channels, verdict.policy_id):
        policy_before = episode.policy_id
        if policy_before is not None and policy_before != verdict.policy_id:
            escalation.leave(turn, incident, episode)
        _assign(turn, episode, verdict)
    escalation.apply(turn, incident, episode)
    reconsider(turn, incident, episode)
    for line in incident.lines.values():
        turn.touch(line)


def resolve_alert(turn: Turn, alert_id: str) -> bool:
    """Take in that an alert is well again; return whether it was firing."""
    tx, state = turn.tx, turn.state
    episode = state.alerts.get(alert_id)
    if episode is None or not episode.firing:
        return False
    incident = state.incidents[episode.incident_id]
    tx.edit(episode).resolved_at = turn.clock
    tx.unindex(state.firing, alert_id)
    tx.unindex(incident.firing, episode.episode_id)
    crowds.ended(turn, incident, episode)
    dues.rank_again(turn, incident, episode)
    tx.edit(incident).updated_wall = turn.wall()
    if turn.quiet.rules:
        _look_again(turn, turn.quiet.inhibitions.end(tx, episode.episode_id))
    state.agenda.cancel(tx, Deadline.ACKNOWLEDGEMENT_END, episode.episode_id)
    state.agenda.cancel(tx, Deadline.SNOOZE_END, episode.episode_id)
    escalation.refresh(turn, incident, episode)
    for line in list(incident.lines.values()):
        resolve(turn, incident, line, episode)
    if not incident.firing:
        _close(turn, incident)
    else:
        at = turn.clock + turn.plan.config.retain_resolved_seconds
        state.agenda.set(tx, Deadline.FORGET_MEMBER, episode.episode_id, at)
    return True


def _close(turn: Turn, incident: Incident) -> None:
    """All of it resolved: nothing joins it any more, and it is forgotten after the retention time.

    Where the aggregator bridges, alerts join until its end is told.
    """
    turn.tx.edit(incident).closed_at = turn.clock
    if turn.walked_through(incident):
        walk.pass_by(turn, incident)
    turn.state.roll.remove(turn.tx, incident.serial)
    bridges = turn.grouping(incident).bridges and _is_being_told(turn, incident)
    if not bridges and incident.key is not None and turn.state.open.get(incident.key) == incident.incident_id:
        turn.tx.drop(turn.state.open, incident.key)
    at = turn.clock + turn.plan.config.retain_resolved_seconds
    turn.state.agenda.set(turn.tx, Deadline.FORGET, incident.incident_id, at)
