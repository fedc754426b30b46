"""The checker's own escalation clocks: which level is due at which instant, paused time excluded."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.world import RANK, Key, Span, World

__all__ = ["Ladder", "Rung"]

LEVELS = {"immediate": 0.0, "first": 300.0, "second": 900.0, "third": 1800.0, "final": 3600.0}
_TOLERANCE = 1e-6
_NEVER = float("inf")

Step = tuple[float, str, list[str], bool]
"""After how many seconds which level tells which channels, and whether it joins the rule's own."""


@dataclass
class Rung:
    """A level that came due; no channels: nobody could be told. ``joins``: it adds to the rule's own channels."""

    at: float
    incident: str
    policy: str
    level: str
    channels: list[str]
    joins: bool
    step: Step = field(repr=False)


@dataclass
class Climb:
    """One policy on one incident: the unpaused time up to ``since`` (None: paused), and the steps still to come."""

    incident: str
    policy_id: str
    policy: Plain
    steps: list[Step]
    climbed: float = 0.0
    since: float | None = None
    awake: dict[Key, Span] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    def due(self) -> float:
        if self.since is None or not self.steps:
            return _NEVER
        return self.since + (self.steps[0][0] - self.climbed)


def _steps(policy: Plain) -> list[Step]:
    delays = {level: policy["delays"].get(level, LEVELS[level]) for level in policy["levels"]}
    ordered = sorted(policy["levels"], key=list(LEVELS).index)
    lap_seconds = max(delays.values(), default=0.0) + 300.0
    return [
        (lap * lap_seconds + delays[level], level, policy["levels"][level], lap == 0 and level == "immediate")
        for lap in range(policy["repeat"] + 1)
        for level in ordered
    ]


class Ladder:
    """All escalations of a world; ``rungs`` are the levels that came due and were not taken note of yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.climbs: dict[tuple[str, str], Climb] = {}
        self.rungs: list[Rung] = []

    def joined(self, span: Span) -> list[str]:
        """The channels that its policy's immediate level added to its own."""
        climb = self.climbs.get((span.incident, span.route.policy or ""))
        return climb.joined if climb else []

    def awake(self, rung: Rung) -> bool:
        """Whether somebody has to answer for that level's incident now."""
        return bool(self.climbs[rung.incident, rung.policy].awake)

    def take_back(self, rung: Rung) -> None:
        """That level was not told: it is the next."""
        self.climbs[rung.incident, rung.policy].steps.insert(0, rung.step)

    def pass_time(self, until: float) -> None:
        """Let time go on to *until*; at each instant, what mutes comes before what is due."""
        world = self.world
        edges = world.edges(until)
        while True:
            due = min((climb.due() for climb in self.climbs.values()), default=_NEVER)
            edge = edges[0] if edges else _NEVER
            at = min(due, edge)
            if at > until + _TOLERANCE:
                break
            world.pass_to(at)
            if edge <= due:
                edges = world.edges(until)  # what ends there may end again
                self.recount()
            self.tell()
        world.pass_to(until)

    def begin(self, span: Span) -> None:
        """It was routed: its policy begins on its incident unless it did before."""
        policy_id = span.route.policy
        policy = self.world.settings["policies"].get(policy_id) if policy_id else None
        if policy_id is not None and policy is not None and (span.incident, policy_id) not in self.climbs:
            self.climbs[span.incident, policy_id] = Climb(span.incident, policy_id, policy, _steps(policy))

    def recount(self) -> None:
        """Who still has to answer? Clocks run and pause accordingly; what is due at once is told by :meth:`tell`."""
        now = self.world.now
        awake: dict[tuple[str, str], dict[Key, Span]] = {}
        for span in self.world.firing():
            if span.route.policy is not None and not self.world.attended(span, now):
                awake.setdefault((span.incident, span.route.policy), {})[span.key] = span
        for name, climb in self.climbs.items():
            climb.awake = awake.get(name, {})
            if climb.awake and climb.since is None:
                climb.since = now
            elif not climb.awake and climb.since is not None:
                climb.climbed += now - climb.since
                climb.since = None

    def tell(self) -> None:
        """Tell what is due, once everything of the instant was taken in."""
        now = self.world.now
        for climb in self.climbs.values():
            while climb.due() <= now + _TOLERANCE:
                self._climb(climb)

    def hasten(self, spans: list[Span]) -> bool:
        """Somebody wants the next level of these now; return whether there is one. Those after it keep their times."""
        self.tell()
        left = self.next_level(spans)
        for climb in left:
            self._climb(climb)
        return bool(left)

    def next_level(self, spans: list[Span]) -> list[Climb]:
        """The policies of these that run and have a level left."""
        names = {(span.incident, span.route.policy or "") for span in spans}
        running = [climb for name, climb in self.climbs.items() if name in names and climb.since is not None]
        return [climb for climb in running if climb.steps]

    def _climb(self, climb: Climb) -> None:
        """The next level is told."""
        step = climb.steps.pop(0)
        delay, level, channels, joins = step
        joins = joins and delay == 0
        usable = self._usable(climb, channels) or self._usable(climb, climb.policy["default"])
        if joins:
            climb.joined = list(dict.fromkeys((*channels, *usable)))
        self.rungs.append(Rung(self.world.now, climb.incident, climb.policy_id, level, usable, joins, step))

    def _usable(self, climb: Climb, channels: list[str]) -> list[str]:
        highest = max(span.rank for span in climb.awake.values())
        known = self.world.settings["channels"]
        return [
            name
            for name in dict.fromkeys(channels)
            if name in known and known[name]["enabled"] and RANK[known[name]["min_severity"]] <= highest
        ]
