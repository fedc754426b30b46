"""The configuration: settings structured into a plugin's class, names that stand for nothing, and changes."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import pytest

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    AlertSeverity,
    ConditionError,
    Configuration,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    NotificationChannel,
    NotificationTemplate,
    TimeInterval,
    create_console_channel,
)
from tocsin.config import compile_conditions, structure_settings, unknown_references
from tocsin.discovery import load


class Mode(enum.Enum):
    """Two ways."""

    FAST = "fast"
    SAFE = "safe"


@attrs.frozen
class Inner:
    """A nested group of settings."""

    port: int = 25
    hosts: tuple[str, ...] = ()


def _positive(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if value <= 0:
        raise ConfigurationError("must be greater than zero", attribute.name)


@attrs.frozen(kw_only=True)
class Settings:
    """One of every kind."""

    url: str = attrs.field(repr=False)
    verify: bool = True
    timeout: float = attrs.field(default=1.0, validator=_positive)
    mode: Mode = Mode.FAST
    pace: Literal["slow", "quick"] = "slow"
    least: AlertSeverity = AlertSeverity.INFO
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    names: Mapping[str, str] = attrs.field(factory=dict)
    maybe: str | None = None


def test_plain_data_becomes_the_config_class() -> None:
    """Whole numbers are numbers, enumerations are read by value, groups are nested."""
    settings = structure_settings(
        {
            "url": "x",
            "verify": False,
            "timeout": 3,
            "mode": "safe",
            "least": "ERROR",
            "inner": {"port": 1, "hosts": ["a"]},
            "many": [{"port": 2}],
            "names": {"a": "b"},
            "maybe": None,
        },
        Settings,
    )
    assert settings == Settings(
        url="x",
        verify=False,
        timeout=3.0,
        mode=Mode.SAFE,
        least=AlertSeverity.ERROR,
        inner=Inner(1, ("a",)),
        many=(Inner(2),),
        names={"a": "b"},
    )


@pytest.mark.parametrize(
    ("settings", "problem", "where"),
    [
        ({}, "the setting 'url' is required", "url"),
        ({"url": "x", "tmeout": 1}, "did you mean 'timeout'", "tmeout"),
        ({"url": 7}, "expected a string, not int", "url"),
        ({"url": "x", "verify": 1}, "expected true or false, not int", "verify"),
        ({"url": "x", "timeout": "1"}, "expected a number, not str", "timeout"),
        ({"url": "x", "timeout": True}, "expected a number, not bool", "timeout"),
        ({"url": "x", "timeout": -1}, "must be greater than zero", "timeout"),
        ({"url": "x", "timeout": float("nan")}, "expected a finite number, not nan", "timeout"),
        ({"url": "x", "mode": "fst"}, "did you mean 'fast'", "mode"),
        ({"url": "x", "pace": "quik"}, "did you mean 'quick'", "pace"),
        ({"url": "x", "least": "worst"}, "unknown severity 'worst'", "least"),
        ({"url": "x", "inner": {"port": True}}, "expected a whole number, not bool", "inner.port"),
        ({"url": "x", "inner": {"prt": 1}}, "did you mean 'port'", "inner.prt"),
        ({"url": "x", "many": [{}, {"port": "1"}]}, "expected a whole number, not str", "many[1].port"),
        ({"url": "x", "inner": {"hosts": ["a", 3]}}, "expected a string, not int", "inner.hosts[1]"),
        ({"url": "x", "names": {"a": 1}}, "expected a string, not int", "names"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(settings: dict[str, Any], problem: str, where: str) -> None:
    """One clear message: what, where, and what would be right."""
    with pytest.raises(ConfigurationError, match=problem) as caught:
        structure_settings(settings, Settings)
    assert caught.value.where.startswith(where)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", [3, "x", ["x"], None])
def test_a_group_that_is_no_mapping_is_refused(value: Any) -> None:
    """With the place, and no words of the library that found it."""
    with pytest.raises(ConfigurationError) as caught:
        structure_settings({"url": "x", "inner": value}, Settings)
    assert caught.value.where == "inner"


@pytest.mark.parametrize("value", [3, None, {"a": 1}, "a", "ab", b"ab", ""])
def test_a_list_that_is_none_is_refused(value: Any) -> None:
    """With the place; a string is not a list of its characters."""
    expected = f"expected a list, not {type(value).__name__} @ "
    with pytest.raises(ConfigurationError) as caught:
        structure_settings({"url": "x", "many": value}, Settings)
    assert str(caught.value) == f"{expected}many"
    with pytest.raises(ConfigurationError) as caught:
        structure_settings({"url": "x", "inner": {"hosts": value}}, Settings)
    assert str(caught.value) == f"{expected}inner.hosts"


@attrs.frozen
class Lists:
    """Each form in which a list can be declared."""

    one: list[str] = attrs.field(factory=list)
    two: Sequence[Inner] = ()
    three: frozenset[str] = frozenset()
    four: set[int] = attrs.field(factory=set)
    five: tuple[tuple[str, ...], ...] = ()
    six: tuple[str, ...] | None = None
    pair: tuple[str, int] = ("", 0)


def test_lists_are_taken_in_each_form_that_they_are_declared_in() -> None:
    """From whatever Python or a file has for them."""
    settings: dict[str, Any] = {"one": ("a",), "two": [{"hosts": ["a"]}], "three": {"b"}, "four": [1, 1]}
    found = structure_settings({**settings, "five": [["a", "b"], []], "six": ["a"], "pair": ["a", 1]}, Lists)
    assert found == Lists(["a"], (Inner(hosts=("a",)),), frozenset("b"), {1}, (("a", "b"), ()), ("a",), ("a", 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"one": "abc"}, "expected a list, not str @ one"),
        ({"two": [{"hosts": "abc"}]}, "expected a list, not str @ two[0].hosts"),
        ({"two": [{}, {"prt": 1}]}, "unknown setting 'prt'; did you mean 'port'? @ two[1].prt"),
        ({"three": {"a": "b"}}, "expected a list, not dict @ three"),
        ({"four": ["1"]}, "expected a whole number, not str @ four[0]"),
        ({"five": [["a"], "bc"]}, "expected a list, not str @ five[1]"),
        ({"five": [["a"], ["b", 7]]}, "expected a string, not int @ five[1][1]"),
        ({"six": "abc"}, "expected a list, not str @ six"),
    ],
)
def test_what_is_wrong_in_a_list_is_said_with_its_path(settings: dict[str, Any], message: str) -> None:
    """In each form, and in each other."""
    with pytest.raises(ConfigurationError) as caught:
        structure_settings(settings, Lists)
    assert str(caught.value) == message


def test_a_value_is_never_repeated() -> None:
    """It may be a secret in the wrong place."""
    for settings in ({"url": {"x": "s3cret"}}, {"url": "x", "timeout": "s3cret"}, {"url": "x", "inner": "s3cret"}):
        with pytest.raises(ConfigurationError) as caught:
            structure_settings(settings, Settings)
        assert "s3cret" not in str(caught.value)


def test_every_name_that_stands_for_nothing_is_found() -> None:
    """Each with its place and the nearest known name."""
    config = (
        Configuration(catch_all_channel="opps")
        .with_channel(NotificationChannel("ops", "console", template_name="shrt", fallback="opps"))
        .with_template(NotificationTemplate("short", "s", "console", "", ""))
        .with_rule(
            AlertRoutingRule(
                "r",
                target_channels=["ops", "opps"],
                escalation_policy_id="nigt",
                routes=[AlertRoutingRule("s", routes=[AlertRoutingRule("t", target_channels=["x"])])],
            )
        )
        .with_policy(
            EscalationPolicy(
                "night", escalation_levels={EscalationLevel.FIRST: ["ops", "opps"]}, default_channels=["opps"]
            )
        )
    )
    config = attrs.evolve(config, receivers={"team": ["ops", "opps"]}).with_rule(AlertRoutingRule("u", receiver="tam"))
    found = {error.where: error.problem for error in unknown_references(config)}
    assert set(found) == {
        "channels.ops.fallback",
        "channels.ops.template_name",
        "routing_rules[0].target_channels[1]",
        "routing_rules[0].escalation_policy_id",
        "routing_rules[0].routes[0].routes[0].target_channels[0]",
        "escalation_policies.night.escalation_levels.first[1]",
        "escalation_policies.night.default_channels[0]",
        "catch_all_channel",
        "receivers.team[1]",
        "routing_rules[1].receiver",
    }
    assert found["channels.ops.template_name"] == "no template is called 'shrt'; did you mean 'short'?"
    assert "escalation policy is called 'nigt'; did you mean 'night'" in found["routing_rules[0].escalation_policy_id"]


def test_a_whole_configuration_has_no_unknown_references() -> None:
    """Everything that is named is there."""
    config = (
        Configuration(catch_all_channel="ops")
        .with_channel(create_console_channel("ops", fallback="spare", template_name="t"))
        .with_channel(create_console_channel("spare"))
        .with_template(NotificationTemplate("t", "t", "console", "", ""))
        .with_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["ops"]}))
        .with_rule(AlertRoutingRule("r", target_channels=["ops"], escalation_policy_id="p"))
    )
    assert unknown_references(config) == ()


def test_changing_a_configuration_makes_another() -> None:
    """The old one is what it was."""
    empty = Configuration()
    one = empty.with_channel(create_console_channel("a")).with_rule(AlertRoutingRule("r"))
    assert (len(empty.channels), len(empty.routing_rules)) == (0, 0)
    assert one.without_channel("a").channels == {}
    assert one.without_channel("b") == one
    assert one.without_rule("r").routing_rules == ()
    with pytest.raises(ConfigurationError, match="already; remove it first"):
        one.with_rule(AlertRoutingRule("r"))


def test_which_template_a_channel_uses() -> None:
    """The one it names; else the newest of its backend that nobody names; else none."""
    named = create_console_channel("named", template_name="a")
    plain, other = create_console_channel("plain"), NotificationChannel("other", "pigeon")
    config = Configuration().with_channel(named).with_channel(plain).with_channel(other)
    for template_id in ("b", "c", "a"):
        config = config.with_template(NotificationTemplate(template_id, template_id, "console", "", ""))
    used = [config.template_for(channel) for channel in (named, plain, other)]
    assert [template and template.template_id for template in used] == ["a", "c", None]
    newer = config.with_template(NotificationTemplate("b", "again", "console", "", ""))
    assert newer.template_for(plain) == newer.templates["b"]
    assert config.template_for(create_console_channel("lost", template_name="z")) is None


def test_conditions_are_compiled_by_their_matchers() -> None:
    """An unknown one names the nearest, and a bad value its place."""
    registry = load().registry
    rule = AlertRoutingRule("r", conditions={"severity": ["error"], "metric_name": "cpu"})
    assert [named.name for named in compile_conditions(rule, registry)] == ["severity", "metric_name"]
    with pytest.raises(ConditionError, match="did you mean 'cluster_pattern'") as caught:
        compile_conditions(AlertRoutingRule("r", conditions={"cluster_patern": "x"}), registry)
    assert caught.value.where == "conditions.cluster_patern"
    with pytest.raises(ConditionError) as caught:
        compile_conditions(AlertRoutingRule("r", conditions={"cluster_pattern": "("}), registry)
    assert caught.value.where.startswith("conditions.cluster_pattern")


@pytest.mark.parametrize(
    ("options", "problem", "where"),
    [
        ({"aggregation": Aggregation("windw")}, "did you mean 'window'", "aggregation.strategy"),
        ({"aggregation": Aggregation("window", {"brst": 1})}, "did you mean 'burst'", "aggregation"),
        ({"aggregation": Aggregation("window", {"burst": 0})}, "at least 1", "aggregation"),
        ({"aggregation_window_seconds": -1}, "at least 0", "aggregation_window_seconds"),
        ({"escalation_scheduler": "levls"}, "did you mean 'levels'", "escalation_scheduler"),
    ],
)
def test_a_service_checks_what_it_is_made_of(options: dict[str, Any], problem: str, where: str) -> None:
    """When it is made."""
    with pytest.raises(ConfigurationError, match=problem) as caught:
        FederationAlertingService(**options)
    assert caught.value.where.startswith(where)


CHANNEL = create_console_channel("x")
RULE = AlertRoutingRule("r", routes=(AlertRoutingRule("inner"),))


@pytest.mark.parametrize(
    ("fields", "says", "where"),
    [
        ({"channels": {"y": CHANNEL}}, "'x' stands under the key 'y'; its key is its channel_id", "channels"),
        ({"channels": {"x": {"url": "s3cret"}}}, "expected a NotificationChannel, not a dict", "channels.x"),
        ({"channels": [CHANNEL]}, "expected a mapping from names, not a list", "channels"),
        ({"routing_rules": (RULE, 5)}, "expected an AlertRoutingRule, not an int", "routing_rules[1]"),
        ({"routing_rules": RULE}, "expected a tuple of AlertRoutingRules", "routing_rules"),
        ({"routing_rules": [RULE, RULE]}, "there is a routing rule 'r' already, routing_rules[0]", "routing_rules[1]"),
        (
            {"routing_rules": [RULE, AlertRoutingRule("inner")]},
            "there is a routing rule 'inner' already, routing_rules[0].routes[0]",
            "routing_rules[1]",
        ),
        ({"inhibition_rules": (5,)}, "expected an InhibitionRule, not an int", "inhibition_rules[0]"),
        (
            {"time_intervals": {"night": TimeInterval()}},
            "expected a tuple of TimeIntervals, not a TimeInterval",
            "time_intervals.night",
        ),
        ({"time_intervals": {"night": [5]}}, "expected a TimeInterval, not an int", "time_intervals.night[0]"),
        ({"watchdog": None}, "expected a Watchdog, not a NoneType", "watchdog"),
        ({"catch_all_channel": 5}, "expected a str, not an int", "catch_all_channel"),
    ],
)
def test_a_configuration_of_another_shape_is_refused(fields: dict[str, Any], says: str, where: str) -> None:
    """By the service, when it is put in force; nothing of it is, and no value is shown."""
    alerting = FederationAlertingService()
    before = alerting.configuration
    with pytest.raises(ConfigurationError) as caught:
        alerting.reconfigure(attrs.evolve(before, **fields))
    assert says in caught.value.problem
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)
    assert alerting.configuration == before


def test_time_intervals_that_are_no_mapping_are_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="expected a mapping from names") as caught:
        Configuration(time_intervals=5)
    assert caught.value.where == "time_intervals"


def test_lists_serve_where_tuples_are_kept() -> None:
    config = Configuration(routing_rules=[RULE], time_intervals={"always": [TimeInterval()]})
    FederationAlertingService().reconfigure(config)
    assert config.routing_rules == (RULE,)
    assert config.time_intervals == {"always": (TimeInterval(),)}


def test_a_rule_is_refused_whose_routes_bear_an_id_that_is_taken() -> None:
    """A rule is known by its id, wherever in the tree it stands."""
    alerting = FederationAlertingService()
    alerting.add_routing_rule(RULE)
    for rule in (AlertRoutingRule("inner"), AlertRoutingRule("s", routes=(AlertRoutingRule("r"),))):
        with pytest.raises(ConfigurationError, match="already"):
            alerting.add_routing_rule(rule)
    with pytest.raises(ConfigurationError, match="'t' already"):
        alerting.add_routing_rule(AlertRoutingRule("t", routes=(AlertRoutingRule("t"),)))


def test_a_rule_has_channels_or_a_receiver() -> None:
    """Both would leave open which of them is meant; and receivers are named groups of names."""
    with pytest.raises(ConfigurationError, match="not both @ receiver"):
        AlertRoutingRule("r", target_channels=["ops"], receiver="team")
    for receivers, where in (([], "receivers"), ({"": []}, "receivers"), ({"team": "ops"}, "receivers.team")):
        with pytest.raises(ConfigurationError) as caught:
            Configuration(receivers=receivers)
        assert caught.value.where == where
