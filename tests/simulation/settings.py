"""Random configurations, as plain JSON of our own, and tocsin's objects made of them.

The plain form is what the checker reads; it is kept beside the run, whatever tocsin itself stores.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from operator import methodcaller
from random import Random
from typing import Any, Final

import attrs

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    EscalationPolicy,
    FederationAlertingService,
    InhibitionRule,
    LabelMatcher,
    NotificationChannel,
    RetryPolicy,
    TimeInterval,
    TimeRange,
    Watchdog,
)
from tocsin.model.outcome import CircuitPolicy

__all__ = [
    "BACKENDS",
    "CHANNELS",
    "aggregation_of",
    "altered",
    "changes",
    "circuit_of",
    "configure",
    "random_settings",
    "retry_of",
]

Plain = dict[str, Any]

CHANNELS: Final = ("chat", "mail", "pager", "screen", "tool")
METRICS: Final = ("cpu", "disk", "latency")
CLUSTERS: Final = ("prod-1", "prod-2", "prod-3", "dev-1")
SERVICES: Final = ("db", "web")
SEVERITIES: Final = ("info", "warning", "error", "critical", "emergency")
LEVELS: Final = ("immediate", "first", "second", "third", "final")
POLICIES: Final = ("day", "night")

BACKENDS: Final[dict[str, Plain]] = {
    "simulated": {
        "per_incident": False,
        "concurrency": 4,
        "timeout": 10.0,
        "retry": {"base": 2.0, "cap": 60.0, "attempts": 6, "age": 900.0},
        "circuit": {"failures": 5, "open": 30.0, "cap": 300.0},
    },
    "simulated_tool": {
        "per_incident": True,
        "concurrency": 1,
        "timeout": 20.0,
        "retry": {"base": 4.0, "cap": 120.0, "attempts": 4, "age": 600.0},
        "circuit": {"failures": 3, "open": 60.0, "cap": 120.0},
    },
    "simulated_hasty": {
        "per_incident": False,
        "concurrency": 2,
        "timeout": 5.0,
        "retry": {"base": 1.0, "cap": 8.0, "attempts": 2, "age": 60.0},
        "circuit": None,
    },
}


INHIBITIONS: Final[tuple[Plain, ...]] = (
    {"source": [["severity", "=", "emergency"]], "target": [["severity", "!=", "emergency"]], "equal": ["cluster_id"]},
    {"source": [["metric_name", "=", "disk"]], "target": [["metric_name", "=~", "cpu|latency"]], "equal": []},
    {"source": [["service", "=", "db"]], "target": [["alert_id", "=~", ".*"]], "equal": ["metric_name"]},
    {"source": [["alert_id", "=~", "a[0-3]"]], "target": [["alert_id", "=~", "a[2-7]"]], "equal": ["service"]},
)
INTERVALS: Final[dict[str, list[Plain]]] = {
    "night": [{"times": [["22:00", "24:00"], ["00:00", "06:00"]], "weekdays": []}],
    "often": [{"times": [[f"{hour:02}:10", f"{hour:02}:35"] for hour in range(0, 24, 2)], "weekdays": []}],
    "workdays": [{"times": [], "weekdays": ["monday", "tuesday", "thursday", "friday"]}],
}


def retry_of(backend: Plain) -> RetryPolicy:
    """Return a backend's retry policy."""
    retry = backend["retry"]
    return RetryPolicy(retry["base"], retry["cap"], retry["attempts"], retry["age"])


def circuit_of(backend: Plain) -> CircuitPolicy | None:
    """Return a backend's circuit policy."""
    circuit = backend["circuit"]
    return None if circuit is None else CircuitPolicy(circuit["failures"], circuit["open"], circuit["cap"])


# -- drawing -------------------------------------------------------------------------------------------------------


def _some(random: Random, names: tuple[str, ...], most: int) -> list[str]:
    return random.sample(names, random.randint(1, min(most, len(names))))


def _channel(random: Random, name: str) -> Plain:
    backend = "simulated_tool" if name == "tool" else random.choice(("simulated", "simulated", "simulated_hasty"))
    others = [other for other in CHANNELS if other != name]
    return {
        "backend": backend,
        "min_severity": random.choice(("info", "info", "warning", "error", "critical")),
        "limit": random.choice((None, None, 1, 3, 10)),
        "enabled": random.random() < 0.93,
        "fallback": random.choice(others) if random.random() < 0.4 else None,
        "fallback_after": random.choice((300.0, 45.0)),
        "send_resolved": random.random() < 0.85,
    }


