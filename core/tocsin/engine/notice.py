"""Notices: the public view of what a notification says, of an incident and of an alert, read from the records."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.engine.crowds import all_taken, tally_of
from tocsin.engine.gates import acknowledged, snoozed
from tocsin.engine.outgoing import in_listing_order, lines_of
from tocsin.engine.state import Episode, Incident, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.alert import PerformanceAlert
from tocsin.model.alert_state import AlertState
from tocsin.model.escalation import EscalationLevel
from tocsin.model.incident import AggregatedAlert
from tocsin.model.notification import AlertStatus, ListedAlert, Notification
from tocsin.model.template import NotificationTemplate

__all__ = ["alert_state", "incident_view", "notification_of", "template_of"]


def incident_view(turn: Turn, incident: Incident) -> AggregatedAlert:
    """Return the incident's public view."""
    tally = tally_of(turn, incident)
    first = tally.first.alert
    return AggregatedAlert(
        aggregation_id=incident.incident_id,
        alert_count=len(tally.alerts),
        common_metric=first.metric_name,
        affected_clusters=frozenset(tally.clusters),
        severity=max(tally.firing or tally.severities),
        first_alert=first,
        last_alert=tally.last.alert,
        created_at=incident.opened_wall,
        last_updated=incident.updated_wall,
        firing_count=len(incident.firing),
        acknowledged=all_taken(turn, incident),
        group_labels=_group_labels(turn, incident, first),
    )


def _group_labels(turn: Turn, incident: Incident, alert: PerformanceAlert) -> Mapping[str, str] | None:
    """Return what the aggregator formed the incident by; where another one is configured by now, nobody knows."""
    grouping = turn.grouping(incident)
    if grouping.labelling is None or incident.strategy != grouping.strategy:
        return None
    try:
        return dict(grouping.labelling.labels(alert))
    except Exception:  # noqa: BLE001  an aggregator may raise anything; what it decides is recorded, this is only shown
        return None


def alert_state(turn: Turn, episode: Episode) -> AlertState:
    """Return where the alert of an episode stands; of one that resolved nothing is suppressed."""
    view, wall = episode.view(), turn.wall()
    taken = episode.ack if acknowledged(turn, episode) else None
    until = None if taken is None or taken.until is None else turn.wall(taken.until)
    inhibitor = turn.quiet.inhibitor(episode) if episode.firing else None
    muted = turn.plan.muted_rules(wall) if episode.firing else frozenset()
    return AlertState(
        alert=episode.alert,
        episode=episode.n,
        incident_id=episode.incident_id,
        fired_at=turn.wall(episode.fired_at),
        resolved_at=None if episode.resolved_at is None else turn.wall(episode.resolved_at),
        rule_ids=episode.rule_ids,
        channels=episode.channels,
        receivers=turn.plan.route(view).receivers,
        policy_id=episode.policy_id,
        acknowledged_by=None if taken is None else taken.by,
        acknowledged_at=None if taken is None else turn.wall(taken.at),
        acknowledged_until=until,
        comment="" if taken is None else taken.comment,
        snoozed_until=turn.wall(episode.snoozed_until or 0.0) if snoozed(turn, episode) else None,
        silenced_by=turn.quiet.silences.all_muting(view, wall) if episode.firing else (),
        inhibited_by=() if inhibitor is None else (turn.episode(inhibitor).alert.alert_id,),
        muted_by=tuple(rule_id for rule_id in episode.rule_ids if rule_id in muted),
    )


def _listed(turn: Turn, episode: Episode, status: AlertStatus) -> ListedAlert:
    ended = status is AlertStatus.RESOLVED and episode.resolved_at is not None
    return ListedAlert(
        episode.alert,
        status,
        episode.n,
        turn.wall(episode.fired_at),
        turn.wall(episode.resolved_at) if ended else None,
        episode.incident_id,
    )


def notification_of(turn: Turn, out: Outgoing) -> Notification:
    """Return the notification as its next attempt tells it."""
    episodes = in_listing_order(turn, out.listed)
    alerts = tuple([_listed(turn, episode, status) for episode, status in episodes])
    firing = [listed for listed in alerts if listed.status is AlertStatus.FIRING]
    incidents = dict.fromkeys([episode.incident_id for episode, _ in episodes])
    lines = lines_of(turn, out)
    return Notification(
        notification_id=out.notification_id,
        incident_id=out.incident_id,
        channel_id=out.channel_id,
        kind=out.kind,
        status=AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        severity=max(listed.alert.severity for listed in firing or alerts),
        alerts=alerts,
        incidents=tuple([incident_view(turn, turn.state.incidents[i]) for i in sorted(incidents)]),
        created_at=out.created_wall,
        attempt=out.attempts,
        level=None if out.level is None else EscalationLevel.parse(out.level),
        policy_id=out.policy_id,
        still_firing=sum([len(line.told) for line in lines]),
        told_severity=max([line.told_severity for line in lines if line.told_severity is not None], default=None),
    )


def template_of(turn: Turn, notification: Notification) -> NotificationTemplate | None:
    """Return the template that renders the notification, or None for the backend's default form.

    A template that does not show the status renders only single firing alerts, so that a resolution never looks like
    a firing.
    """
    template = turn.plan.template(notification.channel_id)
    if template is None:
        return None
    plain = notification.single and notification.status is AlertStatus.FIRING
    return template if plain or template.shows_status else None
