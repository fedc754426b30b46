"""What can be configured on a service: channels, rules, policies and templates, checked when they are added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from tocsin.config import Configuration, check_shape
from tocsin.errors import ServiceClosed
from tocsin.model.channel import NotificationChannel
from tocsin.model.escalation import EscalationPolicy
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import NotificationTemplate
from tocsin.model.watchdog import Watchdog
from tocsin.registry import Registry
from tocsin.runtime.runner import Runner
from tocsin.runtime.setup import Setup, instance, known
from tocsin.runtime.writer import Writer

__all__ = ["Configurable"]


class Configurable:
    """The configuration side of the service: every change is checked at once, and taken whole or not at all."""

    _closed: bool
    _resuming: bool
    _runner: Runner | None
    _setup: Setup
    _writer: Writer

    @property
    def registry(self) -> Registry:
        """Everything that plugins registered."""
        return self._setup.registry

    @property
    def configuration(self) -> Configuration:
        """What was configured so far; an immutable value."""
        return self._setup.config

    @property
    def channels(self) -> Mapping[str, NotificationChannel]:
        """The channels by id."""
        return self._setup.config.channels

    @property
    def routing_rules(self) -> tuple[AlertRoutingRule, ...]:
        """The rules in the order in which they are evaluated."""
        return tuple(sorted(self._setup.config.routing_rules, key=lambda rule: rule.priority))

    @property
    def escalation_policies(self) -> Mapping[str, EscalationPolicy]:
        """The escalation policies by id."""
        return self._setup.config.escalation_policies

    @property
    def templates(self) -> Mapping[str, NotificationTemplate]:
        """The templates by id, the newest last."""
        return self._setup.config.templates

    def add_channel(self, channel: NotificationChannel) -> None:
        """Add a channel, or put it in the place of the one of its id.

        :raises ConfigurationError: when its backend is not registered, or refuses its settings.
        """
        self._configure(lambda config: config.with_channel(instance(channel, NotificationChannel)))

    def remove_channel(self, channel_id: str) -> None:
        """Remove a channel; what it still had to tell goes to its fallback.

        :raises UnknownReferenceError: when there is no such channel.
        """
        known(channel_id, self.channels, "channel")
        self._configure(lambda config: config.without_channel(channel_id))

    def add_routing_rule(self, rule: AlertRoutingRule) -> None:
        """Add a rule.

        :raises ConfigurationError: when there is a rule of its id.
        :raises ConditionError: when a condition is unknown, or its value makes no sense.
        """
        self._setup.check_rule(instance(rule, AlertRoutingRule), f"routing_rules.{rule.rule_id}")
        self._configure(lambda config: config.with_rule(rule))

    def remove_routing_rule(self, rule_id: str) -> None:
        """Remove a top-level rule; :exc:`UnknownReferenceError` if there is none of that id."""
        known(rule_id, [rule.rule_id for rule in self.routing_rules], "routing rule")
        self._configure(lambda config: config.without_rule(rule_id))

    def add_escalation_policy(self, policy: EscalationPolicy) -> None:
        """Add a policy, or put it in the place of the one of its id; escalations that run keep the old one."""
        self._configure(lambda config: config.with_policy(instance(policy, EscalationPolicy)))

    def add_template(self, template: NotificationTemplate) -> None:
        """Add a template, or put it in the place of the one of its id.

        A channel uses the template that it names; one that names none uses the newest template of its backend that
        no channel names, or the backend's default form.
        """
        self._configure(lambda config: config.with_template(instance(template, NotificationTemplate)))

    def add_receiver(self, name: str, channels: Iterable[str]) -> None:
        """Add a named group of channels, or put it in the place of the one of that name; rules refer to it.

        One without channels discards on purpose: what only its rules apply to is told to nobody.
        """
        self._configure(lambda config: attrs.evolve(config, receivers={**config.receivers, name: channels}))

    def add_time_interval(self, name: str, *intervals: TimeInterval) -> None:
        """Add a named set of time intervals, or put it in the place of the one of that name; rules refer to it."""
        several = tuple(instance(interval, TimeInterval) for interval in intervals)
        self._configure(lambda config: attrs.evolve(config, time_intervals={**config.time_intervals, name: several}))

    def add_inhibition_rule(self, rule: InhibitionRule) -> None:
        """Add an inhibition rule.

        :raises PatternError: when one of its patterns is none.
        """
        known = instance(rule, InhibitionRule)
        self._configure(lambda config: attrs.evolve(config, inhibition_rules=(*config.inhibition_rules, known)))

    def set_watchdog(self, watchdog: Watchdog) -> None:
        """Say who is told of gaps, and who gets a heartbeat."""
        self._configure(lambda config: attrs.evolve(config, watchdog=instance(watchdog, Watchdog)))

    def reconfigure(self, config: Configuration) -> None:
        """Put *config* in the place of the whole configuration, in one step.

        Open alerts are routed anew: a channel that they reach newly is told in one digest, nobody who was told is told
        again, escalations that run keep their policy, and what a channel that is gone had pending goes to its
        fallback. Callable at any time.

        :raises ConfigurationError: when something in it cannot work, in strict mode also a name that stands for
            nothing; nothing is changed then.
        """
        check_shape(instance(config, Configuration))
        for rule in config.routing_rules:
            self._setup.check_rule(rule, f"routing_rules.{rule.rule_id}")
        self._setup.check_references_of(config)
        self._configure(lambda _: config)

    def _configure(self, change: Callable[[Configuration], Configuration]) -> None:
        """Take the changed configuration: at once while alerts fire, else with the next commit, which follows soon.

        After a restart nothing is taken before the service goes on: what is configured by then is the configuration.
        """
        self._check_open()
        with self._writer.lock, self._setup.changed(change, self._writer.engine.plan):
            if self._writer.engine.state.firing and not self._resuming:
                self._writer.commit()
            elif self._runner is not None:
                self._runner.wake()

    def _check_open(self) -> None:
        if self._closed:
            raise ServiceClosed("the service was left; make another one")