def _conditions(random: Random) -> Plain:
    found: Plain = {}
    if random.random() < 0.35:
        found["severity"] = random.choice((["error", "critical", "emergency"], ["info", "warning"], ["critical"]))
    if random.random() < 0.2:
        found["metric_name"] = _some(random, METRICS, 2)
    if random.random() < 0.25:
        found["cluster_pattern"] = random.choice(("prod-.*", "dev-.*", "prod-[12]"))
    if random.random() < 0.15:
        found["labels"] = {"service": random.choice(SERVICES)}
    return found


def _rule(random: Random, name: str, depth: int = 0) -> Plain:
    nested = depth == 0 and random.random() < 0.25
    return {
        "id": name,
        "priority": random.choice((100, 100, 10)),
        "enabled": random.random() < 0.95,
        "continue": random.choice((None, None, False, True)),
        "conditions": _conditions(random),
        "channels": [] if depth and random.random() < 0.3 else _some(random, CHANNELS, 3),
        "policy": random.choice((None, None, *POLICIES)),
        "routes": [_rule(random, f"{name}.{n}", depth + 1) for n in range(random.randint(1, 2))] if nested else [],
    }


def _policy(random: Random) -> Plain:
    levels = sorted(random.sample(LEVELS, random.randint(1, 4)), key=LEVELS.index)
    delays = random.choice(({}, {}, {"first": 60.0}, {"immediate": 30.0}, {"second": 420.0}))
    return {
        "levels": {level: _some(random, CHANNELS, 2) for level in levels},
        "default": random.choice(([], _some(random, CHANNELS, 2))),
        "delays": delays,
        "repeat": random.choice((0, 0, 0, 1)),
    }


def _aggregation(random: Random) -> Plain:
    repeat = random.choice((None, None, 900.0, 3600.0))
    if random.random() < 0.2:
        return {"strategy": "none", "settings": {"repeat_interval_seconds": repeat}}
    settings = {
        "window_seconds": random.choice((300.0, 300.0, 60.0, 0.0)),
        "fold_below": random.choice(("critical", "critical", "error", "emergency")),
        "burst": random.choice((5, 2, 1)),
        "resolve_seconds": random.choice((300.0, 60.0, 0.0)),
        "repeat_interval_seconds": repeat,
    }
    return {"strategy": "window", "settings": settings}


def random_settings(random: Random) -> Plain:
    """Draw a configuration: three to five channels, rules that overlap, policies, an aggregation."""
    names = CHANNELS if random.random() < 0.7 else tuple(_some(random, CHANNELS, 4))
    drawn: Plain = {
        "channels": {name: _channel(random, name) for name in sorted(names)},
        "rules": [_rule(random, f"r{n}") for n in range(random.randint(1, 4))],
        "policies": {name: _policy(random) for name in POLICIES if random.random() < 0.8},
        "aggregation": _aggregation(random),
        "catch_all": random.choice((None, "chat")),
        "backends": BACKENDS,
    }
    # drawn apart: the seeds that tests name play as they did before there was a choice
    retention = Random(json.dumps(drawn)).choice((86_400.0, 1800.0, 120.0))
    text = json.dumps(drawn)
    rest = {"retention": retention, **_quiet(drawn), "watchdog": _watchdog(drawn)}
    return {
        **drawn,
        **rest,
        **_grouped(text),
        **_grouped_by_rule(text, drawn["rules"]),
        **_catching(text),
        **_watched(text, rest["watchdog"]),
    }


def _watched(drawn: str, watchdog: Plain) -> Plain:
    """Let somebody be told of gaps in a third of the configurations."""
    random = Random(f"watchman {drawn}")
    return {"watchdog": {**watchdog, "channel": random.choice(CHANNELS)}} if random.random() < 0.35 else {}


def _catching(drawn: str) -> Plain:
    """Let what no rule matches go to another channel in a third of the configurations, or to one that is not there."""
    random = Random(f"unmatched {drawn}")
    return {"catch_all": random.choice((*CHANNELS, "nowhere"))} if random.random() < 0.35 else {}


def _grouped(drawn: str) -> Plain:
    """Let a third of the configurations group all alerts as Alertmanager does."""
    random = Random(f"alertmanager {drawn}")
    return {"aggregation": _grouping(random)} if random.random() < 0.35 else {}


def _grouped_by_rule(drawn: str, rules: list[Plain]) -> Plain:
    """Let rules form incidents of their own in a third of the configurations, and new rules later."""
    random = Random(f"of rules {drawn}")
    if random.random() >= 0.35:
        return {}
    for rule in rules:
        _form(random, rule)
    return {"by_rule": True}


def _form(random: Random, rule: Plain) -> None:
    """Give some of a rule and its routes an aggregation of their own."""
    for one in (rule, *rule["routes"]):
        if random.random() < 0.5:
            one["aggregation"] = _grouping(random) if random.random() < 0.7 else _aggregation(random)


