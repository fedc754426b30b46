"""Reach: who is told of what, and when, in one run."""

from __future__ import annotations

import attrs

from tocsin.engine.machine import Engine, Instant, Step
from tocsin.lab.episodes import EpisodeKey, Episodes
from tocsin.model.event import AlertRouted
from tocsin.model.notification import Notification, NotificationKind
from tocsin.model.severity import AlertSeverity

__all__ = ["FIRST", "RESOLVED", "Reach", "Told", "Traveller"]

FIRST = "first"
RESOLVED = "resolved"


@attrs.define(slots=True)
class Traveller:
    """One episode: what it was, where it was routed, and what each channel was told of it, by what it was, and when.

    ``told`` is by channel and by what was told: ``first``, a level as ``policy.level``, ``again 1`` and so on,
    ``resolved``; the instants are wall time.
    """

    cluster: str
    metric: str
    fired_at: float
    severity: AlertSeverity
    rules: dict[str, None] = attrs.field(factory=dict)
    policies: dict[str, None] = attrs.field(factory=dict)
    told: dict[tuple[str, str], float] = attrs.field(factory=dict)
    _again: dict[str, int] = attrs.field(factory=dict)

    def hears(self, channel_id: str, level: str | None, at: float, *, firing: bool) -> None:
        """A channel is told of it, by a level if one is named."""
        if not firing:
            what = RESOLVED
        elif (channel_id, FIRST) not in self.told:
            what = FIRST
        elif level is not None and (channel_id, level) not in self.told:
            what = level
        else:
            self._again[channel_id] = self._again.get(channel_id, 0) + 1
            what = f"again {self._again[channel_id]}"
        self.told.setdefault((channel_id, what), at)

    @property
    def channels(self) -> frozenset[str]:
        """Who is told that it fires."""
        return frozenset(channel_id for channel_id, what in self.told if what == FIRST)


Told = dict[EpisodeKey, Traveller]


class Reach:
    """Takes down who is told of each episode that fires from an instant (wall time) on."""

    def __init__(self, engine: Engine, since: float = float("-inf")) -> None:
        self._engine = engine
        self._since = since
        self.told: Told = {}
        self._episodes = Episodes(engine)

    def watch(self, step: Step, now: Instant) -> None:
        """Take one step down."""
        for event in step.events:
            if isinstance(event, AlertRouted):
                self._routed(event, now)
        for attempt in step.starts:
            if attempt.notification.attempt == 1 and attempt.notification.kind is not NotificationKind.HEARTBEAT:
                self._sent(attempt.notification, now)

    def _routed(self, event: AlertRouted, now: Instant) -> None:
        key = self._episodes.current(event.alert_id)
        if key is None:
            return
        traveller = self.told.get(key)
        if traveller is None:
            if now.wall < self._since:
                return
            alert = self._engine.state.alerts[event.alert_id].alert
            traveller = self.told[key] = Traveller(alert.cluster_id, alert.metric_name, now.wall, alert.severity)
        traveller.rules |= dict.fromkeys(event.rule_ids)
        if event.policy_id is not None:
            traveller.policies[event.policy_id] = None

    def _sent(self, notification: Notification, now: Instant) -> None:
        level = None
        if notification.kind is NotificationKind.ESCALATION and notification.level is not None:
            level = f"{notification.policy_id}.{notification.level.value}"
        for one in notification.alerts:
            traveller = self.told.get(self._episodes.listed(one.alert.alert_id, one.episode))
            if traveller is not None:
                traveller.severity = max(traveller.severity, one.alert.severity)
                traveller.hears(notification.channel_id, level, now.wall, firing=one.firing)
