"""The configuration of one service: an immutable value; changing it makes another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.aggregation import Aggregation
from tocsin.model.channel import NotificationChannel
from tocsin.model.escalation import EscalationPolicy
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import NotificationTemplate
from tocsin.model.watchdog import Watchdog

__all__ = ["Configuration"]

V = TypeVar("V")


def _with(mapping: Mapping[str, V], key: str, value: V) -> dict[str, V]:
    return {**mapping, key: value}


def _without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    return {name: value for name, value in mapping.items() if name != key}


def _tuple(value: Any) -> Any:
    """Let a list serve where a tuple is kept; what is neither is refused by ``check_shape``."""
    return tuple(value) if isinstance(value, list) else value


def _intervals(value: Any) -> Any:
    return {name: _tuple(several) for name, several in value.items()} if isinstance(value, Mapping) else value


def _receivers(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    receivers = {}
    for name, channels in value.items():
        try:
            receivers[name] = _check.names(channels)
        except ConfigurationError as error:
            raise error.within(f"receivers.{name}") from None
    return receivers


def _names(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"expected a mapping from names, not {_check.shown(value)}", attribute.name)
    for name in value:
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"a receiver's name is a non-empty string, not {name!r:.60}", attribute.name)


def _some_intervals(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Names, each with an interval at least: a rule that is active in none would be silent for ever."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"expected a mapping from names, not {_check.shown(value)}", "time_intervals")
    for name, several in value.items():
        if not isinstance(name, str) or not name:
            raise ConfigurationError(
                f"a time interval's name is a non-empty string, not {name!r:.60}", "time_intervals"
            )
        if not several:
            raise ConfigurationError(f"the time interval {name!r} has no interval in it", f"time_intervals.{name}")


@attrs.frozen(slots=True)
class Configuration:
    """Channels, rules, policies and templates, and how incidents are formed.

    ``catch_all_channel`` is told of alerts that no rule matches (None: they are only counted as unrouted).
    ``receivers`` are named groups of channels, in their order, that rules refer to; an empty one discards on purpose.
    ``time_intervals`` are named sets of intervals that rules refer to. What is over is kept for a while: a closed
    incident and an ended silence for ``retain_resolved_seconds``, a notification that was not delivered, to be sent
    again by hand, for ``retain_deliveries_seconds``, the journal for ``retain_journal_seconds``.
    """

    channels: Mapping[str, NotificationChannel] = attrs.field(factory=dict)
    routing_rules: tuple[AlertRoutingRule, ...] = attrs.field(default=(), converter=_tuple)
    escalation_policies: Mapping[str, EscalationPolicy] = attrs.field(factory=dict)
    templates: Mapping[str, NotificationTemplate] = attrs.field(factory=dict)
    aggregation: Aggregation = attrs.field(factory=Aggregation)
    escalation_scheduler: str = "levels"
    catch_all_channel: str | None = None
    inhibition_rules: tuple[InhibitionRule, ...] = attrs.field(default=(), converter=_tuple)
    time_intervals: Mapping[str, tuple[TimeInterval, ...]] = attrs.field(
        factory=dict, converter=_intervals, validator=_some_intervals
    )
    watchdog: Watchdog = attrs.field(factory=Watchdog)
    retain_resolved_seconds: float = attrs.field(default=86_400.0, validator=_check.positive)
    retain_deliveries_seconds: float = attrs.field(default=7 * 86_400.0, validator=_check.positive)
    retain_journal_seconds: float = attrs.field(default=30 * 86_400.0, validator=_check.positive)
    receivers: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=_receivers, validator=_names)

    def with_channel(self, channel: NotificationChannel) -> Configuration:
        """Return this configuration with *channel* added, or put in the place of the one of its id."""
        return attrs.evolve(self, channels=_with(self.channels, channel.channel_id, channel))

    def without_channel(self, channel_id: str) -> Configuration:
        """Return this configuration without that channel."""
        return attrs.evolve(self, channels=_without(self.channels, channel_id))

    def with_rule(self, rule: AlertRoutingRule) -> Configuration:
        """Return this configuration with *rule* added.

        :raises ConfigurationError: when another rule has its id, or that of one of its routes.
        """
        ids = list(rule.ids())
        own = set(ids)
        twice = [name for name in own if ids.count(name) > 1]
        for other in self.routing_rules:
            if other.rule_id in own or (other.routes and not own.isdisjoint(other.ids())):
                twice += own.intersection(other.ids())
        if twice:
            raise ConfigurationError(
                f"there is a routing rule {min(twice)!r} already; remove it first", f"routing_rules.{rule.rule_id}"
            )
        return attrs.evolve(self, routing_rules=(*self.routing_rules, rule))

    def without_rule(self, rule_id: str) -> Configuration:
        """Return this configuration without that top-level rule."""
        return attrs.evolve(self, routing_rules=tuple(r for r in self.routing_rules if r.rule_id != rule_id))

    def with_policy(self, policy: EscalationPolicy) -> Configuration:
        """Return this configuration with *policy* added, or put in the place of the one of its id."""
        return attrs.evolve(self, escalation_policies=_with(self.escalation_policies, policy.policy_id, policy))

    def with_template(self, template: NotificationTemplate) -> Configuration:
        """Return this configuration with *template* added as the newest, or put in the place of the one of its id."""
        others = _without(self.templates, template.template_id)
        return attrs.evolve(self, templates=_with(others, template.template_id, template))

    def template_for(self, channel: NotificationChannel) -> NotificationTemplate | None:
        """Return the template of *channel*.

        That is the one it names; otherwise the newest one of its backend that no channel names; otherwise None, and
        the backend's own default form is used.
        """
        if channel.template_name is not None:
            return self.templates.get(channel.template_name)
        named = {other.template_name for other in self.channels.values()}
        candidates = (
            template
            for template in reversed(list(self.templates.values()))
            if template.backend == channel.backend and template.template_id not in named
        )
        return next(candidates, None)
