"""Hypothesis strategies for what tocsin works with: alerts, outcomes, silences, notifications, whole configurations.

Most is drawn from small pools, so that what is drawn meets: alerts share metrics and clusters, rules match them,
silences mute them. Durations are whole seconds. What begins with ``any_`` is drawn from all that there is. Needs
hypothesis, which tocsin itself does not depend on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from tocsin.config import Configuration
from tocsin.model.aggregation import Aggregation
from tocsin.model.alert import PerformanceAlert
from tocsin.model.channel import NotificationChannel
from tocsin.model.escalation import EscalationLevel, EscalationPolicy
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval, TimeRange
from tocsin.model.notification import ListedAlert, Notification, NotificationKind
from tocsin.model.outcome import Outcome
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import LabelMatcher, Silence
from tocsin.model.watchdog import Watchdog
from tocsin.testing.samples import make_listed, make_notification

__all__ = [
    "ALERT_IDS",
    "CHANNEL_IDS",
    "CLUSTER_IDS",
    "INTERVALS",
    "METRICS",
    "POLICY_IDS",
    "SERVICES",
    "aggregations",
    "alerts",
    "any_alerts",
    "any_notifications",
    "any_text",
    "channels",
    "configurations",
    "inhibition_rules",
    "outcomes",
    "policies",
    "rules",
    "severities",
    "silences",
    "time_intervals",
    "watchdogs",
]

ALERT_IDS: Final = ("a0", "a1", "a2", "a3", "a4")
CHANNEL_IDS: Final = ("c0", "c1", "c2", "c3")
CLUSTER_IDS: Final = ("prod-1", "prod-2", "dev-1")
METRICS: Final = ("cpu", "disk")
INTERVALS: Final = ("i0", "i1")
POLICY_IDS: Final = ("p0", "p1")
SERVICES: Final = ("db", "web")


def severities() -> st.SearchStrategy[AlertSeverity]:
    """Return a strategy for severities, the lowest first."""
    return st.sampled_from(list(AlertSeverity))


def alerts(alert_ids: Sequence[str] = ALERT_IDS) -> st.SearchStrategy[PerformanceAlert]:
    """Return a strategy for alerts with one of *alert_ids*; an alert's metric may change from report to report."""
    return st.builds(
        PerformanceAlert,
        alert_id=st.sampled_from(alert_ids),
        cluster_id=st.sampled_from(CLUSTER_IDS),
        severity=severities(),
        metric_name=st.sampled_from(METRICS),
        message=st.sampled_from(["", "again"]),
        labels=st.dictionaries(st.just("service"), st.sampled_from(SERVICES), max_size=1),
    )


def outcomes() -> st.SearchStrategy[Outcome]:
    """Return a strategy for the ends of attempts, of every kind."""
    after = st.none() | st.integers(0, 120).map(float)
    return st.one_of(
        st.just(Outcome.delivered()),
        st.builds(Outcome.unavailable, st.just("down"), retry_after_seconds=after),
        st.builds(Outcome.throttled, st.just("slow down"), retry_after_seconds=after),
        st.just(Outcome.unknown("no answer")),
        st.just(Outcome.rejected("refused")),
    )


@st.composite
def silences(draw: st.DrawFn, wall: float, silence_ids: Sequence[str] = ("s0", "s1", "s2")) -> Silence:
    """Draw a silence that starts within an hour of *wall* (wall time, seconds), or just before, and ends soon."""
    matcher = draw(
        st.sampled_from(
            [
                LabelMatcher("metric_name", "=", METRICS[0]),
                LabelMatcher("severity", "=~", "info|warning"),
                LabelMatcher("cluster_id", "!=", CLUSTER_IDS[0]),
                LabelMatcher("service", "=", SERVICES[0]),
                LabelMatcher("alert_id", "!~", "a[01]"),
                LabelMatcher("alert_id", "=~", ".*"),
            ]
        )
    )
    starts_at = wall + draw(st.sampled_from([0, -60, 30, 400, 3600]))
    ends_at = starts_at + draw(st.sampled_from([45, 300, 1800]))
    planned = draw(st.sampled_from([False, False, True]))
    return Silence(draw(st.sampled_from(silence_ids)), (matcher,), starts_at, ends_at, maintenance=planned)


def inhibition_rules() -> st.SearchStrategy[InhibitionRule]:
    """Return a strategy for inhibition rules; one alert may meet both sides."""
    side = st.sampled_from(
        [
            LabelMatcher("metric_name", "=", METRICS[0]),
            LabelMatcher("metric_name", "!=", METRICS[0]),
            LabelMatcher("severity", "=~", "critical|emergency"),
            LabelMatcher("severity", "=~", "info|warning|error"),
            LabelMatcher("alert_id", "=~", "a[012]"),
            LabelMatcher("service", "=", SERVICES[0]),
        ]
    )
    equal = st.sampled_from([(), ("cluster_id",), ("service",)])
    return st.builds(lambda source, target, names: InhibitionRule((source,), (target,), names), side, side, equal)


