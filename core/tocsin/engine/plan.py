"""The plan: a configuration compiled once, so that an alert costs a few look-ups however many rules there are.

Every rule of the tree becomes one node with one bit, in the order of evaluation; a node's conditions include its
ancestors'. For each string that some condition tests, the plan remembers which nodes a value leaves possible, as one
whole number of bits; an alert's candidates are the AND of those. The verdict is remembered per set of candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from tocsin.config import Configuration, NamedCondition, compile_conditions
from tocsin.config.settings import structure_settings
from tocsin.errors import ConfigurationError, nearest
from tocsin.model.alert import AlertView
from tocsin.model.channel import NotificationChannel
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import NotificationTemplate
from tocsin.registry import BackendSpec, Registry
from tocsin.roles.aggregator import Aggregator
from tocsin.roles.matcher import FieldTest
from tocsin.roles.scheduler import EscalationScheduler

__all__ = ["ChannelPlan", "Node", "Plan", "Verdict", "compile_plan"]

_MEMO_LIMIT: Final = 65_536
_MEMO_BYTES: Final = 32 * 1024 * 1024


@attrs.frozen(slots=True)
class ChannelPlan:
    """A channel with its backend's registration and its checked settings."""

    channel: NotificationChannel
    spec: BackendSpec
    settings: Any = attrs.field(repr=False)

    @property
    def human(self) -> bool:
        """Whether a person reads it."""
        return self.spec.human if self.channel.human is None else self.channel.human


@attrs.frozen(slots=True, eq=False)
class Node:
    """One rule in the flattened tree; ``last`` is the index of the last node below it."""

    index: int
    rule: AlertRoutingRule
    conditions: tuple[NamedCondition, ...]
    parent: int
    last: int
    continues: bool
    channels: tuple[str, ...]
    policy_id: str | None


@attrs.frozen(slots=True)
class Verdict:
    """Where an alert goes: the rules that apply, in order, their channels without duplicates, and the policy."""

    rule_ids: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    policy_id: str | None = None
    missing: tuple[str, ...] = ()
    by_channel: tuple[tuple[str, tuple[str, ...]], ...] = ()


