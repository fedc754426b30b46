"""Aggregation by rule: which rule's groups an alert joins, that they never mix, and what a reload does to open ones."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, Sent, configuration, fired, installed, rule

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    Configuration,
    ConfigurationError,
    EscalationPolicy,
    GapKind,
    Outcome,
)
from tocsin.engine.compile import compile_plan

DELIVERED = Outcome.delivered()
LATER = 100_000.0


def grouping(wait: float = 30.0, interval: float = 300.0, *labels: str, **more: Any) -> Aggregation:
    """The aggregation ``grouping`` without reminders."""
    durations = {"group_wait_seconds": wait, "group_interval_seconds": interval, "repeat_interval_seconds": None}
    return Aggregation("grouping", {"group_by": list(labels), **durations, **more})


SLOW = grouping(30, 300)
QUICK = grouping(10, 100)


def team(name: str, aggregation: Aggregation | None = None, *channels: str, **options: Any) -> AlertRoutingRule:
    """A rule for one team's alerts; without *channels*, the one of the team's name is told."""
    return rule(name, *(channels or (name,)), labels={"team": name}, aggregation=aggregation, **options)


def answered(*rules: AlertRoutingRule, **options: Any) -> Bench:
    """A bench with a channel per team and the global ``window``; all attempts end well."""
    return Bench(configured(*rules, **options), answer=DELIVERED)


def configured(*rules: AlertRoutingRule, **options: Any) -> Configuration:
    """A configuration with a channel per team."""
    return configuration("db", "web", "all", rules=rules, **options)


def fire(bench: Bench, alert_id: str, name: str, **fields: Any) -> list[Sent]:
    """An alert of a team fires."""
    return bench.fire(alert_id, labels={"team": name}, **fields)


# --- which rule decides


def test_a_rules_alerts_are_grouped_beside_the_global_window() -> None:
    bench = answered(team("db", SLOW), team("web"))
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.wake(20)
    fire(bench, "b", "db")
    fire(bench, "y", "web")
    bench.wake(LATER)
    assert bench.told("db") == [(30, "firing", ["a", "b"], [])]
    assert bench.told("web") == [(0, "firing", ["x"], []), (300, "more", ["y"], [])]


def test_the_groups_of_two_rules_never_mix_though_their_labels_are_equal() -> None:
    bench = answered(team("db", SLOW, "all"), team("web", QUICK, "all"))
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.wake(LATER)
    assert bench.told("all") == [(10, "firing", ["x"], []), (30, "firing", ["a"], [])]
    assert len({one.notification.incident_id for one in bench.sent}) == 2


def test_nor_with_those_of_the_configuration_itself() -> None:
    rules = (team("db", SLOW, "all"), team("web", None, "all"))
    bench = answered(*rules, aggregator="grouping", settings=dict(SLOW.settings))
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.wake(LATER)
    assert sorted(bench.told("all")) == [(30, "firing", ["a"], []), (30, "firing", ["x"], [])]


def test_the_first_rule_that_applies_and_has_one_decides_for_all_channels() -> None:
    rules = (rule("any", "all"), team("db", SLOW), rule("late", "web", aggregation=QUICK))
    bench = answered(*rules)
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.wake(LATER)
    assert bench.told("db") == [(30, "firing", ["a"], [])]
    assert bench.told("all") == bench.told("web") == [(10, "firing", ["x"], []), (30, "firing", ["a"], [])]


def test_the_order_of_rules_is_that_of_their_priority() -> None:
    bench = answered(rule("slow", "all", aggregation=SLOW), rule("quick", "all", aggregation=QUICK, priority=1))
    bench.fire("a")
    bench.wake(LATER)
    assert bench.told("all") == [(10, "firing", ["a"], [])]


def test_child_routes_inherit_their_parents() -> None:
    """One group for the parent and those children that say nothing; another for the child that has its own."""
    children = (team("db"), team("web", QUICK))
    bench = answered(rule("parent", "all", aggregation=SLOW, routes=children))
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    fire(bench, "o", "others")
    bench.wake(LATER)
    assert bench.told("web") == [(10, "firing", ["x"], [])]
    assert bench.told("db") == [(30, "firing", ["a"], [])]
    assert bench.told("all") == [(30, "firing", ["o"], [])]
    incidents = {one.channel_id: one.notification.incident_id for one in bench.sent}
    assert incidents["db"] == incidents["all"] != incidents["web"]


def test_a_grandchild_inherits_from_the_nearest() -> None:
    grandchild = rule("leaf", "web", cluster_pattern="prod-.*")
    bench = answered(rule("top", "all", aggregation=SLOW, routes=[team("db", QUICK, routes=[grandchild])]))
    fire(bench, "a", "db", cluster_id="prod-1")
    bench.wake(LATER)
    assert bench.told("web") == [(10, "firing", ["a"], [])]


def test_a_disabled_rule_decides_nothing() -> None:
    bench = answered(team("db", SLOW, enabled=False), rule("any", "all"))
    assert [one.firing for one in fire(bench, "a", "db")] == [["a"]]


def test_a_rule_may_leave_alerts_alone_where_the_configuration_groups() -> None:
    options = {"aggregator": "grouping", "settings": dict(SLOW.settings)}
    bench = answered(team("db", Aggregation("none"), "all"), rule("any", "all"), **options)
    fire(bench, "a", "db")
    fire(bench, "b", "db")
    bench.fire("c")
    bench.wake(LATER)
    assert bench.told("all") == [(0, "firing", ["a"], []), (0, "firing", ["b"], []), (30, "firing", ["c"], [])]


def test_a_group_is_told_on_every_channel_that_its_alerts_are_routed_to() -> None:
    """At the instants of the group, though another rule with another aggregation brought the channel."""
    bench = answered(team("db", SLOW), rule("any", "all", aggregation=QUICK))
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.wake(LATER)
    assert bench.told("db") == [(30, "firing", ["a"], [])]
    assert bench.told("all") == [(10, "firing", ["x"], []), (30, "firing", ["a"], [])]


def test_an_alert_that_changes_rules_stays_in_its_group_as_long_as_it_fires() -> None:
    bench = answered(team("db", SLOW, "all"), team("web", QUICK, "all"))
    fire(bench, "a", "db")
    bench.wake(40)
    fire(bench, "a", "web")
    bench.wake(400)
    bench.resolve("a")
    bench.wake(LATER)
    fire(bench, "a", "web")
    bench.wake(2 * LATER)
    assert bench.told("all") == [
        (30, "firing", ["a"], []),
        (630, "resolved", [], ["a"]),
        (LATER + 10, "firing", ["a"], []),
    ]


def _last_word(bench: Bench, alert_id: str) -> str:
    listed = [
        one.status.value for sent in bench.sent for one in sent.notification.alerts if one.alert.alert_id == alert_id
    ]
    return listed[-1]


def test_an_end_that_waits_is_told_before_the_alert_fires_again_in_another_rules_group() -> None:
    bench = answered(team("db", SLOW, "all"), team("web", QUICK, "all"))
    fire(bench, "a", "db")
    bench.wake(40)
    bench.resolve("a")
    fire(bench, "a", "web")
    bench.wake(LATER)
    assert _last_word(bench, "a") == "firing"


def test_nor_does_it_overtake_in_the_next_window() -> None:
    bench = answered(rule("any", "all"))
    bench.step(fired("a"), fired("b"))
    bench.wake(299)
    bench.resolve("a")
    bench.wake(301)
    bench.fire("a")
    bench.wake(LATER)
    assert _last_word(bench, "a") == "firing"


@pytest.mark.parametrize(
    ("aggregation", "problem", "where"),
    [
        (Aggregation("groupin"), "did you mean 'grouping'", "strategy"),
        (Aggregation("grouping", {"group_interval_seconds": 0}), "number of seconds", "group_interval_seconds"),
        (Aggregation("grouping", {"groupby": []}), "did you mean 'group_by'", "groupby"),
    ],
)
def test_a_rules_aggregation_that_cannot_work_is_named_with_the_rule(
    aggregation: Aggregation, problem: str, where: str
) -> None:
    child = team("db", aggregation)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        compile_plan(configured(rule("parent", "all", routes=[child])), installed())
    assert caught.value.where == f"routing_rules.db.aggregation.{where}"


# --- reloads while groups are open


def test_when_a_rules_aggregation_is_removed_its_group_ends_as_the_configurations_own_says() -> None:
    """What waits is told when it was promised, new alerts form incidents of the window, and nobody is told twice."""
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(40)
    fire(bench, "b", "db", severity="error")
    bench.reload(configured(team("db")))
    bench.wake(50)
    assert [one.firing for one in fire(bench, "c", "db")] == [["c"]]
    bench.wake(1000)
    bench.resolve("a", "b", "c")
    bench.wake(LATER)
    told = sorted(name for one in bench.sent for name in one.firing)
    assert told == ["a", "b", "c"]
    assert sorted(name for one in bench.sent for name in one.resolved) == ["a", "b", "c"]
    assert bench.gaps(GapKind.AGGREGATOR_FAILED) == []


def test_when_a_rule_gets_an_aggregation_open_incidents_stay_as_they_are_and_new_alerts_are_grouped() -> None:
    bench = answered(team("db"))
    fire(bench, "a", "db")
    bench.reload(configured(team("db", SLOW)))
    bench.wake(50)
    assert fire(bench, "b", "db") == []
    bench.resolve("a")
    bench.wake(LATER)
    assert bench.told("db") == [(0, "firing", ["a"], []), (50, "resolved", [], ["a"]), (80, "firing", ["b"], [])]


def test_when_a_rules_durations_change_its_open_group_follows() -> None:
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(100)
    bench.reload(configured(team("db", QUICK)))
    fire(bench, "b", "db")
    bench.wake(LATER)
    assert bench.told("db") == [(30, "firing", ["a"], []), (110, "more", ["a", "b"], [])]


def test_when_a_rule_takes_another_strategy_its_open_group_takes_no_more_alerts() -> None:
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(100)
    bench.reload(configured(team("db", Aggregation("window"))))
    assert [one.firing for one in fire(bench, "b", "db")] == [["b"]]
    bench.wake(200)
    assert [one.resolved for one in bench.resolve("a")] == [["a"]]


def test_when_a_rule_is_removed_what_it_grouped_goes_where_the_others_say() -> None:
    bench = answered(team("db", SLOW), rule("any", "all"))
    fire(bench, "a", "db")
    bench.wake(10)
    bench.reload(configured(rule("any", "all")))
    bench.wake(LATER)
    assert bench.told("db") == []
    assert [firing for _, _, firing, _ in bench.told("all")] == [["a"]]


def test_a_rule_that_comes_back_finds_its_group_again() -> None:
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(40)
    bench.reload(configured(team("db")))
    bench.reload(configured(team("db", SLOW)))
    fire(bench, "b", "db")
    bench.wake(LATER)
    assert bench.told("db") == [(30, "firing", ["a"], []), (330, "more", ["a", "b"], [])]
    assert len({one.notification.incident_id for one in bench.sent}) == 1


def test_a_reload_that_changes_nothing_about_a_group_tells_nothing() -> None:
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(40)
    assert bench.reload(configured(team("db", SLOW), rule("more", "web", metric_name="other"))) == []
    assert bench.wake(LATER) == []


# --- restarts


def test_a_restart_keeps_the_groups_of_each_rule_apart() -> None:
    rules = (team("db", SLOW, "all"), team("web", QUICK, "all"))
    bench = answered(*rules)
    fire(bench, "a", "db")
    fire(bench, "x", "web")
    bench.restart(5)
    fire(bench, "b", "db")
    fire(bench, "y", "web")
    bench.wake(40)
    fire(bench, "z", "web")
    bench.restart(41)
    bench.wake(LATER)
    assert bench.told("all") == [
        (10, "firing", ["x", "y"], []),
        (30, "firing", ["a", "b"], []),
        (110, "more", ["x", "y", "z"], []),
    ]


def test_a_restart_after_a_rules_aggregation_was_removed_loads_its_groups() -> None:
    bench = answered(team("db", SLOW))
    fire(bench, "a", "db")
    bench.wake(40)
    bench.reload(configured(team("db")))
    bench.resolve("a")
    bench.restart(50)
    bench.wake(LATER)
    assert bench.told("db")[0] == (30, "firing", ["a"], [])
    assert [one.resolved for one in bench.sent[1:]] == [["a"]]


def test_the_flushes_of_many_groups_at_one_instant_are_all_met() -> None:
    """More than one step takes."""
    bench = Bench(configured(rule("any", "all", aggregation=grouping(30, 300, "..."))), checked=False)
    bench.step(*[fired(f"a{n:03}") for n in range(600)])
    for _ in range(600):
        bench.deliver(*bench.wake(30))
    assert sorted(name for one in bench.sent for name in one.firing) == [f"a{n:03}" for n in range(600)]
    assert {one.at for one in bench.sent} == {30}


def test_escalation_and_acknowledgement_are_the_groups_as_a_whole() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["web"], "second": ["web"]})
    bench = answered(team("db", SLOW, policy="p"), policies=[policy])
    fire(bench, "a", "db")
    fire(bench, "b", "db")
    (sent,) = bench.wake(60)
    bench.wake(400)
    bench.ack(sent.notification.incident_id)
    bench.wake(LATER)
    assert bench.told("web") == [(300, "escalation", ["a", "b"], [])]
