"""The checker's own idea of the world: which alerts fire, who took them, what is muted. Built from facts alone.

Only the ids of incidents are taken from the engine, for they are its own. Nothing here knows how the engine works.
"""

from __future__ import annotations

import re

import attrs
from tests.engine.muting import Hush, inhibited, matches, muted_by_time

from tocsin import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AlertRoutingRule,
    AlertSeverity,
    Configuration,
    Gap,
    GapKind,
    NotificationChannel,
    PerformanceAlert,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)
from tocsin.engine.gaps import gap_alert

__all__ = ["QUIET_SECONDS", "Key", "Span", "World", "is_own"]

QUIET_SECONDS = 3600.0
"""A gap that is not met again for so long is over."""

Key = tuple[str, str, int]
"""(incident, alert, episode): unique for good, also after an alert was forgotten and counts its episodes anew."""


@attrs.define(slots=True, eq=False)
class Span:
    """One episode."""

    alert: PerformanceAlert
    n: int
    incident_id: str
    reports: list[tuple[float, int]]
    channels: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    policy_id: str | None = None
    bridged: bool = False
    firing: bool = True
    ended_at: float = float("inf")
    ack: tuple[AlertSeverity, float] | None = None
    snoozed_until: float = float("-inf")

    @property
    def key(self) -> Key:
        return (self.incident_id, self.alert.alert_id, self.n)


_NOT_ABOUT_CHANNELS = {
    GapKind.MISSING_POLICY,
    GapKind.MISSING_TIME_INTERVAL,
    GapKind.LEVEL_UNREACHABLE,
    GapKind.MATCHER_FAILED,
    GapKind.AGGREGATOR_FAILED,
    GapKind.SCHEDULER_FAILED,
    GapKind.OBSERVER_FAILED,
    GapKind.PLUGIN_FAILED,
    GapKind.RECOVERY,
    GapKind.STORE_FAILED,
}


def is_own(alert: PerformanceAlert) -> bool:
    """Whether the alert tells of a gap of tocsin's own."""
    return alert.cluster_id == "tocsin" and alert.metric_name == "tocsin_gap"


def _applies(rule: AlertRoutingRule, alert: PerformanceAlert) -> bool:
    meets = {
        "severity": lambda value: alert.severity.value in value,
        "metric_name": lambda value: alert.metric_name in value,
        "cluster_pattern": lambda value: re.fullmatch(value, alert.cluster_id) is not None,
        "labels": lambda value: all(alert.labels.get(name) == wanted for name, wanted in value.items()),
    }
    return all(meets[name](value) for name, value in rule.conditions.items())