def time_intervals() -> st.SearchStrategy[dict[str, tuple[TimeInterval, ...]]]:
    """Return a strategy for the intervals of :data:`INTERVALS`: ranges of the day, in UTC; one may be missing."""

    def day(*times: tuple[str, str]) -> tuple[TimeInterval, ...]:
        return tuple(TimeInterval(times=[TimeRange(start, end)]) for start, end in times)

    several = [
        day(("22:20", "22:50")),
        day(("22:00", "24:00"), ("00:00", "06:00")),
        day(("00:00", "12:00")),
        day(("12:00", "24:00")),
    ]
    return st.dictionaries(st.sampled_from(INTERVALS), st.sampled_from(several), max_size=2)


@st.composite
def channels(
    draw: st.DrawFn, channel_id: str, backends: Sequence[str] = ("recording",), others: Sequence[str] = ()
) -> NotificationChannel:
    """Draw the channel *channel_id*; one of *others* may be its fallback, and need not exist."""
    return NotificationChannel(
        channel_id=channel_id,
        backend=draw(st.sampled_from(backends)),
        min_severity=draw(st.sampled_from([AlertSeverity.INFO, AlertSeverity.ERROR, AlertSeverity.CRITICAL])),
        rate_limit_per_minute=draw(st.sampled_from([None, 1, 2, 5])),
        enabled=draw(st.sampled_from([True, True, True, False])),
        fallback=draw(st.none() | st.sampled_from(others)) if others else None,
        fallback_after_seconds=draw(st.sampled_from([300.0, 30.0])),
        send_resolved=draw(st.sampled_from([True, True, False])),
    )


