"""What a drawing shows, in words: boxes of rules, channels and escalation policies, and who leads to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from tocsin.engine.plan import ChannelPlan, Node, Plan
from tocsin.lab.graph.texts import amount
from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationPolicy
from tocsin.model.explanation import Explanation
from tocsin.model.reason import Action, Reason
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.severity import AlertSeverity

__all__ = ["Box", "Drawing", "Level", "PolicyBox", "RuleBox", "draw"]


@attrs.frozen(slots=True)
class Box:
    """A channel, or a part of what every box has: its title, its lines, and how it stands.

    ``off``: it does nothing. ``on``: it is on the path that the drawn alert takes. ``near``: the path leads there, and
    goes no further now: a gate is shut, or an escalation comes later.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    off: bool = False
    on: bool = False
    near: bool = False


@attrs.frozen(slots=True)
class RuleBox(Box):
    """A rule: how deep it stands in the tree, below which one (by place, -1: none), and where it leads.

    ``inherits`` says that its channels are those of the rule above it, ``names_policy`` that its policy is its own;
    ``tells`` are the channels to which it routes the drawn alert.
    """

    depth: int = 0
    parent: int = -1
    channels: tuple[str, ...] = ()
    inherits: bool = False
    policy: str | None = None
    names_policy: bool = False
    tells: tuple[str, ...] = ()


@attrs.frozen(slots=True)
class Level:
    """One escalation level in words, and the channels that it tells."""

    text: str
    channels: tuple[str, ...]


@attrs.frozen(slots=True)
class PolicyBox(Box):
    """An escalation policy with its levels; the last one may be that of its default channels."""

    levels: tuple[Level, ...] = ()


@attrs.frozen(slots=True)
class Drawing:
    """Everything that is drawn. ``of_alert`` says which alert's path stands out; empty: none does."""

    rules: tuple[RuleBox, ...]
    channels: tuple[Box, ...]
    policies: tuple[PolicyBox, ...]
    of_alert: str = ""

    @property
    def title(self) -> str:
        """What the drawing is of, in a few words."""
        return f"Routing of {self.of_alert}" if self.of_alert else "Routing"

    @property
    def summary(self) -> str:
        """What is in it, in one sentence."""
        counts = (
            amount(len(self.rules), "rule"),
            amount(len(self.channels), "channel"),
            amount(len(self.policies), "escalation policy", "escalation policies"),
        )
        path = ""
        if self.of_alert:
            rules = ", ".join(rule.name for rule in self.rules if rule.on) or "no rule"
            path = f" {self.of_alert}: by {rules}; {'; '.join(self._told()) or 'nobody is told'}."
        return f"{counts[0]}, {counts[1]} and {counts[2]}.{path}"

    def _told(self) -> Iterator[str]:
        for channel in self.channels:
            if channel.on:
                yield f"{channel.name}: {channel.lines[0]}"


def draw(plan: Plan, alert: PerformanceAlert | None = None, explained: Explanation | None = None) -> Drawing:
    """Return the drawing of *plan*; with *alert* and what is *explained* of it, its path stands out."""
    rules = tuple(_Rules(plan, explained).boxes())
    named = dict.fromkeys(name for rule in rules for name in rule.channels)
    policies = tuple(_policies(plan, rules, explained))
    named |= dict.fromkeys(name for policy in policies for level in policy.levels for name in level.channels)
    fallbacks = (found.channel.fallback for found in plan.channels.values())
    named |= dict.fromkeys(name for name in fallbacks if name is not None)
    known = dict.fromkeys((*plan.channels, *named))
    later = _later(explained)
    channels = tuple(_channel(name, plan.channels.get(name), explained, later) for name in known)
    return Drawing(
        rules, channels, policies, "" if alert is None else f"the {alert.severity.value} alert {alert.alert_id}"
    )


