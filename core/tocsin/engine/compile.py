"""Compiles a configuration into a plan: for use, or leniently, to decide anew what a journal recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

import attrs

from tocsin.config import Configuration, NamedCondition, compile_conditions, configuration_from_plain
from tocsin.config.settings import structure_settings
from tocsin.engine.plan import GLOBAL, ChannelPlan, DisabledRule, Grouping, Node, Plan
from tocsin.engine.suppression.inhibition import InhibitionIndex
from tocsin.errors import ConfigurationError, PluginError, nearest
from tocsin.model.aggregation import Aggregation
from tocsin.model.alert import PerformanceAlert
from tocsin.model.channel import NotificationChannel
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import PLACEHOLDERS, NotificationTemplate
from tocsin.registry import BackendSpec, Registry
from tocsin.roles.aggregator import AT_ONCE, Release, Telling
from tocsin.roles.backend import Backend, BackendContext
from tocsin.roles.matcher import Condition

__all__ = ["check_aggregation", "check_template", "compile_plan", "recorded_plan"]


Conditions = tuple[NamedCondition, ...]
_ALWAYS: Final = Condition.opaque(lambda view: True, "what was recorded cannot be decided any more, and counts as met")


class _Flattener:
    """Turns the rules into nodes, in the order of evaluation; *compiled* makes a rule's own conditions.

    Those that are switched off are kept apart, with what can be compiled of them by *registry*.

    A receiver that does not exist is taken for a channel of its name, which is told, or missed, in its place.
    """

    def __init__(
        self,
        compiled: Callable[[AlertRoutingRule, str], Conditions],
        receivers: Mapping[str, tuple[str, ...]],
        registry: Registry,
    ) -> None:
        self._compiled = compiled
        self._receivers = receivers
        self._registry = registry
        self.nodes: list[Node] = []
        self.disabled: list[DisabledRule] = []

    def add(self, rules: tuple[AlertRoutingRule, ...], parent: Node | None, path: str) -> None:
        ordered = sorted(enumerate(rules), key=lambda item: item[1].priority)
        for position, rule in ordered:
            if rule.enabled:
                self._add(rule, parent, f"{path}[{position}]")
            else:
                self._set_aside(rule, parent.conditions if parent else (), rule.rule_id)

    def _set_aside(self, rule: AlertRoutingRule, inherited: Conditions, by: str) -> None:
        try:
            conditions = inherited + compile_conditions(rule, self._registry)
        except ConfigurationError:  # nobody asks it, so that this keeps nothing from working
            conditions = inherited
        self.disabled.append(DisabledRule(rule, conditions, by))
        for route in rule.routes:
            self._set_aside(route, conditions, by)

    def _add(self, rule: AlertRoutingRule, parent: Node | None, path: str) -> None:
        own = self._compiled(rule, path)
        inherited = parent.conditions if parent else ()
        index = len(self.nodes)
        default = parent is None
        channels, receiver = self._targets(rule, parent)
        node = Node(
            index=index,
            rule=rule,
            conditions=inherited + own,
            parent=parent.index if parent else -1,
            last=index,
            continues=default if rule.continue_matching is None else rule.continue_matching,
            channels=channels,
            receiver=receiver,
            policy_id=rule.escalation_policy_id or (parent.policy_id if parent else None),
            grouping=rule.rule_id if rule.aggregation else (parent.grouping if parent else GLOBAL),
        )
        self.nodes.append(node)
        self.add(rule.routes, node, f"{path}.routes")
        self.nodes[index] = attrs.evolve(node, last=len(self.nodes) - 1)

    def _targets(self, rule: AlertRoutingRule, parent: Node | None) -> tuple[tuple[str, ...], str | None]:
        """Return the rule's channels, and the receiver that they are reached by, if it is one."""
        if rule.receiver is not None:
            return self._receivers.get(rule.receiver, (rule.receiver,)), rule.receiver
        if rule.target_channels or parent is None:
            return rule.target_channels, None
        return parent.channels, parent.receiver