def _grouping(random: Random) -> Plain:
    settings = {
        "group_by": random.choice(([], ["metric_name"], ["cluster_id", "service"], ["severity"], ["..."])),
        "labels_alone": random.random() < 0.2,
        "group_wait_seconds": random.choice((30.0, 30.0, 120.0, 5.0, 0.0)),
        "group_interval_seconds": random.choice((300.0, 300.0, 60.0, 45.0, 900.0)),
        "repeat_interval_seconds": random.choice((None, 900.0, 3600.0, 100.0)),
    }
    return {"strategy": "grouping", "settings": settings}


def _watchdog(drawn: Plain) -> Plain:
    """Let a third of the configurations send heartbeats, and be late sooner than by default."""
    random = Random(f"watchdog {json.dumps(drawn)}")
    if random.random() < 0.65:
        return {"within": 300.0, "heartbeat_channel": None, "heartbeat": None}
    return {
        "within": random.choice((60.0, 300.0)),
        "heartbeat_channel": random.choice(sorted(drawn["channels"])),
        "heartbeat": random.choice((60.0, 300.0)),
    }


def _quiet(drawn: Plain) -> Plain:
    """Let alerts inhibit each other and rules be silent at times, or neither of it in two of three configurations."""
    random = Random(f"quiet {json.dumps(drawn)}")
    if random.random() < 0.65:
        return {"inhibitions": [], "intervals": {}}
    for rule in drawn["rules"]:
        for one in (rule, *rule["routes"]):
            if random.random() < 0.4:
                one[random.choice(("mute", "mute", "active"))] = _some(random, tuple(INTERVALS), 2)
    return {"inhibitions": random.sample(INHIBITIONS, random.randint(0, 2)), "intervals": INTERVALS}


def altered(random: Random, settings: Plain) -> Plain:
    """Return *settings* with one change that can be made while the service runs."""
    new = copy.deepcopy(settings)
    channels, rules = new["channels"], new["rules"]
    kind = random.choice(("field", "field", "field", "gone", "channel", "no rule", "rule", "policy"))
    if kind == "field" and channels:
        name = random.choice(sorted(channels))
        field = random.choice(("min_severity", "limit", "enabled", "fallback", "fallback_after", "send_resolved"))
        channels[name][field] = _channel(random, name)[field]
    elif kind == "gone" and len(channels) > 1:
        del channels[random.choice(sorted(channels))]
    elif kind == "channel":
        name = random.choice(CHANNELS)
        channels[name] = _channel(random, name)
    elif kind == "no rule" and len(rules) > 1:
        del rules[random.randrange(len(rules))]
    elif kind == "rule":
        taken = {name for rule in rules for name in (rule["id"], *(route["id"] for route in rule["routes"]))}
        drawn = f"r{random.randrange(10_000)}"
        rules.append(_rule(random, f"{drawn}x" if drawn in taken else drawn))
        if "by_rule" in new:
            _form(Random(f"of rules {json.dumps(rules[-1])}"), rules[-1])
    else:
        new["policies"][random.choice(POLICIES)] = _policy(random)
    if new["catch_all"] not in (None, "chat"):
        new["catch_all"] = Random(f"unmatched {json.dumps(new)}").choice((new["catch_all"], *CHANNELS))
    if new["intervals"]:  # drawn apart, as above
        apart = Random(f"altered {json.dumps(new)}")
        if apart.random() < 0.3:
            new["inhibitions"] = apart.sample(INHIBITIONS, apart.randint(0, 2))
    return new


# -- making --------------------------------------------------------------------------------------------------------


def channel_of(name: str, plain: Plain) -> NotificationChannel:
    """Return the channel that *plain* describes."""
    return NotificationChannel(
        channel_id=name,
        backend=plain["backend"],
        min_severity=plain["min_severity"],
        rate_limit_per_minute=plain["limit"],
        enabled=plain["enabled"],
        fallback=plain["fallback"],
        fallback_after_seconds=plain["fallback_after"],
        send_resolved=plain["send_resolved"],
    )


def rule_of(plain: Plain) -> AlertRoutingRule:
    """Return the rule that *plain* describes."""
    return AlertRoutingRule(
        rule_id=plain["id"],
        conditions=plain["conditions"],
        target_channels=plain["channels"],
        escalation_policy_id=plain["policy"],
        priority=plain["priority"],
        enabled=plain["enabled"],
        routes=tuple(map(rule_of, plain["routes"])),
        continue_matching=plain["continue"],
        aggregation=Aggregation(**plain["aggregation"]) if "aggregation" in plain else None,
        mute_time_intervals=plain.get("mute", ()),
        active_time_intervals=plain.get("active", ()),
    )