class _FieldIndex:
    """What one string of the alert says about the rules: a mask of possible nodes per value, remembered."""

    __slots__ = ("_everything", "_limit", "_memo", "_tests", "read")

    def __init__(self, read: Callable[[AlertView], str], everything: int) -> None:
        self.read = read
        self._everything = everything
        self._tests: list[tuple[FieldTest, int]] = []
        self._memo: dict[str, int] = {}
        size = max(1, everything.bit_length() // 8)
        self._limit = max(64, min(_MEMO_LIMIT, _MEMO_BYTES // size))

    def add(self, test: FieldTest, bit: int) -> None:
        self._tests.append((test, bit))

    def mask(self, value: str) -> int:
        found = self._memo.get(value)
        if found is None:
            refused = 0
            for test, bit in self._tests:
                if not test.accepts(value):
                    refused |= bit
            found = self._everything & ~refused
            if len(self._memo) >= self._limit:
                self._memo.clear()
            self._memo[value] = found
        return found


def _merge(tests: list[tuple[FieldTest, int]]) -> list[tuple[FieldTest, int]]:
    """Join the bits of equal tests, so that a value is tested once per distinct test."""
    merged: dict[Any, tuple[FieldTest, int]] = {}
    for test, bit in tests:
        key = (test.values, test.patterns, test.negated)
        known = merged.get(key)
        merged[key] = (test, bit if known is None else known[1] | bit)
    return list(merged.values())


class _Flattener:
    """Turns the rules into nodes, in the order of evaluation."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.nodes: list[Node] = []

    def add(self, rules: tuple[AlertRoutingRule, ...], parent: Node | None, path: str) -> None:
        ordered = sorted(enumerate(rules), key=lambda item: item[1].priority)
        for position, rule in ordered:
            if rule.enabled:
                self._add(rule, parent, f"{path}[{position}]")

    def _add(self, rule: AlertRoutingRule, parent: Node | None, path: str) -> None:
        try:
            own = compile_conditions(rule, self.registry)
        except ConfigurationError as error:
            raise error.within(path) from None
        inherited = parent.conditions if parent else ()
        index = len(self.nodes)
        default = parent is None
        node = Node(
            index=index,
            rule=rule,
            conditions=inherited + own,
            parent=parent.index if parent else -1,
            last=index,
            continues=default if rule.continue_matching is None else rule.continue_matching,
            channels=rule.target_channels or (parent.channels if parent else ()),
            policy_id=rule.escalation_policy_id or (parent.policy_id if parent else None),
        )
        self.nodes.append(node)
        self.add(rule.routes, node, f"{path}.routes")
        self.nodes[index] = attrs.evolve(node, last=len(self.nodes) - 1)


class Plan:
    """A compiled configuration. It never changes what it answers; only its memory of answers grows, up to a bound."""

    def __init__(
        self,
        config: Configuration,
        channels: dict[str, ChannelPlan],
        nodes: list[Node],
        aggregator: Aggregator,
        schedulers: dict[str, EscalationScheduler],
    ) -> None:
        self.config = config
        self.channels = channels
        self.nodes = nodes
        self.aggregator = aggregator
        self.schedulers = schedulers
        self._matcher_failures: dict[str, str] = {}
        self._templates = {
            channel_id: template
            for channel_id, found in channels.items()
            if (template := config.template_for(found.channel)) is not None
        }
        self._everything = (1 << len(nodes)) - 1
        self._fields = self._index()
        self._opaque = [
            (1 << node.index, node) for node in nodes if any(c.condition.predicate for c in node.conditions)
        ]
        self._opaque_mask = sum(bit for bit, _ in self._opaque)
        self._verdicts: dict[int, Verdict] = {}

    @property
    def strategy(self) -> str:
        """The name of the aggregator."""
        return self.config.aggregation.strategy

    def _index(self) -> list[_FieldIndex]:
        tests: dict[tuple[bool, str], list[tuple[FieldTest, int]]] = {}
        for node in self.nodes:
            for named in node.conditions:
                for test in named.condition.tests:
                    tests.setdefault((test.own, test.name), []).append((test, 1 << node.index))
        indexes = []
        for of_field in tests.values():
            index = _FieldIndex(of_field[0][0].read, self._everything)
            for test, bits in _merge(of_field):
                index.add(test, bits)
            indexes.append(index)
        return indexes

    def candidates(self, view: AlertView) -> int:
        """Return the nodes all of whose conditions hold, ancestors' included, as bits."""
        mask = self._everything
        for field in self._fields:
            mask &= field.mask(field.read(view))
            if not mask:
                return 0
        if mask & self._opaque_mask:
            for bit, node in self._opaque:
                if mask & bit and not self._predicates_hold(node, view):
                    mask &= ~bit
        return mask

    def _predicates_hold(self, node: Node, view: AlertView) -> bool:
        for named in node.conditions:
            predicate = named.condition.predicate
            if predicate is None:
                continue
            try:
                if not predicate(view):
                    return False
            except Exception as error:  # noqa: BLE001  a matcher that raises counts as matching, and is a gap
                self._matcher_failures[named.name] = f"rule {node.rule.rule_id!r}: {type(error).__name__}"
        return True

    def take_failures(self) -> list[tuple[str, str]]:
        """Return, once, which matchers raised since the last call, and in which rule."""
        if not self._matcher_failures:
            return []
        failures, self._matcher_failures = list(self._matcher_failures.items()), {}
        return failures

    def template(self, channel_id: str) -> NotificationTemplate | None:
        """Return the template of a channel, or None for its backend's default form."""
        return self._templates.get(channel_id)

    def route(self, view: AlertView) -> Verdict:
        """Return where the alert goes."""
        mask = self.candidates(view)
        verdict = self._verdicts.get(mask)
        if verdict is None:
            verdict = self._decide(mask)
            if len(self._verdicts) >= _MEMO_LIMIT:
                self._verdicts.clear()
            self._verdicts[mask] = verdict
        return verdict

    def _applying(self, mask: int, start: int, end: int) -> Iterator[Node]:
        """Yield the nodes that apply among siblings from *start* to *end*, as Alertmanager walks its tree.

        A set bit implies the bits of all ancestors, so the next set bit from a sibling's place is a sibling's.
        """
        index = start
        while index < end:
            rest = mask >> index
            if not rest:
                return
            index += (rest & -rest).bit_length() - 1
            if index >= end:
                return
            node = self.nodes[index]
            below = list(self._applying(mask, index + 1, node.last + 1))
            yield from below or [node]
            if not node.continues:
                return
            index = node.last + 1

    def _decide(self, mask: int) -> Verdict:
        rule_ids: list[str] = []
        channels: dict[str, list[str]] = {}
        policy_id = None
        for node in self._applying(mask, 0, len(self.nodes)):
            rule_ids.append(node.rule.rule_id)
            for channel in node.channels:
                channels.setdefault(channel, []).append(node.rule.rule_id)
            policy_id = policy_id or node.policy_id
        if not rule_ids and self.config.catch_all_channel is not None:
            channels[self.config.catch_all_channel] = []
        known = tuple(channel for channel in channels if channel in self.channels)
        return Verdict(
            rule_ids=tuple(rule_ids),
            channels=known,
            policy_id=policy_id,
            missing=tuple(channel for channel in channels if channel not in self.channels),
            by_channel=tuple((channel, tuple(ids)) for channel, ids in channels.items()),
        )


def _channel_plan(channel: NotificationChannel, registry: Registry) -> ChannelPlan:
    where = f"channels.{channel.channel_id}"
    backend = registry.backends.get(channel.backend)
    if backend is None:
        raise ConfigurationError(
            f"no backend is called {str(channel.backend)!r}{nearest(channel.backend, registry.backends)}",
            f"{where}.backend",
        )
    try:
        settings = structure_settings(channel.config, backend.spec.config_class)
    except ConfigurationError as error:
        raise error.within(f"{where}.config") from None
    return ChannelPlan(channel, backend.spec, settings)


def _aggregator(config: Configuration, registry: Registry) -> Aggregator:
    strategy = config.aggregation.strategy
    found = registry.aggregators.get(strategy)
    if found is None:
        raise ConfigurationError(
            f"no aggregator is called {strategy!r}{nearest(strategy, registry.aggregators)}", "aggregation.strategy"
        )
    try:
        return found.spec.factory(structure_settings(config.aggregation.settings, found.spec.config_class))
    except ConfigurationError as error:
        raise error.within("aggregation") from None


def compile_plan(config: Configuration, registry: Registry, known: Plan | None = None) -> Plan:
    """Compile *config*; channels that *known* has compiled already are taken from there.

    :raises ConfigurationError: for the first setting that cannot work. Names of channels, policies and templates that
        stand for nothing are not errors here (see ``tocsin.config.unknown_references``).
    """
    channels: dict[str, ChannelPlan] = {}
    for channel_id, channel in config.channels.items():
        compiled = known.channels.get(channel_id) if known else None
        if compiled is not None and compiled.channel == channel:
            channels[channel_id] = compiled
        else:
            channels[channel_id] = _channel_plan(channel, registry)
    flattener = _Flattener(registry)
    flattener.add(config.routing_rules, None, "routing_rules")
    if config.escalation_scheduler not in registry.schedulers:
        raise ConfigurationError(
            f"no escalation scheduler is called {config.escalation_scheduler!r}"
            f"{nearest(config.escalation_scheduler, registry.schedulers)}",
            "escalation_scheduler",
        )
    return Plan(
        config,
        channels,
        flattener.nodes,
        _aggregator(config, registry),
        {name: found.spec.scheduler for name, found in registry.schedulers.items()},
    )