def _channel_plan(channel: NotificationChannel, registry: Registry, *, settled: bool) -> ChannelPlan:
    where = f"channels.{channel.channel_id}"
    backend = registry.backends.get(channel.backend)
    if backend is None:
        raise ConfigurationError(
            f"no backend is called {str(channel.backend)!r}{nearest(channel.backend, registry.backends)}",
            f"{where}.backend",
        )
    if not settled:
        return ChannelPlan(channel, backend.spec, None, recorded=True)
    try:
        settings = structure_settings(channel.config, backend.spec.config_class)
    except ConfigurationError as error:
        raise error.within(f"{where}.config") from None
    return ChannelPlan(channel, backend.spec, settings)


def _grouping(name: str, aggregation: Aggregation, registry: Registry, where: str) -> Grouping:
    strategy = aggregation.strategy
    found = registry.aggregators.get(strategy)
    if found is None:
        raise ConfigurationError(
            f"no aggregator is called {strategy!r}{nearest(strategy, registry.aggregators)}", f"{where}.strategy"
        )
    try:
        settings = structure_settings(aggregation.settings, found.spec.config_class)
    except ConfigurationError as error:
        raise error.within(where) from None
    return Grouping(name, strategy, found.spec.factory(settings), found.spec.lists_all, found.spec.bridges)


def check_aggregation(aggregation: Aggregation, registry: Registry, where: str) -> None:
    """Raise :exc:`ConfigurationError` at *where* if no such aggregator is registered, or it refuses its settings."""
    _grouping("", aggregation, registry, where)


def check_template(template: NotificationTemplate, registry: Registry) -> None:
    """Raise :exc:`ConfigurationError` if the template's language is not registered, or refuses it."""
    name = template.language
    if name == PLACEHOLDERS:
        return
    found = registry.template_languages.get(name)
    if found is None:
        known = (PLACEHOLDERS, *registry.template_languages)
        raise ConfigurationError(f"no template language is called {name!r}{nearest(name, known)}", "language")
    found.spec.language.check(template)


def _check_templates(config: Configuration, registry: Registry) -> None:
    for template_id, template in config.templates.items():
        try:
            check_template(template, registry)
        except ConfigurationError as error:
            raise error.within(f"templates.{template_id}") from None


def _check_inhibitions(config: Configuration) -> None:
    try:
        InhibitionIndex(config.inhibition_rules)
    except ConfigurationError as error:
        raise error.within("inhibition_rules") from None


def _groupings(config: Configuration, nodes: Sequence[Node], registry: Registry) -> dict[str, Grouping]:
    """Return the configuration's own aggregator, and those of single rules by the rule's id."""
    groupings = {GLOBAL: _grouping(GLOBAL, config.aggregation, registry, "aggregation")}
    for node in nodes:
        rule = node.rule
        if rule.aggregation is not None:
            where = f"routing_rules.{rule.rule_id}.aggregation"
            groupings[rule.rule_id] = _grouping(rule.rule_id, rule.aggregation, registry, where)
    return groupings


def _deciding_plugins(registry: Registry) -> tuple[str, ...]:
    deciding = (registry.matchers, registry.aggregators, registry.schedulers)
    return tuple(sorted({str(found.provenance) for kind in deciding for found in kind.values()}))


