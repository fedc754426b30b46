"""A configuration as plain data, ready for JSON and without secrets, and back: what the journal keeps of it."""

from __future__ import annotations

import enum
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin.config.configuration import Configuration
from tocsin.errors import ConfigurationError
from tocsin.model.aggregation import Aggregation
from tocsin.model.channel import NotificationChannel
from tocsin.model.escalation import EscalationPolicy
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval
from tocsin.model.rule import AlertRoutingRule
from tocsin.model.silence import LabelMatcher
from tocsin.model.template import NotificationTemplate
from tocsin.model.watchdog import Watchdog

__all__ = ["configuration_digest", "configuration_from_plain", "configuration_to_plain"]

HIDDEN: Final = "***"
"""Stands for each of a channel's own settings: any of them may be a secret, and no decision depends on one."""


def _plain(value: Any) -> Any:
    if isinstance(value, NotificationChannel):
        return {**_fields(value), "config": dict.fromkeys(map(str, value.config), HIDDEN)}
    if attrs.has(type(value)):
        return _fields(value)
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    return {"python object": f"{type(value).__module__}.{type(value).__qualname__}"}


def _fields(value: Any) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(value, field.name))
        for field in attrs.fields(type(value))
        if field.init and not field.name.startswith("_")
    }


def configuration_to_plain(config: Configuration) -> dict[str, Any]:
    """Return *config* as dicts, lists, strings, numbers, booleans and None.

    Every value of a channel's own settings is hidden. A condition's value that JSON has no form for is named by its
    type alone, and cannot be read back.
    """
    return _fields(config)


def configuration_digest(plain: Mapping[str, Any]) -> str:
    """Return the name under which a configuration is kept: a digest of 128 bits, in hexadecimal."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _rule(plain: Mapping[str, Any]) -> AlertRoutingRule:
    aggregation = plain.get("aggregation")
    return AlertRoutingRule(
        **{
            **plain,
            "routes": [_rule(route) for route in plain["routes"]],
            "aggregation": None if aggregation is None else Aggregation(**aggregation),
        }
    )


def _inhibition(plain: Mapping[str, Any]) -> InhibitionRule:
    sides = {side: tuple(LabelMatcher(**one) for one in plain[side]) for side in ("source_matchers", "target_matchers")}
    return InhibitionRule(**{**plain, **sides})


def configuration_from_plain(plain: Mapping[str, Any]) -> Configuration:
    """Return the configuration that :func:`configuration_to_plain` gave *plain* for; its channels' settings are hidden.

    :raises ConfigurationError: when *plain* is no such thing.
    """
    try:
        return Configuration(
            **{
                **plain,
                "channels": {name: NotificationChannel(**one) for name, one in plain["channels"].items()},
                "routing_rules": tuple(_rule(one) for one in plain["routing_rules"]),
                "escalation_policies": {
                    name: EscalationPolicy(**one) for name, one in plain["escalation_policies"].items()
                },
                "templates": {name: NotificationTemplate(**one) for name, one in plain["templates"].items()},
                "aggregation": Aggregation(**plain["aggregation"]),
                "inhibition_rules": tuple(_inhibition(one) for one in plain["inhibition_rules"]),
                "time_intervals": {
                    name: tuple(TimeInterval(**one) for one in several)
                    for name, several in plain["time_intervals"].items()
                },
                "watchdog": Watchdog(**plain["watchdog"]),
            }
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ConfigurationError(f"no configuration that was kept: {type(error).__name__}") from error
