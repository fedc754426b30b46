"""The checker's own escalation clocks: which level of which policy is due at which instant, paused time excluded."""

from __future__ import annotations

import attrs
from tests.engine.world import Key, Span, World

from tocsin import EscalationPolicy

__all__ = ["Ladder", "Rung"]


@attrs.frozen(slots=True)
class Rung:
    """A level that came due; no channels: nobody could be told."""

    at: float
    incident_id: str
    policy_id: str
    level: str
    channels: tuple[str, ...]
    joins: bool = attrs.field(eq=False)


@attrs.define(slots=True, eq=False)
class Climb:
    """One policy on one incident: the unpaused time up to ``since`` (None: paused), and what is still to come.

    ``joined`` are the channels that the immediate level adds to the rules' own.
    """

    incident_id: str
    policy: EscalationPolicy
    steps: list[tuple[float, str, tuple[str, ...], bool]]
    climbed: float = 0.0
    since: float | None = None
    awake: dict[Key, Span] = attrs.field(factory=dict)
    joined: tuple[str, ...] = ()

    def due(self) -> float:
        """When the next level comes due if nothing pauses it."""
        if self.since is None or not self.steps:
            return float("inf")
        return self.since + self.steps[0][0] - self.climbed


def _steps(policy: EscalationPolicy) -> list[tuple[float, str, tuple[str, ...], bool]]:
    steps = []
    for lap in range(policy.repeat + 1):
        for level, channels in policy.escalation_levels.items():
            delay = lap * policy.round_seconds + policy.delay_seconds(level)
            steps.append((delay, level.value, channels, lap == 0 and level.rank == 0 and delay == 0))
    return steps


class Ladder:
    """All escalations of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.climbs: dict[tuple[str, str], Climb] = {}
        self.rungs: list[Rung] = []

    def pass_time(self, until: float) -> None:
        """Let the engine's clock go on to *until*; at each instant, what mutes comes before what is due."""
        world = self.world
        offset = world.wall - world.engine
        edges = world.edges(world.engine, until)
        while True:
            due = min((climb.due() for climb in self.climbs.values()), default=float("inf"))
            edge = edges[0] if edges else float("inf")
            at = min(due, edge)
            if at > until:
                break
            world.engine, world.wall = max(world.engine, at), max(world.engine, at) + offset
            if edge <= due:
                edges.pop(0)
                world.end_silences()
                self.recount()
            self._tell(world.engine)
        world.engine, world.wall = until, until + offset

    def begin(self, span: Span) -> None:
        """The span was routed: its policy begins on its incident unless that was so before."""
        policy = self.world.config.escalation_policies.get(span.policy_id or "")
        if policy is not None and (span.incident_id, policy.policy_id) not in self.climbs:
            climb = Climb(span.incident_id, policy, _steps(policy))
            self.climbs[span.incident_id, policy.policy_id] = climb

    def recount(self) -> None:
        """Who still has to answer, now? Clocks run and pause accordingly; what is due at once is told later."""
        world = self.world
        now = world.engine
        for climb in self.climbs.values():
            climb.awake = {
                span.key: span
                for span in world.firing()
                if span.incident_id == climb.incident_id
                and span.policy_id == climb.policy.policy_id
                and world.muted(span, now, world.wall) is None
            }
            if climb.awake and climb.since is None:
                climb.since = now
            elif not climb.awake and climb.since is not None:
                climb.climbed += now - climb.since
                climb.since = None

    def tell(self) -> None:
        """Tell what is due, once everything of the instant was taken in."""
        self._tell(self.world.engine)

    def _tell(self, now: float) -> None:
        for climb in self.climbs.values():
            while climb.due() <= now:
                _, level, channels, joins = climb.steps.pop(0)
                usable = self._usable(climb, channels) or self._usable(climb, climb.policy.default_channels)
                climb.joined = (*channels, *usable) if joins else climb.joined
                self.rungs.append(Rung(now, climb.incident_id, climb.policy.policy_id, level, usable, joins))

    def _usable(self, climb: Climb, channels: tuple[str, ...]) -> tuple[str, ...]:
        highest = max(span.alert.severity for span in climb.awake.values())
        found = ((name, self.world.channel(name)) for name in dict.fromkeys(channels))
        return tuple(name for name, channel in found if channel is not None and channel.min_severity <= highest)
