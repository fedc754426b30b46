"""The plan: a configuration compiled once, so that an alert costs a few look-ups however many rules there are.

Every rule of the tree becomes one node with one bit, in the order of evaluation; a node's conditions include its
ancestors'. For each string that some condition tests, the plan remembers which nodes a value leaves possible, as one
whole number of bits; an alert's candidates are the AND of those. The verdict is remembered per set of candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

import attrs

from tocsin.config import (
    Configuration,
    NamedCondition,
    configuration_digest,
    configuration_to_plain,
)
from tocsin.engine.timetable import Timetable
from tocsin.model.alert import AlertView
from tocsin.model.channel import NotificationChannel
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import NotificationTemplate
from tocsin.registry import BackendSpec
from tocsin.roles.aggregator import Aggregator, Labelling
from tocsin.roles.matcher import FieldTest
from tocsin.roles.scheduler import EscalationScheduler

__all__ = ["GLOBAL", "ChannelPlan", "DisabledRule", "Grouping", "Node", "Plan", "Verdict"]

_MEMO_LIMIT: Final = 65_536
_MEMO_BYTES: Final = 32 * 1024 * 1024

GLOBAL: Final = ""
"""The name of the configuration's own aggregation."""


@attrs.frozen(slots=True)
class ChannelPlan:
    """A channel with its backend's registration and its checked settings; ``recorded`` ones have no settings."""

    channel: NotificationChannel
    spec: BackendSpec
    settings: Any = attrs.field(repr=False)
    recorded: bool = False

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
    receiver: str | None
    policy_id: str | None
    grouping: str


@attrs.frozen(slots=True, eq=False)
class DisabledRule:
    """A rule that is switched off, or stands below one (``by``); it decides nothing, and only explanations name it.

    ``conditions`` include its ancestors'; its own are left out where they could not be compiled.
    """

    rule: AlertRoutingRule
    conditions: tuple[NamedCondition, ...]
    by: str


@attrs.frozen(slots=True)
class Grouping:
    """An aggregator as it is configured, for everything (:data:`GLOBAL`) or by the rule of that id.

    ``labelling`` is its :class:`~tocsin.roles.aggregator.Labelling`, if it offers that.
    """

    name: str
    strategy: str
    aggregator: Aggregator
    lists_all: bool = False
    bridges: bool = False
    labelling: Labelling | None = attrs.field(init=False)

    @labelling.default
    def _labelling(self) -> Labelling | None:
        return self.aggregator if isinstance(self.aggregator, Labelling) else None


@attrs.frozen(slots=True)
class Verdict:
    """Where an alert goes: the rules that apply, in order, their channels without duplicates, and the policy.

    ``receivers`` are the names of the groups of channels by which these are reached; a channel that a rule names itself
    is one under its own name.
    """

    rule_ids: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    policy_id: str | None = None
    missing: tuple[str, ...] = ()
    by_channel: tuple[tuple[str, tuple[str, ...]], ...] = ()
    grouping: str = GLOBAL
    receivers: tuple[str, ...] = ()


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


class Plan:
    """A compiled configuration. It never changes what it answers; only its memory of answers grows, up to a bound.

    ``ever_mutes`` says whether some rule is silent at some time.
    """

    def __init__(
        self,
        config: Configuration,
        channels: dict[str, ChannelPlan],
        nodes: list[Node],
        groupings: dict[str, Grouping],
        schedulers: dict[str, EscalationScheduler],
        plugins: tuple[str, ...] = (),
        disabled: tuple[DisabledRule, ...] = (),
    ) -> None:
        self.config = config
        self.channels = channels
        self.nodes = nodes
        self.disabled = disabled
        self.groupings = groupings
        self.schedulers = schedulers
        self._plugins = plugins
        self._timetable = Timetable((node.rule for node in nodes), config.time_intervals)
        self.ever_mutes = self._timetable.ever_mutes
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

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The configuration as plain data without secrets, with the plugins that take part in decisions."""
        return {**configuration_to_plain(self.config), "plugins": list(self._plugins)}

    @cached_property
    def digest(self) -> str:
        """The name of all that decisions depend on."""
        return configuration_digest(self.plain)

    def muted_rules(self, wall: float) -> frozenset[str]:
        """Return the rules that are silent at that wall time."""
        return self._timetable.muted(wall)

    def next_time_edge(self, wall: float) -> float | None:
        """Return the wall time at which a rule next falls silent or is heard again, or None."""
        return self._timetable.next_edge(wall)

    def grouping(self, name: str) -> Grouping:
        """Return the aggregator of that name; of one that is not configured any more, the configuration's own."""
        return self.groupings.get(name) or self.groupings[GLOBAL]

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
        receivers: dict[str, None] = {}
        policy_id = None
        grouping = GLOBAL
        for node in self._applying(mask, 0, len(self.nodes)):
            rule_ids.append(node.rule.rule_id)
            receivers |= dict.fromkeys(node.channels if node.receiver is None else (node.receiver,))
            for channel in node.channels:
                channels.setdefault(channel, []).append(node.rule.rule_id)
            policy_id = policy_id or node.policy_id
            grouping = grouping or node.grouping
        if not rule_ids and self.config.catch_all_channel is not None:
            channels[self.config.catch_all_channel] = []
            receivers[self.config.catch_all_channel] = None
        known = tuple(channel for channel in channels if channel in self.channels)
        return Verdict(
            rule_ids=tuple(rule_ids),
            channels=known,
            policy_id=policy_id,
            missing=tuple(channel for channel in channels if channel not in self.channels),
            by_channel=tuple((channel, tuple(ids)) for channel, ids in channels.items()),
            grouping=grouping,
            receivers=tuple(receivers),
        )