def compile_plan(
    config: Configuration, registry: Registry, known: Plan | None = None, *, unsettled: Collection[str] = ()
) -> Plan:
    """Compile *config*; channels that *known* has compiled already are taken from there.

    :param unsettled: channels whose settings are not all there; they are not checked, and nothing can be sent there.
    :raises ConfigurationError: for the first setting that cannot work. Names of channels, policies and templates that
        stand for nothing are not errors here (see ``tocsin.config.unknown_references``).
    """
    _check_inhibitions(config)
    _check_templates(config, registry)
    channels: dict[str, ChannelPlan] = {}
    for channel_id, channel in config.channels.items():
        compiled = known.channels.get(channel_id) if known else None
        if compiled is not None and compiled.channel == channel and not compiled.recorded:
            channels[channel_id] = compiled
        else:
            channels[channel_id] = _channel_plan(channel, registry, settled=channel_id not in unsettled)
    flattener = _Flattener(partial(_conditions, registry), config.receivers, registry)
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
        _groupings(config, flattener.nodes, registry),
        {name: found.spec.scheduler for name, found in registry.schedulers.items()},
        _deciding_plugins(registry),
        tuple(flattener.disabled),
    )


def _conditions(registry: Registry, rule: AlertRoutingRule, path: str) -> Conditions:
    try:
        return compile_conditions(rule, registry)
    except ConfigurationError as error:
        raise error.within(path) from None


class _Alone:
    """Stands in for an aggregator that is not there any more: every alert is an incident of its own, told at once."""

    state_class = None
    state_version = 0

    def key(self, alert: PerformanceAlert, /) -> None:
        return None

    def open(self, alert: PerformanceAlert, now: float, /) -> None:
        return None

    def accepts(self, state: object, opened_at: float, now: float, /) -> bool:
        return False

    def release(self, state: object, telling: Telling, /) -> Release:
        return AT_ONCE

    def repeat_at(self, state: object, opened_at: float, told_at: float, /) -> None:
        return None


def recorded_plan(plain: Mapping[str, Any], registry: Registry) -> tuple[Plan, list[str]]:
    """Compile a configuration as a journal kept it, without its channels' settings; nothing can be sent with it.

    What cannot be compiled any more, since a plugin is gone or refuses it now, is left to a stand-in: a condition
    counts as met, an aggregator leaves each alert alone. Returns the plan, and what was left to one.

    :raises ConfigurationError: when *plain* is no configuration.
    """
    problems: list[str] = []
    config = configuration_from_plain({name: value for name, value in plain.items() if name != "plugins"})

    def conditions(rule: AlertRoutingRule, path: str) -> Conditions:
        try:
            return compile_conditions(rule, registry)
        except ConfigurationError as error:
            problems.append(str(error.within(path)))
            return (NamedCondition("recorded", _ALWAYS),)

    def grouping(name: str, aggregation: Aggregation) -> Grouping:
        try:
            return _grouping(name, aggregation, registry, "aggregation")
        except ConfigurationError as error:
            problems.append(str(error))
            return Grouping(name, aggregation.strategy, _Alone())

    flattener = _Flattener(conditions, config.receivers, registry)
    flattener.add(config.routing_rules, None, "routing_rules")
    rules = {node.rule.rule_id: node.rule.aggregation for node in flattener.nodes if node.rule.aggregation}
    plan = Plan(
        config,
        {name: _recorded_channel(channel, registry, problems) for name, channel in config.channels.items()},
        flattener.nodes,
        {GLOBAL: grouping(GLOBAL, config.aggregation), **{name: grouping(name, one) for name, one in rules.items()}},
        {name: found.spec.scheduler for name, found in registry.schedulers.items()},
        tuple(plain.get("plugins", ())),
        tuple(flattener.disabled),
    )
    return plan, problems


def _recorded_channel(channel: NotificationChannel, registry: Registry, problems: list[str]) -> ChannelPlan:
    backend = registry.backends.get(channel.backend)
    if backend is not None:
        return ChannelPlan(channel, backend.spec, None, recorded=True)
    problems.append(f"channels.{channel.channel_id}.backend: no backend is called {str(channel.backend)!r}")
    return ChannelPlan(channel, BackendSpec(_no_backend, type(None)), None, recorded=True)


def _no_backend(config: Any, context: BackendContext, /) -> Backend:
    raise PluginError(f"the backend of channel {context.channel_id!r} is not there any more")