def watchdogs() -> st.SearchStrategy[Watchdog]:
    """Return a strategy for watchdogs; most tell nobody. Their channels may not be there."""
    names = st.none() | st.none() | st.sampled_from(CHANNEL_IDS)
    beats = st.sampled_from([(None, None), (None, None), (CHANNEL_IDS[0], 1800.0), (CHANNEL_IDS[-1], 7200.0)])
    within = st.sampled_from([300.0, 60.0, 3000.0])
    return st.builds(lambda name, seconds, beat: Watchdog(name, seconds, *beat), names, within, beats)


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for conditions that most alerts meet."""
    return st.fixed_dictionaries(
        {},
        optional={
            "severity": st.sampled_from([["error", "critical", "emergency"], ["info", "warning"]]),
            "metric_name": st.sampled_from([[metric] for metric in METRICS]),
            "cluster_pattern": st.sampled_from(["prod-.*", "dev-.*"]),
            "labels": st.sampled_from([{"service": service} for service in SERVICES]),
        },
    )


@st.composite
def rules(
    draw: st.DrawFn, rule_id: str, channel_ids: Sequence[str] = CHANNEL_IDS, policy_ids: Sequence[str] = POLICY_IDS
) -> AlertRoutingRule:
    """Draw a flat rule; half of all rules match everything, and most are never silent."""
    named = st.sampled_from([[], [], [], *([name] for name in INTERVALS)])
    return AlertRoutingRule(
        rule_id=rule_id,
        conditions=draw(st.just({}) | _conditions()),
        target_channels=draw(st.lists(st.sampled_from(channel_ids), min_size=1, max_size=3, unique=True)),
        escalation_policy_id=draw(st.none() | st.sampled_from(policy_ids)) if policy_ids else None,
        priority=draw(st.sampled_from([100, 10])),
        mute_time_intervals=draw(named),
        active_time_intervals=draw(named),
        continue_matching=draw(st.sampled_from([None, None, False])),
        aggregation=draw(st.none() | st.none() | aggregations()),
    )


@st.composite
def policies(draw: st.DrawFn, policy_id: str, channel_ids: Sequence[str] = CHANNEL_IDS) -> EscalationPolicy:
    """Draw an escalation policy; single delays may be shortened, and the levels may be repeated once."""
    named = st.lists(st.sampled_from(channel_ids), min_size=1, max_size=2, unique=True)
    levels = draw(st.lists(st.sampled_from(list(EscalationLevel)), min_size=1, max_size=3, unique=True))
    return EscalationPolicy(
        policy_id=policy_id,
        escalation_levels={level: draw(named) for level in levels},
        default_channels=draw(st.just([]) | named),
        level_delays_seconds=draw(st.sampled_from([{}, {EscalationLevel.FIRST: 60}, {EscalationLevel.IMMEDIATE: 30}])),
        repeat=draw(st.sampled_from([0, 0, 1])),
    )


def aggregations() -> st.SearchStrategy[Aggregation]:
    """Return a strategy for the bundled aggregators and their settings."""
    repeat = st.sampled_from([None, None, 900])
    window = st.fixed_dictionaries(
        {
            "window_seconds": st.sampled_from([300, 60, 0]),
            "fold_below": st.sampled_from(["critical", "error", "emergency"]),
            "burst": st.sampled_from([5, 1]),
            "resolve_seconds": st.sampled_from([300, 60, 0]),
            "repeat_interval_seconds": repeat,
        }
    )
    grouping = st.fixed_dictionaries(
        {
            "group_by": st.sampled_from([[], ["metric_name"], ["cluster_id", "service"], ["..."]]),
            "group_wait_seconds": st.sampled_from([30, 0, 120]),
            "group_interval_seconds": st.sampled_from([300, 60, 45]),
            "repeat_interval_seconds": st.sampled_from([14_400, 900, None]),
        }
    )
    return st.one_of(
        st.builds(Aggregation, st.just("window"), window),
        st.builds(Aggregation, st.just("none"), st.fixed_dictionaries({"repeat_interval_seconds": repeat})),
        st.builds(Aggregation, st.just("grouping"), grouping),
    )


@st.composite
def configurations(draw: st.DrawFn, backends: Sequence[str] = ("recording",)) -> Configuration:
    """Draw a whole configuration of two to four channels; some rules and levels may name channels that are not there.

    :param backends: the names of registered backends that channels may use, without settings of their own.
    """
    count = draw(st.integers(2, len(CHANNEL_IDS)))
    names = CHANNEL_IDS[:count]
    made = [draw(channels(name, backends, [other for other in CHANNEL_IDS if other != name])) for name in names]
    return Configuration(
        channels={channel.channel_id: channel for channel in made},
        routing_rules=tuple(draw(rules(f"r{index}")) for index in range(draw(st.integers(1, 3)))),
        escalation_policies={
            policy.policy_id: policy
            for policy in [draw(policies(name)) for name in POLICY_IDS[: draw(st.integers(0, len(POLICY_IDS)))]]
        },
        aggregation=draw(aggregations()),
        inhibition_rules=tuple(draw(st.lists(inhibition_rules(), max_size=2))),
        watchdog=draw(watchdogs()),
        time_intervals=draw(st.just({}) | time_intervals()),
        catch_all_channel=draw(st.sampled_from([None, CHANNEL_IDS[0]])),
        retain_resolved_seconds=draw(st.sampled_from([86_400.0, 600.0])),
    )


def _short_text() -> st.SearchStrategy[str]:
    hostile = st.sampled_from(
        ["<!channel>", "&amp;&", "\x1b[2J", "[red]x[/red]", "\r\n", '"}', "\\", "\u202e", "\x00", "\ud800", "😀"]
    )
    return hostile | st.text(st.characters(), max_size=8)


def any_text() -> st.SearchStrategy[str]:
    """Return a strategy for any string: control characters, halves of surrogate pairs, and sometimes very long ones."""
    short = _short_text()
    return short | st.builds(lambda piece, length: (piece * length)[:length], short, st.integers(1, 7000))


def _any_number() -> st.SearchStrategy[float | None]:
    return st.none() | st.floats() | st.integers(-(10**300), 10**300)


def any_alerts() -> st.SearchStrategy[PerformanceAlert]:
    """Return a strategy for any alert at all: any text in every field, and any number or none."""
    labels = st.dictionaries(_short_text(), any_text(), max_size=2)
    return st.builds(
        PerformanceAlert,
        alert_id=_short_text().filter(bool),
        cluster_id=any_text(),
        severity=severities(),
        metric_name=any_text(),
        current_value=_any_number(),
        threshold_value=_any_number(),
        message=any_text(),
        node_id=st.none() | _short_text(),
        timestamp=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        labels=labels,
        annotations=labels,
    )


def _any_listed() -> st.SearchStrategy[ListedAlert]:
    return st.builds(
        lambda alert, resolved: attrs.evolve(make_listed(resolved=resolved), alert=alert), any_alerts(), st.booleans()
    )


@st.composite
def any_notifications(draw: st.DrawFn) -> Notification:
    """Draw any notification: one alert or many, of any kind, whatever their texts."""
    listed = draw(st.lists(_any_listed(), min_size=1, max_size=2)) * draw(st.sampled_from([1, 1, 1, 15]))
    return make_notification(
        *listed,
        kind=draw(st.sampled_from(NotificationKind)),
        level=draw(st.none() | st.sampled_from(EscalationLevel)),
        incident_id=draw(_short_text()),
        test=draw(st.booleans()),
    )
