"""The tally of a replay: what its steps did, counted as they go by."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Final

from tocsin.engine.machine import Engine, Instant, Step
from tocsin.engine.turn import StartAttempt
from tocsin.lab.episodes import EpisodeKey, Episodes
from tocsin.model.event import (
    AlertRouted,
    AttemptFinished,
    GapRecorded,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)
from tocsin.model.notification import NotificationKind, NotificationState
from tocsin.model.reason import Action

__all__ = ["Tally"]

_HOUR: Final = 3600.0
_UNSENT: Final = {
    NotificationState.HELD: "held",
    NotificationState.MERGED: "merged",
    NotificationState.CANCELLED: "cancelled",
    NotificationState.DEAD: "dead",
    NotificationState.REJECTED: "rejected",
}


class Tally:
    """Counts what is done from one instant (wall time) to another; what comes before is played, and not counted.

    Counted are first attempts: an attempt after it is the same notification.
    """

    def __init__(self, engine: Engine, since: float = float("-inf")) -> None:
        self._engine = engine
        self._since = since
        self.episodes = 0
        self.unrouted = 0
        self.attempts = 0
        self.tellings = 0
        self.notifications: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[str] = Counter()
        self.hours: Counter[tuple[float, str]] = Counter()
        self.rules: Counter[str] = Counter()
        self.alerts: Counter[str] = Counter()
        self.metrics: Counter[str] = Counter()
        self.levels: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.states: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.gaps: Counter[str] = Counter()
        self.first_told = array("d")
        self._episodes = Episodes(engine)
        self._routed: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._listed: dict[str, tuple[tuple[EpisodeKey, float], ...]] = {}

    def watch(self, step: Step, now: Instant) -> None:
        """Count one step."""
        counted = now.wall >= self._since
        for event in step.events:
            if isinstance(event, AttemptFinished):
                self._finished(event, now, counted=counted)
            elif isinstance(event, AlertRouted):
                self._began(event, counted=counted)
            elif counted:
                self._count(event)
        for attempt in step.starts:
            self._started(attempt, now, counted=counted)

    def _started(self, attempt: StartAttempt, now: Instant, *, counted: bool) -> None:
        notification = attempt.notification
        if notification.kind is NotificationKind.HEARTBEAT:
            return
        self._listed[notification.notification_id] = tuple(
            (self._episodes.listed(one.alert.alert_id, one.episode), one.fired_at)
            for one in notification.alerts
            if one.firing
        )
        if not counted:
            return
        self.attempts += 1
        if notification.attempt > 1:
            return
        channel_id = notification.channel_id
        self.tellings += len(notification.alerts)
        self.notifications[channel_id, notification.severity.value] += 1
        self.kinds[notification.kind.value] += 1
        self.hours[now.wall // _HOUR * _HOUR, channel_id] += 1
        rules: set[str] = set()
        for one in notification.alerts:
            self.alerts[one.alert.alert_id] += 1
            self.metrics[one.alert.metric_name] += 1
            episode = self._engine.state.alerts.get(one.alert.alert_id)
            rules.update(() if episode is None else episode.rule_ids)
        self.rules.update(rules)

    def _finished(self, event: AttemptFinished, now: Instant, *, counted: bool) -> None:
        delivery = event.delivery
        listed = self._listed.pop(delivery.notification_id, ())
        if counted:
            self.outcomes[delivery.channel_id, delivery.outcome] += 1
        if not delivery.success and delivery.outcome != "unknown":
            return
        for (alert_id, number), fired_at in listed:
            if self._routed.get(alert_id) == number and self._told.get(alert_id) != number:
                self._told[alert_id] = number
                self.first_told.append(max(0.0, now.wall - fired_at))

    def _began(self, event: AlertRouted, *, counted: bool) -> None:
        key = self._episodes.current(event.alert_id)
        if key is None or self._routed.get(event.alert_id) == key[1]:
            return
        self._routed[event.alert_id] = key[1]
        if counted:
            self.episodes += 1
            self.unrouted += not event.channel_ids
        else:
            self._told[event.alert_id] = key[1]  # of what began before, nobody asks when it was told

    def _count(self, event: object) -> None:
        if isinstance(event, TellingDecided):
            if event.action is not Action.NOTIFY:
                self.reasons[event.action.value, event.reason.value] += 1
        elif isinstance(event, NotificationChanged):
            if event.state in _UNSENT:
                self.states[_UNSENT[event.state]] += 1
        elif isinstance(event, LevelReached):
            self.levels[event.policy_id, event.level] += 1
        elif isinstance(event, GapRecorded):
            self.gaps[event.gap.kind.value] += 1