def policy_of(name: str, plain: Plain) -> EscalationPolicy:
    """Return the policy that *plain* describes."""
    return EscalationPolicy(
        policy_id=name,
        escalation_levels=plain["levels"],
        default_channels=plain["default"],
        level_delays_seconds=plain["delays"],
        repeat=plain["repeat"],
    )


def aggregation_of(settings: Plain) -> Aggregation:
    """Return the aggregation that *settings* name."""
    plain = settings["aggregation"]
    return Aggregation(plain["strategy"], plain["settings"])


def _matchers(plain: list[list[str]]) -> tuple[LabelMatcher, ...]:
    return tuple(LabelMatcher(*one) for one in plain)


def inhibitions_of(settings: Plain) -> tuple[InhibitionRule, ...]:
    """Return the inhibition rules that *settings* name."""
    return tuple(
        InhibitionRule(_matchers(one["source"]), _matchers(one["target"]), tuple(one["equal"]))
        for one in settings["inhibitions"]
    )


def intervals_of(settings: Plain) -> dict[str, tuple[TimeInterval, ...]]:
    """Return the time intervals that *settings* name; they are in UTC."""
    return {
        name: tuple(
            TimeInterval(times=[TimeRange(*pair) for pair in one["times"]], weekdays=one["weekdays"])
            for one in intervals
        )
        for name, intervals in settings["intervals"].items()
    }


def watchdog_of(settings: Plain) -> Watchdog:
    """Return the watchdog that *settings* describe."""
    plain = settings["watchdog"]
    return Watchdog(plain.get("channel"), plain["within"], plain["heartbeat_channel"], plain["heartbeat"])


def _inhibit(settings: Plain) -> Callable[[FederationAlertingService], None]:
    rules = inhibitions_of(settings)
    return lambda alerting: alerting.reconfigure(attrs.evolve(alerting.configuration, inhibition_rules=rules))


def _catch(channel: str | None) -> Callable[[FederationAlertingService], None]:
    return lambda alerting: alerting.reconfigure(attrs.evolve(alerting.configuration, catch_all_channel=channel))


def configure(alerting: FederationAlertingService, settings: Plain) -> None:
    """Give a service that has no configuration yet all of *settings*."""
    for name, channel in settings["channels"].items():
        alerting.add_channel(channel_of(name, channel))
    for name, policy in settings["policies"].items():
        alerting.add_escalation_policy(policy_of(name, policy))
    for rule in settings["rules"]:
        alerting.add_routing_rule(rule_of(rule))
    alerting.reconfigure(
        attrs.evolve(
            alerting.configuration,
            retain_resolved_seconds=settings["retention"],
            inhibition_rules=inhibitions_of(settings),
            watchdog=watchdog_of(settings),
            time_intervals=intervals_of(settings),
        )
    )


def changes(old: Plain, new: Plain) -> Iterator[tuple[Plain, Callable[[FederationAlertingService], None]]]:
    """Yield the single changes that lead from *old* to *new*: what is in force after each, and how it is made."""
    now = copy.deepcopy(old)
    for name in sorted(old["channels"]):
        if name not in new["channels"]:
            del now["channels"][name]
            yield copy.deepcopy(now), methodcaller("remove_channel", name)
    for name, channel in new["channels"].items():
        if channel != old["channels"].get(name):
            now["channels"][name] = channel
            yield copy.deepcopy(now), methodcaller("add_channel", channel_of(name, channel))
    for name, policy in new["policies"].items():
        if policy != old["policies"].get(name):
            now["policies"][name] = policy
            yield copy.deepcopy(now), methodcaller("add_escalation_policy", policy_of(name, policy))
    kept = {rule["id"] for rule in new["rules"]}
    known = {rule["id"] for rule in old["rules"]}
    for name in [rule["id"] for rule in old["rules"] if rule["id"] not in kept]:
        now["rules"] = [rule for rule in now["rules"] if rule["id"] != name]
        yield copy.deepcopy(now), methodcaller("remove_routing_rule", name)
    for rule in new["rules"]:
        if rule["id"] not in known:
            now["rules"].append(rule)
            yield copy.deepcopy(now), methodcaller("add_routing_rule", rule_of(rule))
    if new["catch_all"] != old["catch_all"]:
        now["catch_all"] = new["catch_all"]
        yield copy.deepcopy(now), _catch(new["catch_all"])
    if new["inhibitions"] != old["inhibitions"]:
        now["inhibitions"] = new["inhibitions"]
        yield copy.deepcopy(now), _inhibit(now)
