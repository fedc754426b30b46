"""The shape of a configuration that was made by hand: everything is of its kind, under its own id, and there once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tocsin.config.configuration import Configuration
from tocsin.errors import ConfigurationError
from tocsin.model.aggregation import Aggregation
from tocsin.model.channel import NotificationChannel
from tocsin.model.escalation import EscalationPolicy
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.template import NotificationTemplate
from tocsin.model.watchdog import Watchdog

__all__ = ["check_shape"]

_MAPPINGS: Final[tuple[tuple[str, type, str], ...]] = (
    ("channels", NotificationChannel, "channel_id"),
    ("escalation_policies", EscalationPolicy, "policy_id"),
    ("templates", NotificationTemplate, "template_id"),
)
_SEQUENCES: Final[tuple[tuple[str, type], ...]] = (
    ("routing_rules", AlertRoutingRule),
    ("inhibition_rules", InhibitionRule),
)
_SINGLES: Final[tuple[tuple[str, type], ...]] = (
    ("aggregation", Aggregation),
    ("watchdog", Watchdog),
    ("escalation_scheduler", str),
)


def check_shape(config: Configuration) -> None:
    """Raise :exc:`ConfigurationError` for the first thing in *config* that is of another kind, or in another's place.

    A single ``add_…`` of the service cannot go wrong in this way; a configuration that is put together can.
    """
    for field, kind, key in _MAPPINGS:
        for name, value in _mapping(getattr(config, field), field).items():
            own = getattr(_instance(value, kind, f"{field}.{name}"), key)
            if own != name:
                raise ConfigurationError(f"{own!r} stands under the key {name!r}; its key is its {key}", field)
    for field, kind in _SEQUENCES:
        _several(getattr(config, field), kind, field)
    for field, kind in _SINGLES:
        _instance(getattr(config, field), kind, field)
    if config.catch_all_channel is not None:
        _instance(config.catch_all_channel, str, "catch_all_channel")
    for name, intervals in _mapping(config.time_intervals, "time_intervals").items():
        _several(intervals, TimeInterval, f"time_intervals.{name}")
    _ids_are_unique(config.routing_rules)


def _instance(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigurationError(f"expected {_a(kind)}, not {_a(type(value))}", where)
    return value


def _a(kind: type) -> str:
    """Name a type; a value itself may hold a secret."""
    return f"{'an' if kind.__name__[0] in 'AEIOUaeiou' else 'a'} {kind.__name__}"


def _mapping(value: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"expected a mapping from names, not {_a(type(value))}", where)
    return value


def _several(value: Any, kind: type, where: str) -> None:
    if not isinstance(value, tuple):
        raise ConfigurationError(f"expected a tuple of {kind.__name__}s, not {_a(type(value))}", where)
    for index, one in enumerate(value):
        _instance(one, kind, f"{where}[{index}]")


def _walk(rules: Iterable[AlertRoutingRule], path: str) -> Iterator[tuple[str, AlertRoutingRule]]:
    for index, rule in enumerate(rules):
        yield f"{path}[{index}]", rule
        yield from _walk(rule.routes, f"{path}[{index}].routes")


def _ids_are_unique(rules: Iterable[AlertRoutingRule]) -> None:
    """A rule is known by its id: to what it says, to the intervals that silence it, to its aggregation."""
    known: dict[str, str] = {}
    for where, rule in _walk(rules, "routing_rules"):
        if rule.rule_id in known:
            raise ConfigurationError(f"there is a routing rule {rule.rule_id!r} already, {known[rule.rule_id]}", where)
        known[rule.rule_id] = where
