"""The checker's own idea of what mutes: silences, inhibition, the hours of rules. Plain and slow."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from tocsin import AlertView, Configuration, LabelMatcher, PerformanceAlert, Silence

__all__ = ["Hush", "inhibited", "matches", "muted_by_time"]


@attrs.define(slots=True, eq=False)
class Hush:
    """A silence that is kept; ``gone_at`` is the wall time at which it is let go, once it was seen to be over."""

    silence: Silence
    ended_at: float | None = None
    gone_at: float | None = None

    def over(self, wall: float) -> bool:
        """Whether it does nothing any more; what somebody ended stays so when the clock is set back."""
        return self.ended_at is not None or wall >= self.silence.ends_at

    def active(self, wall: float) -> bool:
        return not self.over(wall) and wall >= self.silence.starts_at

    def keep(self, wall: float, seconds: float) -> bool:
        """Look at it at that wall time; return whether it is still kept, for so many *seconds* after its end."""
        if not self.over(wall):
            self.gone_at = None
            return True
        ended = self.silence.ends_at if self.ended_at is None else min(self.ended_at, self.silence.ends_at)
        if self.gone_at is None:
            self.gone_at = ended + seconds
        if wall >= self.gone_at:
            self.gone_at = ended + seconds
        return wall < self.gone_at


def matches(matchers: Iterable[LabelMatcher], alert: PerformanceAlert) -> bool:
    """Whether the alert meets all *matchers*."""
    view = AlertView(alert)
    for matcher in matchers:
        value = view.label(matcher.name)
        if matcher.operator in ("=", "!="):
            holds = value == matcher.value
        else:
            holds = re.fullmatch(matcher.value, value, re.DOTALL) is not None
        if holds == matcher.operator.value.startswith("!"):
            return False
    return True


def inhibited(config: Configuration, alert: PerformanceAlert, firing: Iterable[PerformanceAlert]) -> bool:
    """Whether one of those that fire inhibits the alert."""
    everything = list(firing)
    for rule in config.inhibition_rules:
        if not matches(rule.target_matchers, alert):
            continue
        on_both = matches(rule.source_matchers, alert)
        for other in everything:
            same = all(AlertView(other).label(name) == AlertView(alert).label(name) for name in rule.equal)
            if same and matches(rule.source_matchers, other) and not (on_both and matches(rule.target_matchers, other)):
                return True
    return False


def _on(config: Configuration, name: str, wall: float) -> bool:
    """Whether the interval lasts; only ranges of the day are drawn, in UTC."""
    minute = int(wall // 60) % 1440
    spans = [span.minutes for interval in config.time_intervals.get(name, ()) for span in interval.times]
    return any(start <= minute < end for start, end in spans)


def muted_by_time(config: Configuration, rule_ids: Iterable[str], channel_id: str, wall: float) -> bool:
    """Whether all rules that apply to an alert and name the channel are silent; where none names it, all that apply."""
    applying = [rule for rule in config.routing_rules if rule.rule_id in set(rule_ids)]
    deciding = [rule for rule in applying if channel_id in rule.target_channels] or applying
    for rule in deciding:
        active = [name for name in rule.active_time_intervals if name in config.time_intervals]
        mute = any(_on(config, name, wall) for name in rule.mute_time_intervals)
        if not mute and (not active or any(_on(config, name, wall) for name in active)):
            return False
    return bool(deciding)
