"""A routing rule: conditions, and the channels of the alerts that meet them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.aggregation import Aggregation
from tocsin.model.severity import AlertSeverity

__all__ = ["AlertRoutingRule", "create_cluster_routing_rule", "create_severity_routing_rule"]


def _conditions(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"conditions are a mapping from a matcher's name to its value, not {value!r}")
    return dict(value)


def _routes(value: Any) -> tuple[AlertRoutingRule, ...]:
    routes = tuple(value)
    for index, route in enumerate(routes):
        if not isinstance(route, AlertRoutingRule):
            raise ConfigurationError(f"expected an AlertRoutingRule, not {route!r}", f"routes[{index}]")
    return routes


def _priority(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigurationError(f"priority is a whole number, lower goes first, not {value!r}", attribute.name)


def _receiver(instance: AlertRoutingRule, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    _check.name(instance, attribute, value)
    if instance.target_channels:
        raise ConfigurationError("a rule has target_channels or a receiver, not both", attribute.name)


def _aggregation(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, Aggregation):
        raise ConfigurationError(f"expected an Aggregation, not {type(value).__name__}", attribute.name)


@attrs.frozen(slots=True, hash=False)
class AlertRoutingRule:
    """Conditions (all of them required, a list means any of) and where the alerts go that meet them.

    Top-level rules are the children of an implicit root, in order of ``priority`` (lower first), equal ones in the
    order in which they were added. ``routes`` are evaluated as Alertmanager evaluates its tree: depth first, in their
    order of priority; this rule applies itself only if none of them did, and they inherit what they do not set.
    ``continue_matching`` says whether later siblings are asked too; None is True at the top level, where every
    matching rule adds its channels, and False below, as in Alertmanager.
    ``aggregation`` forms the incidents of what this rule applies to (None: as the parent or the configuration says);
    the first rule that applies decides. ``receiver`` names a group of channels in place of ``target_channels``; one
    without channels discards on purpose. While one of ``mute_time_intervals`` is on, or none of
    ``active_time_intervals`` where there are any, the rule tells its channels nothing.

    :raises ConfigurationError: when a field has a value that no rule can have. Conditions are checked when the rule
        is added, by the matchers that are registered there.
    """

    rule_id: str = attrs.field(validator=_check.name)
    name: str = attrs.field(default="", validator=_check.text)
    conditions: Mapping[str, Any] = attrs.field(factory=dict, converter=_conditions)
    target_channels: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    escalation_policy_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))
    priority: int = attrs.field(default=100, validator=_priority)
    enabled: bool = attrs.field(default=True, validator=_check.boolean)
    routes: tuple[AlertRoutingRule, ...] = attrs.field(factory=tuple, converter=_routes)
    continue_matching: bool | None = attrs.field(default=None, validator=attrs.validators.optional(_check.boolean))
    aggregation: Aggregation | None = attrs.field(default=None, validator=_aggregation)
    mute_time_intervals: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    active_time_intervals: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    receiver: str | None = attrs.field(default=None, validator=_receiver)

    def ids(self) -> Iterator[str]:
        """Yield its own id and those of all its routes, in order."""
        yield self.rule_id
        for route in self.routes:
            yield from route.ids()


def _severities(value: Iterable[AlertSeverity | str] | str) -> list[str]:
    several = [value] if isinstance(value, str) else value
    return [severity.value if isinstance(severity, AlertSeverity) else severity for severity in several]


def create_severity_routing_rule(
    rule_id: str,
    target_severities: Iterable[AlertSeverity | str] | str,
    target_channels: Iterable[str],
    priority: int = 100,
    **options: Any,
) -> AlertRoutingRule:
    """Return a rule for alerts of the given severities; *options* are further rule fields."""
    return AlertRoutingRule(
        rule_id=rule_id,
        name=options.pop("name", f"Severity routing: {rule_id}"),
        conditions={"severity": _severities(target_severities)},
        target_channels=target_channels,
        priority=priority,
        **options,
    )


def create_cluster_routing_rule(
    rule_id: str, cluster_pattern: str, target_channels: Iterable[str], priority: int = 100, **options: Any
) -> AlertRoutingRule:
    """Return a rule for alerts of clusters that *cluster_pattern*, fully anchored, matches; *options* as above."""
    return AlertRoutingRule(
        rule_id=rule_id,
        name=options.pop("name", f"Cluster routing: {rule_id}"),
        conditions={"cluster_pattern": cluster_pattern},
        target_channels=target_channels,
        priority=priority,
        **options,
    )
