"""The checker's own idea of the world: what fires, who took it, what is muted. Built from the journal's inputs.

Only the ids of incidents and the numbers of episodes are taken from what tocsin decided, for they are its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.checks.quiet import crosses_an_edge, holds, inhibits, muted_rules
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.routing import Route, aggregation, is_gap, route

__all__ = ["RANK", "Key", "Span", "World"]

Key = tuple[str, str, int]
"""(incident, alert, episode)."""

RANK = {"info": 0, "warning": 1, "error": 2, "critical": 3, "emergency": 4}
_ROUTING_FIELDS = ("severity", "cluster_id", "node_id", "metric_name", "labels")
_GAP_LASTS = 3600.0
_NEVER, _ALWAYS = float("-inf"), float("inf")


@dataclass(eq=False)
class Span:
    """One episode. ``reports`` are the instants and ranks of what its source said."""

    alert: Plain
    n: int
    incident: str
    fired_at: float
    reports: list[tuple[float, int]]
    route: Route = field(default_factory=lambda: Route([], [], None))
    ended_at: float | None = None
    acknowledged: tuple[int, float] | None = None
    snoozed_until: float = _NEVER

    @property
    def key(self) -> Key:
        return (self.incident, self.alert["alert_id"], self.n)

    @property
    def rank(self) -> int:
        return RANK[self.alert["severity"]]

    @property
    def firing(self) -> bool:
        return self.ended_at is None


def _matches(silence: Plain, alert: Plain) -> bool:
    return all(holds((one["name"], one["operator"], one["value"]), alert) for one in silence["matchers"])


class World:
    """What is the case at ``now``, on the engine's clock; ``offset`` is how far the wall clock is ahead of it.

    ``before`` is the episode that an alert had before another, ``grouping`` the rule whose aggregation formed an
    incident (empty: the configuration's own did). ``open`` are channels whose circuit is open. ``over_since`` is since
    when silences are over; ``gone`` are channels that vanished, as they were last; ``replaced`` is the configuration
    that was in force before, until ``replaced_at``; ``disturbed`` is when people, silences or a reload last changed who
    is told of what.
    """

    def __init__(self, settings: Plain, now: float) -> None:
        self.settings = settings
        self.now = now
        self.offset = 0.0
        self.latest: dict[str, Span] = {}
        self.spans: dict[Key, Span] = {}
        self.before: dict[Key, Key] = {}
        self.opened: dict[str, float] = {}
        self.grouping: dict[str, str] = {}
        self.open: set[str] = set()
        self._gap_ends: dict[str, float] = {}
        self.silences: dict[str, Plain] = {}
        self.over_since: dict[str, float] = {}
        self.gone: dict[str, Plain] = {}
        self.disturbed = now
        self.replaced, self.replaced_at = settings, now

    @property
    def wall(self) -> float:
        return self.now + self.offset

    def firing(self) -> list[Span]:
        """Everything that fires."""
        return [span for span in self.latest.values() if span.firing]

    def aggregation(self, incident: str) -> Plain:
        """The aggregation that an incident is told by."""
        return aggregation(self.settings, self.grouping.get(incident, ""))

    def groups(self, incident: str) -> Plain | None:
        """The settings of an incident that is a group, told at fixed intervals; None: it is none."""
        found = self.aggregation(incident)
        settings: Plain = found["settings"]
        return settings if found["strategy"] == "grouping" else None

    # -- gates ------------------------------------------------------------------------------------------------------

    def acknowledged(self, span: Span, at: float) -> bool:
        """Whether somebody took it at this severity or above."""
        return span.acknowledged is not None and span.rank <= span.acknowledged[0] and at < span.acknowledged[1]

    def over(self, span: Span) -> bool:
        """Whether it ended, or somebody has it."""
        return not span.firing or self.acknowledged(span, self.now)

    def silenced(self, span: Span, at: float) -> set[str]:
        """Whether an active silence matches, or a maintenance: both reasons are true if both do."""
        wall = at + self.offset
        active = (s for s in self.silences.values() if s["starts_at"] <= wall < s["ends_at"])
        return {"maintenance" if s["maintenance"] else "silenced" for s in active if _matches(s, span.alert)}

    def attended(self, span: Span, at: float) -> bool:
        """Whether an escalation has nothing to do for it."""
        if not span.firing or self.silenced(span, at):
            return True
        return self.acknowledged(span, at) or at < span.snoozed_until

    def inhibited(self, span: Span) -> bool:
        """Whether something else fires from which it follows."""
        alerts = [other.alert for other in self.firing() if other is not span and not is_gap(other.alert)]
        return not is_gap(span.alert) and any(
            inhibits(rule, alerts, span.alert) for rule in self.settings["inhibitions"]
        )

    def muted_by_time(self, span: Span, channel_id: str, at: float) -> bool:
        """Whether all rules that bring it to the channel are silent; where none does, all that apply."""
        routing = span.route.by_channel.get(channel_id) or span.route.rules
        return bool(routing) and muted_rules(self.settings, at + self.offset).issuperset(routing)

    def shut(self, span: Span, channel_id: str, at: float) -> str | None:
        """The first gate that is shut for it on the channel, in their order."""
        channel = self.settings["channels"].get(channel_id)
        if not span.firing:
            return "resolved"
        if channel is None:
            return "channel_missing"
        if not channel["enabled"]:
            return "channel_disabled"
        if span.rank < RANK[channel["min_severity"]] and not is_gap(span.alert):
            return "below_min_severity"
        if quiet := self.silenced(span, at):
            return min(quiet)
        if self.inhibited(span):
            return "inhibited"
        if self.muted_by_time(span, channel_id, at):
            return "muted_by_time"
        if self.acknowledged(span, at):
            return "acknowledged"
        return "snoozed" if at < span.snoozed_until else None

    def answers(self, span: Span, channel_id: str, at: float) -> set[str | None]:
        """As :meth:`shut`, and what it is just before and after: at an edge, a rounding error decides."""
        instants = [at + step for step in (0.0, -1e-4, 1e-4)]
        found = {self.shut(span, channel_id, instant) for instant in instants}
        if found & {"silenced", "maintenance"}:
            found |= {reason for instant in instants for reason in self.silenced(span, instant)}
        return found

    def takes_resolutions(self, channel_id: str) -> bool:
        """Whether the channel is told when something ends."""
        channel = self.settings["channels"].get(channel_id)
        return channel is not None and channel["enabled"] and channel["send_resolved"]

    # -- time -------------------------------------------------------------------------------------------------------

    def edges(self, until: float) -> list[float]:
        """The instants up to *until* at which something may begin or end being muted."""
        found = self._silence_edges() | set(self._gap_ends.values())
        for span in self.firing():
            found.add(span.snoozed_until)
            if span.acknowledged is not None:
                found.add(span.acknowledged[1])
        return sorted(at for at in found if self.now < at <= until)

    def _silence_edges(self) -> set[float]:
        return {edge - self.offset for s in self.silences.values() for edge in (s["starts_at"], s["ends_at"])}

    def pass_to(self, at: float) -> None:
        """Let time pass to *at*, or to now if that is later."""
        if any(self.now < edge <= at for edge in self._silence_edges()):
            self.disturbed = max(self.disturbed, at)
        if crosses_an_edge(self.settings, self.wall, at + self.offset):
            self.disturbed = max(self.disturbed, at)
        self.now = max(self.now, at)
        self._end_gaps()
        self.let_go()

    def gap_met(self, alert_id: str) -> None:
        """A gap was met: it ends an hour after it was met last."""
        self._gap_ends[alert_id] = self.now + _GAP_LASTS

    def _end_gaps(self) -> None:
        """End those that were not met for an hour, but not that of a circuit before it is closed."""
        for alert_id, at in list(self._gap_ends.items()):
            if at > self.now + 1e-6:
                continue
            span = self.latest.get(alert_id)
            labels = {} if span is None else span.alert["labels"]
            if (
                labels.get("gap") == "circuit_open"
                and labels["subject"] in self.open & self.settings["channels"].keys()
            ):
                self._gap_ends[alert_id] = self.now + _GAP_LASTS
            else:
                del self._gap_ends[alert_id]
                self.resolve(alert_id)

    def let_go(self) -> None:
        """A silence that ended long ago is forgotten: it holds no more if the wall clock is set back."""
        for name, silence in list(self.silences.items()):
            if self.wall < silence["ends_at"] - 1e-4:
                self.over_since.pop(name, None)
                continue
            since, kept = self.over_since.setdefault(name, self.now), self.settings["retention"] - 1e-4
            if self.now >= since + kept and self.wall >= silence["ends_at"] + kept:
                del self.silences[name], self.over_since[name]

    # -- facts ------------------------------------------------------------------------------------------------------

    def fire(self, alert: Plain, place: tuple[str, int] | None) -> tuple[Span, bool]:
        """Take a report in; *place* is the incident and the number of the episode that it begins, if it does.

        Returns the episode, and whether it is routed anew.
        """
        known = self.latest.get(alert["alert_id"])
        if known is not None and known.firing:
            changed = any(known.alert[name] != alert[name] for name in _ROUTING_FIELDS)
            self.disturbed = max(self.disturbed, self.now if changed else self.disturbed)
            known.alert = alert
            known.reports.append((self.now, known.rank))
            span = known
        else:
            if place is None:
                raise LookupError(f"{alert['alert_id']} fires, and no incident takes it")
            incident, n = place
            span = Span(alert, n, incident, self.now, [(self.now, RANK[alert["severity"]])])
            if known is not None:
                self.before[span.key] = known.key
            self.latest[alert["alert_id"]] = self.spans[span.key] = span
            self.opened.setdefault(incident, self.now)
            changed = True
        if changed:
            span.route = route(self.settings, span.alert)
            self.grouping.setdefault(span.incident, span.route.grouping)
            self._inhibition_moves()
        return span, changed

    def _inhibition_moves(self) -> None:
        """Others may be told now, or not be told any more."""
        if self.settings["inhibitions"]:
            self.disturbed = max(self.disturbed, self.now)

    def reroute(self, span: Span) -> None:
        """Route it anew, after the configuration changed."""
        self.disturbed = max(self.disturbed, self.now)
        span.route = route(self.settings, span.alert)

    def resolve(self, alert_id: str) -> bool:
        """Take in that it ended."""
        span = self.latest.get(alert_id)
        if span is None or not span.firing:
            return False
        span.ended_at = self.now
        self._inhibition_moves()
        return True

    def meant(self, target: str) -> list[Span]:
        """The firing episodes that an alert's or an incident's id means."""
        named = self.latest.get(target)
        if named is not None and named.firing:
            return [named]
        return [span for span in self.firing() if span.incident == target]

    def acknowledge(self, target: str, seconds: float | None) -> bool:
        """Somebody took it."""
        until = _ALWAYS if seconds is None else self.now + seconds
        self.disturbed = max(self.disturbed, self.now if seconds is None else until)
        for span in self.meant(target):
            span.acknowledged = (span.rank, until)
        return bool(self.meant(target))

    def snooze(self, target: str, seconds: float) -> bool:
        """Somebody put it off."""
        self.disturbed = max(self.disturbed, self.now + seconds)
        for span in self.meant(target):
            span.snoozed_until = self.now + seconds
        return bool(self.meant(target))

    def silence(self, silence: Plain) -> None:
        """A silence was set."""
        self.silences[silence["silence_id"]] = silence
        self.over_since.pop(silence["silence_id"], None)
