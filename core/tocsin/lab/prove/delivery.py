"""In which ways an alert reaches those who are to be reached: by rules, escalation levels and fallback channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import attrs

from tocsin.engine.plan import GLOBAL, ChannelPlan, Node, Plan
from tocsin.lab.prove.calendar import Calendar, Schedule, Window
from tocsin.lab.prove.levels import Level, levels_within
from tocsin.model.severity import AlertSeverity
from tocsin.proof.circuit import FALSE, TRUE
from tocsin.proof.routing import Routing
from tocsin.proof.search import Way
from tocsin.roles.aggregator import Waiting

__all__ = ["LIMITED_SECONDS", "Case", "Delivery", "Path", "longest_wait"]

LIMITED_SECONDS: Final = 60.0
"""So long a rate limit that is used up keeps the next notification waiting: its log looks back a minute."""


@attrs.frozen(slots=True)
class Path:
    """How a notification to one channel ends at one that answers: over which others, and how many seconds later."""

    others: tuple[str, ...] = ()
    delay: float = 0.0


@attrs.frozen(slots=True)
class Case:
    """What is the case while an alert is told. ``failing`` are the channels that fail.

    ``harsh``: the aggregators keep the alert waiting for as long as they may, all rate limits are used up, and attempts
    on failing channels hang. Otherwise it is told alone, and what fails says so at once.
    """

    failing: frozenset[str] = frozenset()
    harsh: bool = True


def longest_wait(plan: Plan, grouping: str, severity: AlertSeverity) -> float | None:
    """Return how many seconds an aggregator may keep an alert waiting; None: it does not say, or there is no bound."""
    aggregator = plan.grouping(grouping).aggregator
    if not isinstance(aggregator, Waiting):
        return None
    try:
        wait = aggregator.longest_wait(severity)
    except Exception:  # noqa: BLE001  then it does not say
        return None
    return wait if wait is not None and 0 <= wait < float("inf") else None


def _handed_on_after(found: ChannelPlan, *, harsh: bool) -> float:
    """Return how many seconds a channel that fails keeps a notification before its fallback has it.

    It is given up sooner where its attempts end sooner, and these begin at once. Where attempts hang, one of another
    alert of the incident may be under way when it comes, and its own one when its time is up.
    """
    if not harsh:
        return min(found.channel.fallback_after_seconds, found.spec.retry.max_age_seconds)
    return found.channel.fallback_after_seconds + 2 * found.spec.timeout_seconds


Heard: TypeAlias = Callable[[Schedule, Window], bool]
"""Whether a schedule is heard in a window of the alert that is asked about."""


class Delivery:
    """The ways of one question: does each alert of *severity* reach one of *goal* within so many seconds?"""

    def __init__(
        self,
        plan: Plan,
        routing: Routing,
        calendar: Calendar,
        severity: AlertSeverity,
        goal: frozenset[str],
        within: float,
    ) -> None:
        self._plan = plan
        self._routing = routing
        self._calendar = calendar
        self._severity = severity
        self._goal = goal
        self._within = within
        self._policies = routing.first(lambda node: node.policy_id)
        self.levels = {
            policy_id: levels_within(plan, policy_id, within) for policy_id in self._policies if policy_id is not None
        }
        self._naming = self._groups()
        self._everybody = self._by_schedule(plan.nodes)
        self._waits = self._by_wait()
        self._paths: dict[tuple[str, Case], Path | None] = {}

    def concerned(self) -> list[str]:
        """Return the channels whose failure may make a difference."""
        policies = [self._plan.config.escalation_policies.get(policy_id) for policy_id in self.levels]
        named = set(self._naming)
        named |= {channel_id for levels in self.levels.values() for level in levels for channel_id in level.channels}
        named |= {channel_id for policy in policies if policy for channel_id in policy.default_channels}
        named |= {self._plan.config.catch_all_channel or ""}
        waiting = list(named)
        while waiting:
            found = self._plan.channels.get(waiting.pop())
            fallback = None if found is None else found.channel.fallback
            if fallback is not None and fallback not in named:
                named.add(fallback)
                waiting.append(fallback)
        return sorted(filter(self.usable, named))

    def windows(self, case: Case) -> set[Window]:
        """Return what is asked of the schedules in a case."""
        asked: set[Window] = set()

        def ask(_: Schedule, window: Window) -> bool:
            asked.add(window)
            return True

        self.ways(case, ask)
        return asked

    def ways(self, case: Case, heard: Heard) -> frozenset[Way]:
        """Return the ways that are open to an alert; each is a set of literals that are true together."""
        waits = self._waits if case.harsh else {0.0: TRUE}
        ways = [frozenset(way) for way in (*self._by_rules(case, waits, heard), *self._by_levels(case, waits, heard))]
        ways.extend(self._unrouted(case))
        return frozenset(ways)

    def usable(self, channel_id: str) -> bool:
        """Whether the channel exists, is enabled, and wants to be told of the severity."""
        found = self._plan.channels.get(channel_id)
        return found is not None and found.channel.enabled and found.channel.min_severity <= self._severity

    def _by_schedule(self, nodes: Iterable[Node]) -> dict[Schedule, int]:
        """Return the literals of some of *nodes* applying, apart by when they are heard."""
        applies: dict[Schedule, list[int]] = defaultdict(list)
        for node in nodes:
            applies[self._calendar.schedule(node)].append(self._routing.applies[node.index])
        return {schedule: self._routing.circuit.any_of(each) for schedule, each in applies.items()}

    def _groups(self) -> dict[str, dict[Schedule, int]]:
        """Return the literals of a rule applying that names a channel, by the channel and when the rule is heard."""
        naming: dict[str, list[Node]] = defaultdict(list)
        for node in self._plan.nodes:
            for channel_id in node.channels:
                naming[channel_id].append(node)
        return {channel_id: self._by_schedule(nodes) for channel_id, nodes in naming.items()}

    def _by_wait(self) -> dict[float, int]:
        """Return, by how long an alert may be kept waiting, the literal of its being so; without bound it is left out.

        The first rule that applies and forms incidents decides that.
        """
        literals: dict[float, list[int]] = defaultdict(list)
        for name, literal in self._routing.first(lambda node: node.grouping).items():
            wait = longest_wait(self._plan, GLOBAL if name is None else name, self._severity)
            if wait is not None and literal != FALSE:
                literals[wait].append(literal)
        return {wait: self._routing.circuit.any_of(each) for wait, each in sorted(literals.items())}

    def _path(self, channel_id: str, case: Case) -> Path | None:
        """Return how a notification to a channel ends where it is to; None: it does not, or not in time."""
        key = channel_id, case
        if key not in self._paths:
            self._paths[key] = self._followed(channel_id, case)
        return self._paths[key]

    def _followed(self, channel_id: str, case: Case) -> Path | None:
        others: list[str] = []
        delay = 0.0
        last = channel_id
        while self.usable(last) and delay <= self._within:
            found = self._plan.channels[last]
            if case.harsh and found.channel.rate_limit_per_minute is not None:
                delay += LIMITED_SECONDS
            if last not in case.failing:
                return Path(tuple(others), delay) if last in self._goal else None
            following = found.channel.fallback
            if following is None or following == channel_id or following in others:
                return None
            delay += _handed_on_after(found, harsh=case.harsh)
            others.append(following)
            last = following
        return None

    def _unnamed(self, channels: Iterable[str]) -> list[int]:
        """Return the literals of no rule that applies naming any of *channels*: it would decide when that is heard."""
        return [-literal for channel_id in channels for literal in self._naming.get(channel_id, {}).values()]

    def _heard(self, groups: Mapping[Schedule, int], window: Window, heard: Heard) -> int:
        """Return the literal of a rule applying, of *groups*, that is heard in the window."""
        return self._routing.circuit.any_of(literal for schedule, literal in groups.items() if heard(schedule, window))

    def _window(self, after: float, wait: float, path: Path) -> Window:
        return Window(after, self._within - wait - path.delay, wait + path.delay)

    def _by_rules(self, case: Case, waits: Mapping[float, int], heard: Heard) -> Iterator[list[int]]:
        """Each rule that applies tells its own channels, unless all of those that name one are silent."""
        for wait, waits_so in waits.items():
            for channel_id, groups in self._naming.items():
                path = self._path(channel_id, case)
                if path is not None:
                    told = self._heard(groups, self._window(0.0, wait, path), heard)
                    yield [waits_so, told, *self._unnamed(path.others)]

    def _by_levels(self, case: Case, waits: Mapping[float, int], heard: Heard) -> Iterator[list[int]]:
        """The levels of the first policy that is named; a level without a usable channel goes to the default ones."""
        for policy_id, levels in self.levels.items():
            for level in levels:
                level_waits = waits if level.joins else {0.0: TRUE}
                for channel_id in self._told_by(policy_id, level):
                    path = self._path(channel_id, case)
                    for wait, waits_so in level_waits.items() if path is not None else ():
                        assert path is not None
                        window = self._window(level.after, wait, path)
                        given = [waits_so, self._policies[policy_id], *self._unnamed(path.others)]
                        yield [*given, self._heard(self._naming.get(channel_id, {}), window, heard)]
                        everybody = self._heard(self._everybody, window, heard)
                        yield [*given, *self._unnamed([channel_id]), everybody]

    def _told_by(self, policy_id: str, level: Level) -> list[str]:
        channels = [channel_id for channel_id in level.channels if self.usable(channel_id)]
        if not channels:
            policy = self._plan.config.escalation_policies[policy_id]
            channels = [channel_id for channel_id in policy.default_channels if self.usable(channel_id)]
        return list(dict.fromkeys(channels))

    def _unrouted(self, case: Case) -> Iterator[Way]:
        """What no rule matches goes to the catch-all channel, whatever the time."""
        catch_all = self._plan.config.catch_all_channel
        path = None if catch_all is None else self._path(catch_all, case)
        wait = longest_wait(self._plan, GLOBAL, self._severity) if case.harsh else 0.0
        if path is not None and wait is not None and wait + path.delay <= self._within:
            yield frozenset([self._routing.circuit.all_of(-literal for literal in self._routing.applies)])