class _Rules:
    """The rules in the order in which they are asked, those that are switched off in their places."""

    def __init__(self, plan: Plan, explained: Explanation | None) -> None:
        self._plan = plan
        self._nodes: dict[str, Node] = {node.rule.rule_id: node for node in plan.nodes}
        self._explained = explained
        self._applied = {rule.rule_id for rule in explained.rules if rule.matched} if explained else set[str]()
        self._found: list[RuleBox] = []

    def boxes(self) -> list[RuleBox]:
        self._add(self._plan.config.routing_rules, None)
        self._lead()
        catch_all = self._plan.config.catch_all_channel
        if catch_all is not None:
            on = self._explained is not None and not self._applied
            told = (catch_all,) if on else ()
            lines = ("whatever no rule takes",)
            self._found.append(RuleBox("", "catch-all", lines, on=on, channels=(catch_all,), tells=told))
        return self._found

    def _lead(self) -> None:
        """Let the path lead to what applies: through all that stands above it."""
        for rule in reversed(self._found):
            if rule.parent >= 0 and (rule.on or rule.near):
                above = self._found[rule.parent]
                self._found[rule.parent] = attrs.evolve(above, near=not above.on)

    def _add(self, rules: Iterable[AlertRoutingRule], parent: int | None) -> None:
        for rule in sorted(rules, key=lambda one: one.priority):
            place = len(self._found)
            self._found.append(self._box(rule, None if parent is None else self._found[parent], parent))
            self._add(rule.routes, place)

    def _box(self, rule: AlertRoutingRule, above: RuleBox | None, parent: int | None) -> RuleBox:
        node = self._nodes.get(rule.rule_id)
        inherits = not rule.target_channels and rule.receiver is None
        channels = self._own_channels(rule, above) if node is None else node.channels
        on = rule.rule_id in self._applied
        tells: tuple[str, ...] = ()
        if on and self._explained is not None:
            tells = tuple(one.channel_id for one in self._explained.channels if rule.rule_id in one.rule_ids)
        return RuleBox(
            rule.rule_id,
            rule.rule_id if rule.name in ("", rule.rule_id) else f"{rule.rule_id}: {rule.name}",
            (
                *(["applies"] if on else []),
                *_conditions(rule, above),
                f"tells{', as above' if inherits and above else ''}: {', '.join(channels) or 'nobody'}",
                *self._notes(rule, node, above),
            ),
            off=node is None,
            on=on,
            depth=0 if above is None else above.depth + 1,
            parent=-1 if parent is None else parent,
            channels=channels,
            inherits=inherits and above is not None,
            policy=(rule.escalation_policy_id or (above.policy if above else None)) if node is None else node.policy_id,
            names_policy=rule.escalation_policy_id is not None,
            tells=tells,
        )

    def _own_channels(self, rule: AlertRoutingRule, above: RuleBox | None) -> tuple[str, ...]:
        if rule.receiver is not None:
            return self._plan.config.receivers.get(rule.receiver, (rule.receiver,))
        return rule.target_channels or (above.channels if above else ())

    def _notes(self, rule: AlertRoutingRule, node: Node | None, above: RuleBox | None) -> Iterator[str]:
        if node is None:
            yield "switched off"
        if rule.receiver is not None:
            yield f"receiver {rule.receiver}"
        if rule.mute_time_intervals:
            yield f"silent in {', '.join(rule.mute_time_intervals)}"
        if rule.active_time_intervals:
            yield f"heard only in {', '.join(rule.active_time_intervals)}"
        if rule.aggregation is not None:
            yield f"incidents: {rule.aggregation.strategy}"
        if rule.escalation_policy_id is not None:
            yield f"escalates: {rule.escalation_policy_id}"
        continues = (above is None) if rule.continue_matching is None else rule.continue_matching
        yield "then the next is asked" if continues else "stops here"


def _conditions(rule: AlertRoutingRule, above: RuleBox | None) -> Iterator[str]:
    if not rule.conditions:
        yield "everything" if above is None else "all that the rule above takes"
    for name, value in rule.conditions.items():
        yield f"{name}: {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, AlertSeverity):
        return str(value.value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_value(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return " or ".join(map(_value, value))
    return str(value)


def _later(explained: Explanation | None) -> dict[str, list[str]]:
    """Return by which levels of the escalation a channel is told later."""
    found: dict[str, list[str]] = {}
    for level in explained.escalation.levels if explained and explained.escalation else ():
        for name in () if level.told else level.tells or level.channels:
            found.setdefault(name, []).append(level.level)
    return found


def _channel(
    name: str, found: ChannelPlan | None, explained: Explanation | None, later: Mapping[str, list[str]]
) -> Box:
    verdicts = () if explained is None else explained.channels
    verdict = next((one for one in verdicts if one.channel_id == name and one.reason is not Reason.UNROUTED), None)
    lines = [] if verdict is None else [f"{verdict.action.value}: {verdict.reason.value}"]
    if name in later:
        lines.append(f"later, by level {', '.join(dict.fromkeys(later[name]))}")
    on = verdict is not None and (verdict.action is not Action.SKIP or verdict.reason is Reason.ALREADY_TOLD)
    near = bool(lines) and not on
    if found is None:
        return Box(name, name, (*lines, "does not exist"), off=True, near=near)
    channel = found.channel
    lines.append(f"{channel.backend!s}, read by a person" if found.human else str(channel.backend))
    if channel.min_severity > AlertSeverity.INFO:
        lines.append(f"{channel.min_severity.value} and above")
    if channel.rate_limit_per_minute is not None:
        lines.append(f"at most {channel.rate_limit_per_minute} a minute")
    if channel.fallback is not None:
        lines.append(f"fallback {channel.fallback} after {_seconds(channel.fallback_after_seconds)}")
    if not channel.send_resolved:
        lines.append("takes no resolutions")
    if not channel.enabled:
        lines.append("switched off")
    return Box(name, name, tuple(lines), off=not channel.enabled, on=on, near=near)


def _policies(plan: Plan, rules: Iterable[RuleBox], explained: Explanation | None) -> Iterator[PolicyBox]:
    known = plan.config.escalation_policies
    running = explained.escalation.policy_id if explained and explained.escalation else None
    for name in dict.fromkeys((*known, *(rule.policy for rule in rules if rule.policy is not None))):
        policy = known.get(name)
        if policy is None:
            yield PolicyBox(name, name, ("does not exist",), off=True)
        else:
            yield PolicyBox(name, _named(policy), tuple(_repeats(policy)), on=name == running, levels=_levels(policy))


def _named(policy: EscalationPolicy) -> str:
    return policy.policy_id if policy.name in ("", policy.policy_id) else f"{policy.policy_id}: {policy.name}"


def _repeats(policy: EscalationPolicy) -> Iterator[str]:
    if policy.repeat:
        yield f"{amount(policy.repeat, 'time')} more, every {_seconds(policy.round_seconds)}"


def _levels(policy: EscalationPolicy) -> tuple[Level, ...]:
    levels = [
        Level(f"{level.value}, after {_seconds(policy.delay_seconds(level))}", channels)
        for level, channels in policy.escalation_levels.items()
    ]
    if policy.default_channels:
        levels.append(Level("by default", policy.default_channels))
    return tuple(levels)


def _seconds(seconds: float) -> str:
    """Return a length of time as it is said: ``15m``, ``1h30m``, ``0s``."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{count:g}{unit}" for count, unit in parts if count) or "0s"
