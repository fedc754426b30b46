"""Finds names that stand for nothing: channels, policies and templates that are referred to and do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocsin.config.configuration import Configuration
from tocsin.errors import UnknownReferenceError, nearest
from tocsin.model.rule import AlertRoutingRule

__all__ = ["unknown_references"]


def _missing(what: str, name: str, known: Iterable[str], where: str) -> UnknownReferenceError:
    return UnknownReferenceError(f"no {what} is called {name!r}{nearest(name, known)}", where)


def _of_rule(rule: AlertRoutingRule, path: str, config: Configuration) -> Iterator[UnknownReferenceError]:
    for index, channel in enumerate(rule.target_channels):
        if channel not in config.channels:
            yield _missing("channel", channel, config.channels, f"{path}.target_channels[{index}]")
    if rule.receiver is not None and rule.receiver not in config.receivers:
        yield _missing("receiver", rule.receiver, config.receivers, f"{path}.receiver")
    policy = rule.escalation_policy_id
    if policy is not None and policy not in config.escalation_policies:
        yield _missing("escalation policy", policy, config.escalation_policies, f"{path}.escalation_policy_id")
    for field in ("mute_time_intervals", "active_time_intervals"):
        for index, name in enumerate(getattr(rule, field)):
            if name not in config.time_intervals:
                yield _missing("time interval", name, config.time_intervals, f"{path}.{field}[{index}]")
    for index, route in enumerate(rule.routes):
        yield from _of_rule(route, f"{path}.routes[{index}]", config)


def _of_receivers(config: Configuration) -> Iterator[UnknownReferenceError]:
    for name, channels in config.receivers.items():
        for index, channel in enumerate(channels):
            if channel not in config.channels:
                yield _missing("channel", channel, config.channels, f"receivers.{name}[{index}]")


def _of_policies(config: Configuration) -> Iterator[UnknownReferenceError]:
    for policy in config.escalation_policies.values():
        path = f"escalation_policies.{policy.policy_id}"
        for level, channels in policy.escalation_levels.items():
            for index, channel in enumerate(channels):
                if channel not in config.channels:
                    where = f"{path}.escalation_levels.{level.value}[{index}]"
                    yield _missing("channel", channel, config.channels, where)
        for index, channel in enumerate(policy.default_channels):
            if channel not in config.channels:
                yield _missing("channel", channel, config.channels, f"{path}.default_channels[{index}]")


def _of_channels(config: Configuration) -> Iterator[UnknownReferenceError]:
    for channel in config.channels.values():
        path = f"channels.{channel.channel_id}"
        if channel.fallback is not None and channel.fallback not in config.channels:
            yield _missing("channel", channel.fallback, config.channels, f"{path}.fallback")
        if channel.template_name is not None and channel.template_name not in config.templates:
            yield _missing("template", channel.template_name, config.templates, f"{path}.template_name")


def unknown_references(config: Configuration) -> tuple[UnknownReferenceError, ...]:
    """Return one error per name that stands for nothing, each with its place and the nearest known name."""
    errors: list[UnknownReferenceError] = list(_of_channels(config))
    for index, rule in enumerate(config.routing_rules):
        errors.extend(_of_rule(rule, f"routing_rules[{index}]", config))
    errors.extend(_of_receivers(config))
    errors.extend(_of_policies(config))
    if config.catch_all_channel is not None and config.catch_all_channel not in config.channels:
        errors.append(_missing("channel", config.catch_all_channel, config.channels, "catch_all_channel"))
    for field in ("channel_id", "heartbeat_channel"):
        channel = getattr(config.watchdog, field)
        if channel is not None and channel not in config.channels:
            errors.append(_missing("channel", channel, config.channels, f"watchdog.{field}"))
    return tuple(errors)