class World:
    """What is the case now. ``engine`` and ``wall`` are the two clocks, in seconds."""

    def __init__(self, config: Configuration, now: float) -> None:
        self.config = config
        self.engine = now
        self.wall = now
        self.latest: dict[str, Span] = {}
        self.spans: dict[Key, Span] = {}
        self.silences: dict[str, Hush] = {}
        self.quiet_at: dict[str, float] = {}

    def channel(self, channel_id: str) -> NotificationChannel | None:
        """The channel, if it exists and is enabled."""
        found = self.config.channels.get(channel_id)
        return found if found is not None and found.enabled else None

    def firing(self) -> list[Span]:
        """Everything that fires, in order of alert id."""
        return [span for _, span in sorted(self.latest.items()) if span.firing]

    def acknowledged(self, span: Span, at: float) -> bool:
        return span.ack is not None and span.alert.severity <= span.ack[0] and at < span.ack[1]

    def silenced(self, span: Span, wall: float) -> bool:
        hushes = (hush for hush in self.silences.values() if hush.active(wall))
        return any(matches(hush.silence.matchers, span.alert) for hush in hushes)

    def muted(self, span: Span, at: float, wall: float) -> str | None:
        """Why nobody has to answer for it; None if somebody has."""
        if at >= span.ended_at:
            return "resolved"
        if self.silenced(span, wall):
            return "silenced"
        if self.acknowledged(span, at):
            return "acknowledged"
        return "snoozed" if at < span.snoozed_until else None

    def shut(self, span: Span, channel_id: str, at: float, wall: float) -> str | None:
        """Why this channel is not to be told of it; None if every gate is open."""
        channel = self.channel(channel_id)
        if channel is None:
            return "no such channel, or disabled"
        if span.alert.severity < channel.min_severity and not is_own(span.alert):
            return "below min_severity"
        others = (other.alert for other in self.firing() if not is_own(other.alert))
        if not is_own(span.alert) and inhibited(self.config, span.alert, others):
            return "inhibited"
        if muted_by_time(self.config, span.rule_ids, channel_id, wall):
            return "muted by time"
        return self.muted(span, at, wall)

    def edges(self, after: float, until: float) -> list[float]:
        """The instants in (after, until], on the engine's clock, at which something may begin or end being muted."""
        offset = self.wall - self.engine
        instants: set[float] = set()
        for hush in self.silences.values():
            edges = (hush.silence.starts_at, hush.silence.ends_at, hush.gone_at)
            instants |= {edge - offset for edge in edges if edge is not None}
        for span in self.firing():
            instants.add(span.snoozed_until)
            if span.ack is not None:
                instants.add(span.ack[1])
        return sorted(at for at in instants if after < at <= until)

    def end_silences(self) -> None:
        """Let go of the silences that have been over for long enough: only those cannot come back."""
        seconds = self.config.retain_resolved_seconds
        self.silences = {name: hush for name, hush in self.silences.items() if hush.keep(self.wall, seconds)}

    def meet_gap(self, gap: Gap, at: float, incident_of: dict[tuple[str, int], str]) -> None:
        """Take in that a gap was met: it fires until it was quiet for an hour, unless nobody is told of it."""
        watchdog = self.config.watchdog.channel_id
        if watchdog is None or watchdog not in self.config.channels:
            return
        if gap.subject == watchdog and gap.kind not in _NOT_ABOUT_CHANNELS:
            return
        self.end_gaps(at)
        alert = gap_alert(gap)
        now, self.engine = self.engine, at
        self.fire(AlertFired(alert), incident_of)
        self.engine, self.quiet_at[alert.alert_id] = now, at + QUIET_SECONDS

    def end_gaps(self, until: float) -> None:
        """Let go of the gaps that were quiet for an hour; what somebody resolved by hand is over already."""
        for alert_id in [name for name, at in self.quiet_at.items() if at <= until]:
            at, span = self.quiet_at.pop(alert_id), self.latest[alert_id]
            if span.firing:
                span.firing, span.ended_at = False, at

    def clock_set_back(self) -> None:
        """What was over may not be over any more."""
        for hush in self.silences.values():
            hush.gone_at = None

    def fire(self, fact: AlertFired, incident_of: dict[tuple[str, int], str]) -> bool:
        """Take a report in; return whether it says anything new about routing."""
        alert = fact.alert
        known = self.latest.get(alert.alert_id)
        if known is not None and known.firing:
            fields = ("severity", "cluster_id", "node_id", "metric_name", "labels")
            changed = any(getattr(known.alert, name) != getattr(alert, name) for name in fields)
            known.alert = alert
            known.reports.append((self.engine, alert.severity.rank))
        else:
            numbers = [n for alert_id, n in incident_of if alert_id == alert.alert_id]
            if known is not None and known.n + 1 in numbers:
                numbers = [known.n + 1]  # otherwise earlier episodes were forgotten, and it counts anew
            n = next(n for n in numbers if (incident_of[alert.alert_id, n], alert.alert_id, n) not in self.spans)
            span = Span(alert, n, incident_of[alert.alert_id, n], [(self.engine, alert.severity.rank)])
            assert span.key not in self.spans, "two episodes of one incident bear one number"
            self.latest[alert.alert_id] = self.spans[span.key] = span
            changed = True
        if changed:
            self.route(self.latest[alert.alert_id])
        return changed

    def route(self, span: Span) -> None:
        """Route it as design.md §6 routes flat rules."""
        if is_own(span.alert):
            watchdog = self.config.watchdog.channel_id
            span.channels = (watchdog,) if watchdog is not None and watchdog in self.config.channels else ()
            return
        channels: list[str] = []
        policies: list[str] = []
        aggregations = []
        matched: list[str] = []
        for rule in sorted(self.config.routing_rules, key=lambda rule: rule.priority):
            if rule.enabled and _applies(rule, span.alert):
                matched.append(rule.rule_id)
                channels += rule.target_channels
                policies += [rule.escalation_policy_id] if rule.escalation_policy_id else []
                aggregations += [rule.aggregation] if rule.aggregation else []
                if rule.continue_matching is False:
                    break
        if not matched and self.config.catch_all_channel is not None:
            channels = [self.config.catch_all_channel]
        span.channels = tuple(dict.fromkeys(name for name in channels if name in self.config.channels))
        span.rule_ids = tuple(matched)
        span.policy_id = policies[0] if policies else None
        span.bridged = (aggregations or [self.config.aggregation])[0].strategy == "grouping"

    def _meant(self, target: str) -> list[Span]:
        named = self.latest.get(target)
        if named is not None and named.firing:
            return [named]
        return [span for span in self.firing() if span.incident_id == target]

    def take(self, fact: AlertResolved | Acknowledged | Snoozed | SilenceSet | SilenceExpired) -> bool:
        """Take a fact in; return the answer that it deserves."""
        if isinstance(fact, SilenceSet):
            known = self.silences.get(fact.silence.silence_id)
            if known is not None and known.silence == fact.silence and known.ended_at is None:
                return False
            self.silences[fact.silence.silence_id] = Hush(fact.silence)
            return True
        if isinstance(fact, SilenceExpired):
            hush = self.silences.get(fact.silence_id)
            if hush is None or hush.over(self.wall):
                return False
            hush.ended_at, hush.gone_at = self.wall, None
            hush.keep(self.wall, self.config.retain_resolved_seconds)
            return True
        if isinstance(fact, AlertResolved):
            span = self.latest.get(fact.alert_id)
            answer = span is not None and span.firing
            if span is not None and span.firing:
                span.firing, span.ended_at = False, self.engine
            return answer
        meant = self._meant(fact.target)
        for span in meant:
            if isinstance(fact, Snoozed):
                span.snoozed_until = self.engine + fact.seconds
            else:
                until = float("inf") if fact.for_seconds is None else self.engine + fact.for_seconds
                span.ack = (span.alert.severity, until)
        return bool(meant)
