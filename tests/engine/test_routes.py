"""Where an alert goes: the plan against a plain, slow model of Alertmanager's tree, over random rules and alerts."""

from __future__ import annotations

import functools
import re
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.harness import channel, installed, rule

from tocsin import (
    AlertRoutingRule,
    AlertView,
    Condition,
    Configuration,
    MatcherRegistrar,
    PerformanceAlert,
    Registry,
    hookimpl,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan, Verdict

CHANNELS = ("c0", "c1", "c2", "c3")
RECEIVERS = {"team": ("c1", "c0"), "null": (), "lost": ("missing",)}
SEVERITIES = ("info", "warning", "critical")
CLUSTERS = ("prod-1", "prod-2", "test-1", "")
PATTERNS = ("prod-.*", "prod-1|test-1", ".*", "x+", "")


class Opaque:
    """A matcher that the plan cannot index: the message's length is even or odd; on ``boom`` it raises."""

    @hookimpl
    def tocsin_register_matchers(self, registrar: MatcherRegistrar) -> None:
        registrar.register("odd_message", self._compile)

    def _compile(self, value: Any, /) -> Condition:
        return Condition.opaque(lambda view: _odd(view) is value, "the message's length")


def _odd(view: AlertView) -> bool:
    if view.alert.message == "boom":
        raise RuntimeError("no idea")
    return len(view.alert.message) % 2 == 1


@functools.cache
def registry() -> Registry:
    """What is installed, and the opaque matcher."""
    return installed(Opaque())


# --- the model: Alertmanager's dispatch/route.go as its documentation tells it, without any index or memory


def holds(name: str, value: Any, alert: PerformanceAlert) -> bool:
    """Whether one condition of a rule holds."""
    if name == "severity":
        return alert.severity.value in value
    if name == "cluster_pattern":
        return re.fullmatch(value, alert.cluster_id, re.DOTALL) is not None
    if name == "labels":
        return all(alert.labels.get(label, "") == wanted for label, wanted in value.items())
    assert name == "odd_message"
    return alert.message == "boom" or (len(alert.message) % 2 == 1) is value


@attrs.frozen
class Applied:
    """A rule that applies, with what it inherited."""

    rule_id: str
    channels: tuple[str, ...]
    receivers: tuple[str, ...]
    policy_id: str | None


def targets(one: AlertRoutingRule, above: Applied) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channels of a rule, and the names by which they are reached."""
    if one.receiver is not None:
        return RECEIVERS.get(one.receiver, (one.receiver,)), (one.receiver,)
    return (one.target_channels, one.target_channels) if one.target_channels else (above.channels, above.receivers)


def matching(one: AlertRoutingRule, alert: PerformanceAlert, above: Applied) -> list[Applied]:
    """Return the routes at or below *one* that apply."""
    if not all(holds(name, value, alert) for name, value in one.conditions.items()):
        return []
    here = Applied(one.rule_id, *targets(one, above), one.escalation_policy_id or above.policy_id)
    return walk(one.routes, alert, here, continues=False) or [here]


def walk(
    rules: tuple[AlertRoutingRule, ...], alert: PerformanceAlert, above: Applied, *, continues: bool
) -> list[Applied]:
    """Return what applies among siblings: each in turn, until one matches that does not continue."""
    found: list[Applied] = []
    for one in sorted(rules, key=lambda other: other.priority):
        if not one.enabled:
            continue
        matches = matching(one, alert, above)
        found += matches
        goes_on = continues if one.continue_matching is None else one.continue_matching
        if matches and not goes_on:
            break
    return found


def model(config: Configuration, alert: PerformanceAlert) -> Verdict:
    """Return what the plan should answer."""
    applied = walk(config.routing_rules, alert, Applied("", (), (), None), continues=True)
    channels: dict[str, list[str]] = {}
    for one in applied:
        for name in one.channels:
            channels.setdefault(name, []).append(one.rule_id)
    if not applied and config.catch_all_channel is not None:
        channels[config.catch_all_channel] = []
    receivers = [name for one in applied for name in one.receivers] if applied else list(channels)
    return Verdict(
        rule_ids=tuple(one.rule_id for one in applied),
        channels=tuple(name for name in channels if name in config.channels),
        policy_id=next((one.policy_id for one in applied if one.policy_id), None),
        missing=tuple(name for name in channels if name not in config.channels),
        by_channel=tuple((name, tuple(ids)) for name, ids in channels.items()),
        receivers=tuple(dict.fromkeys(receivers)),
    )


# --- random rules and alerts

_conditions = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.lists(st.sampled_from(SEVERITIES), min_size=1, max_size=2),
        "cluster_pattern": st.sampled_from(PATTERNS),
        "labels": st.dictionaries(st.sampled_from("xy"), st.sampled_from(["", "1", "2"]), min_size=1, max_size=2),
        "odd_message": st.booleans(),
    },
)


@st.composite
def rules(draw: st.DrawFn, depth: int = 3) -> tuple[AlertRoutingRule, ...]:
    """Draw siblings, with routes of their own."""
    made = []
    for _ in range(draw(st.integers(0, 3))):
        receiver = draw(st.sampled_from([None, None, *RECEIVERS, "unknown"]))
        channels = draw(st.lists(st.sampled_from((*CHANNELS, "missing")), max_size=2, unique=True))
        made.append(
            AlertRoutingRule(
                rule_id=f"r{draw(st.integers(0, 10**9))}",
                conditions=draw(_conditions),
                target_channels=() if receiver else channels,
                receiver=receiver,
                escalation_policy_id=draw(st.sampled_from([None, "p", "q"])),
                priority=draw(st.integers(1, 3)),
                enabled=draw(st.sampled_from([True, True, True, False])),
                continue_matching=draw(st.sampled_from([None, True, False])),
                routes=draw(rules(depth=depth - 1)) if depth else (),
            )
        )
    return tuple(made)


_alerts = st.builds(
    PerformanceAlert,
    alert_id=st.just("a"),
    cluster_id=st.sampled_from(CLUSTERS),
    severity=st.sampled_from(SEVERITIES),
    metric_name=st.just("cpu"),
    message=st.sampled_from(["", "odd", "boom"]),
    labels=st.dictionaries(st.sampled_from("xy"), st.sampled_from(["", "1", "2"])),
)


def configured(drawn: tuple[AlertRoutingRule, ...], catch_all: str | None = None) -> Configuration:
    """Return a configuration of these rules."""
    channels = {name: channel(name) for name in CHANNELS}
    return Configuration(channels=channels, routing_rules=drawn, receivers=RECEIVERS, catch_all_channel=catch_all)


@given(drawn=rules(), alerts=st.lists(_alerts, min_size=1, max_size=6), catch_all=st.sampled_from([None, "c0", "gone"]))
@settings(max_examples=300, deadline=None)
def test_the_plan_answers_as_alertmanager_s_tree_does(
    drawn: tuple[AlertRoutingRule, ...], alerts: list[PerformanceAlert], catch_all: str | None
) -> None:
    """Same rules in the same order, same channels without duplicates, same policy."""
    config = configured(drawn, catch_all)
    plan = compile_plan(config, registry())
    for alert in alerts:
        assert plan.route(AlertView(alert)) == model(config, alert)


@given(drawn=rules(), alerts=st.lists(_alerts, min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_what_the_plan_remembers_never_changes_an_answer(
    drawn: tuple[AlertRoutingRule, ...], alerts: list[PerformanceAlert]
) -> None:
    """A plan that has seen everything answers as one that has seen nothing, and as its conditions say one by one."""
    config = configured(drawn)
    plan = compile_plan(config, registry())
    for alert in [*alerts, *reversed(alerts)]:
        view = AlertView(alert)
        assert plan.route(view) == compile_plan(config, registry()).route(view)
        assert plan.candidates(view) == naive_candidates(plan, view)


def naive_candidates(plan: Plan, view: AlertView) -> int:
    """Ask every condition of every node."""
    return sum(1 << node.index for node in plan.nodes if all(_holds(one.condition, view) for one in node.conditions))


def _holds(condition: Condition, view: AlertView) -> bool:
    try:
        return condition.holds(view)
    except RuntimeError:
        return True


# --- single promises


def routed(*made: AlertRoutingRule, severity: str = "critical", cluster: str = "prod-1", **labels: str) -> Verdict:
    """Route one alert through these rules."""
    alert = PerformanceAlert("a", cluster, severity, "cpu", labels=labels)
    return compile_plan(configured(made), registry()).route(AlertView(alert))


def test_every_matching_flat_rule_adds_its_channels_without_duplicates_in_order() -> None:
    verdict = routed(rule("late", "c2", "c1", priority=9), rule("first", "c1"), rule("second", "c0", "c1"))
    assert verdict.rule_ids == ("late", "first", "second")
    assert verdict.channels == ("c2", "c1", "c0")


def test_the_first_rule_that_names_a_policy_gives_it() -> None:
    assert routed(rule("none", "c0"), rule("one", "c0", policy="p"), rule("two", "c0", policy="q")).policy_id == "p"


def test_a_flat_rule_that_does_not_continue_stops_there() -> None:
    made = (rule("stop", "c0", continue_matching=False, severity="critical"), rule("rest", "c1"))
    assert routed(*made).channels == ("c0",)
    assert routed(*made, severity="info").channels == ("c1",)


def test_a_parent_applies_only_if_no_child_did_and_children_inherit() -> None:
    child = rule("child", policy="q", cluster_pattern="prod-.*")
    parent = rule("parent", "c0", policy="p", routes=[child])
    assert (routed(parent).rule_ids, routed(parent).channels, routed(parent).policy_id) == (("child",), ("c0",), "q")
    assert (routed(parent, cluster="x").rule_ids, routed(parent, cluster="x").policy_id) == (("parent",), "p")


def test_a_rule_that_is_switched_off_takes_its_routes_with_it() -> None:
    off = rule("off", "c0", enabled=False, routes=[rule("below", "c1")])
    assert routed(off, rule("on", "c2")).rule_ids == ("on",)


def test_an_absent_label_equals_the_empty_string() -> None:
    assert routed(rule("none", "c0", labels={"team": ""})).channels == ("c0",)
    assert routed(rule("none", "c0", labels={"team": ""}), team="db").channels == ()


def test_a_matcher_that_raises_counts_as_matching_and_is_told_once() -> None:
    alert = PerformanceAlert("a", "c", "info", "cpu", message="boom")
    plan = compile_plan(configured((rule("odd", "c0", odd_message=True),)), registry())
    assert plan.route(AlertView(alert)).channels == ("c0",)
    assert plan.take_failures() == [("odd_message", "rule 'odd': RuntimeError")]
    assert plan.take_failures() == []


def to_receivers(*rules: AlertRoutingRule, **receivers: tuple[str, ...]) -> Plan:
    """Return a plan of *rules* with these receivers."""
    config = Configuration(channels={c: channel(c) for c in CHANNELS}, routing_rules=rules, receivers=receivers)
    return compile_plan(config, registry())


def reached(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the receivers of an alert and the channels by which they are reached."""
    verdict = plan.route(AlertView(PerformanceAlert("a", "prod-1", "critical", "cpu")))
    return verdict.receivers, verdict.channels


def test_a_receiver_stands_for_its_channels_and_is_inherited() -> None:
    """A route that sets channels of its own leaves its parent's receiver."""
    parent = functools.partial(AlertRoutingRule, "parent", receiver="team")
    team = ("c1", "c0")
    assert reached(to_receivers(parent(), team=team)) == (("team",), team)
    assert reached(to_receivers(parent(routes=[AlertRoutingRule("r")]), team=team)) == (("team",), team)
    own = AlertRoutingRule("own", target_channels=["c2"])
    assert reached(to_receivers(parent(routes=[own]), team=team)) == (("c2",), ("c2",))


def test_a_receiver_without_channels_discards_and_its_alerts_are_routed() -> None:
    """It does not inherit its parent's channels, and the catch-all channel is not told."""
    nobody = AlertRoutingRule("nobody", receiver="null")
    parent = AlertRoutingRule("parent", target_channels=["c0"], routes=[nobody])
    plan = to_receivers(parent, null=())
    assert reached(plan) == (("null",), ())
    assert plan.route(AlertView(PerformanceAlert("a", "prod-1", "critical", "cpu"))).rule_ids == ("nobody",)


def test_a_receiver_that_does_not_exist_is_missed_by_its_name() -> None:
    """Nothing is ignored where names are not checked."""
    plan = to_receivers(AlertRoutingRule("r", receiver="team"))
    assert plan.route(AlertView(PerformanceAlert("a", "prod-1", "critical", "cpu"))).missing == ("team",)
