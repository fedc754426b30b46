"""Configurations with a hole that was made on purpose, each beside the one without it: every hole is found."""

from __future__ import annotations

from typing import Any

import pytest
from tests.configfile.files import Files
from tests.lab.prove.asking import CHANNELS, ask

from tocsin import PerformanceAlert, load_registry
from tocsin.configfile.loading import load_routing
from tocsin.lab.rehearsal import Rehearsal

INTERVALS = """
time_intervals:
  weekend: [{weekdays: [saturday, sunday]}]
  night: [{times: [{start_time: "22:00", end_time: "24:00"}]}, {times: [{start_time: "00:00", end_time: "06:00"}]}]
  day: [{times: [{start_time: "06:00", end_time: "22:00"}]}]
  blink: [{times: [{start_time: "12:00", end_time: "12:05"}]}]
  long: [{times: [{start_time: "12:00", end_time: "12:14"}]}]
  xmas: [{months: [december], days_of_month: ["24"]}]
"""
PAIR = """\
channels:
  team: {backend: console, fallback: boss, fallback_after_seconds: 60}
  boss: {backend: console}
  robot: {backend: webhook, config: {webhook_url: "https://robot.example/"}}
"""


def _rules(*rules: str, more: str = "", channels: str = CHANNELS) -> str:
    return f"{channels}routing_rules:\n" + "\n".join(f"- {rule}" for rule in rules) + f"\n{more}\n"


def _policy(policy: str, rule: str = "{target_channels: [robot], escalation_policy_id: p}", more: str = "") -> str:
    return _rules(rule, more=f"escalation_policies: {{p: {policy}}}\n{more}")


ALL = "{target_channels: [team]}"
PROVED: dict[str, tuple[str, dict[str, Any]]] = {
    "one rule for all": (_rules(ALL), {}),
    "two patterns that leave nothing": (
        _rules(
            "{conditions: {matchers: 'cluster=~\"prod-.*\"'}, target_channels: [team]}",
            "{conditions: {matchers: 'cluster!~\"prod-eu-.*\"'}, target_channels: [boss]}",
        ),
        {},
    ),
    "three patterns that leave nothing": (
        _rules(
            *(f"{{conditions: {{cluster_pattern: '{p}'}}, target_channels: [team]}}" for p in ("[a-m].*", "|[^a-m].*"))
        ),
        {},
    ),
    "the field, the label alone, or a label that is empty": (
        _rules(
            "{conditions: {matchers: 'severity=\"critical\"'}, target_channels: [team]}",
            '{conditions: {matchers: \'"labels.severity"!=""\'}, target_channels: [team]}',
            "{conditions: {matchers: 'severity=\"\"'}, target_channels: [team]}",
        ),
        {},
    ),
    "a rule that stops and has a person": (
        _rules("{conditions: {cluster_pattern: a.*}, target_channels: [boss], continue: false}", ALL),
        {},
    ),
    "what stops is covered by what went before": (
        _rules(
            "{conditions: {cluster_pattern: a.*}, target_channels: [team]}",
            "{conditions: {cluster_pattern: ab.*}, target_channels: [robot], continue: false}",
            ALL,
        ),
        {},
    ),
    "routes and their parent": (
        _rules("{target_channels: [team], routes: [{conditions: {node_id: a}, target_channels: [boss]}]}"),
        {},
    ),
    "a level in time": (_policy("{first: [team]}"), {}),
    "the default channels of a level": (
        _policy("{first: [gone], default_channels: [team]}").replace(
            "channels:\n", "channels:\n  gone: {backend: console, enabled: false}\n", 1
        ),
        {},
    ),
    "the catch-all channel": (
        _rules("{conditions: {node_id: a}, target_channels: [team]}", more="catch_all_channel: boss"),
        {},
    ),
    "a short silence": (_rules("{target_channels: [team], mute_time_intervals: [blink]}", more=INTERVALS), {}),
    "day and night": (
        _rules(
            "{target_channels: [team], active_time_intervals: [day]}",
            "{target_channels: [boss], active_time_intervals: [night]}",
            more=INTERVALS,
        ),
        {},
    ),
    "two who are told": (_rules("{target_channels: [team, boss]}"), {"tolerate": 1}),
    "a fallback": (_rules(ALL, channels=PAIR), {"tolerate": 1}),
    "grouping that waits for less": (_rules(ALL, more="aggregation: {strategy: grouping}"), {}),
}
HOLES: dict[str, tuple[str, dict[str, Any]]] = {
    "no rule": (_rules("{conditions: {node_id: a}, target_channels: [team]}"), {}),
    "nobody reads it": (_rules("{target_channels: [robot]}"), {}),
    "a gap between patterns": (
        _rules(
            "{conditions: {matchers: 'cluster=~\"prod-.*\"'}, target_channels: [team]}",
            "{conditions: {matchers: 'cluster!~\"pro.*\"'}, target_channels: [boss]}",
        ),
        {},
    ),
    "the empty string": (
        _rules(
            *(f"{{conditions: {{cluster_pattern: '{p}'}}, target_channels: [team]}}" for p in ("[a-m].*", "[^a-m].*"))
        ),
        {},
    ),
    "a label that is there and empty": (
        _rules(
            "{conditions: {matchers: 'severity=\"critical\"'}, target_channels: [team]}",
            '{conditions: {matchers: \'"labels.severity"!=""\'}, target_channels: [team]}',
        ),
        {},
    ),
    "a label that hides the field": (
        _rules("{conditions: {matchers: 'severity=\"critical\"'}, target_channels: [team]}"),
        {},
    ),
    "a rule that stops": (
        _rules("{conditions: {cluster_pattern: a.*}, target_channels: [robot], continue: false}", ALL),
        {},
    ),
    "by priority it comes first": (
        _rules(ALL, "{conditions: {cluster_pattern: a.*}, target_channels: [robot], continue: false, priority: 1}"),
        {},
    ),
    "what stops is not all covered": (
        _rules(
            "{conditions: {cluster_pattern: ab.*}, target_channels: [team]}",
            "{conditions: {cluster_pattern: a.*}, target_channels: [robot], continue: false}",
            ALL,
        ),
        {},
    ),
    "a route that takes it": (
        _rules("{target_channels: [team], routes: [{conditions: {node_id: a}, target_channels: [robot]}]}"),
        {},
    ),
    "a rule that is off": (_rules("{target_channels: [team], enabled: false}", "{target_channels: [robot]}"), {}),
    "a channel that is off": (
        _rules(ALL).replace("team: {backend: console}", "team: {backend: console, enabled: false}"),
        {},
    ),
    "a channel for worse": (
        _rules(ALL).replace("team: {backend: console}", "team: {backend: console, min_severity: emergency}"),
        {},
    ),
    "a level too late": (_policy("{second: [team], level_delays_seconds: {second: 901}}"), {}),
    "a level with one that is usable": (_policy("{first: [robot], default_channels: [team]}"), {}),
    "an earlier policy": (
        _rules(
            "{conditions: {node_id: a}, target_channels: [robot], escalation_policy_id: q}",
            "{target_channels: [robot], escalation_policy_id: p}",
            more="escalation_policies: {p: {first: [team]}, q: {first: [robot]}}",
        ),
        {},
    ),
    "no catch-all for what is matched": (
        _rules("{conditions: {node_id: a}, target_channels: [robot]}", more="catch_all_channel: boss"),
        {},
    ),
    "the weekend": (_rules("{target_channels: [team], mute_time_intervals: [weekend]}", more=INTERVALS), {}),
    "one day of the year": (_rules("{target_channels: [team], mute_time_intervals: [xmas]}", more=INTERVALS), {}),
    "a silence longer than what is left": (
        _rules("{target_channels: [team], mute_time_intervals: [blink]}", more=INTERVALS),
        {"within": 240.0},
    ),
    "a level while all rules are silent": (
        _policy(
            "{first: [team]}",
            "{target_channels: [robot], escalation_policy_id: p, mute_time_intervals: [night]}",
            more=INTERVALS,
        ),
        {},
    ),
    "a level that comes due in a silence": (
        _policy(
            "{first: [team]}",
            "{target_channels: [robot], escalation_policy_id: p, mute_time_intervals: [long]}",
            more=INTERVALS,
        ),
        {},
    ),
    "a level's channel that a silent rule names": (
        _rules(
            "{target_channels: [robot], escalation_policy_id: p}",
            "{target_channels: [team], mute_time_intervals: [night]}",
            more=f"escalation_policies: {{p: {{first: [team]}}}}{INTERVALS}",
        ),
        {},
    ),
    "a silence between a failure and the fallback's turn": (
        _rules("{target_channels: [team], mute_time_intervals: [long]}", more=INTERVALS, channels=PAIR),
        {"tolerate": 1, "within": 920.0},
    ),
    "a channel that fails": (_rules(ALL), {"tolerate": 1}),
    "a fallback too late": (_rules(ALL, channels=PAIR.replace("60", "901")), {"tolerate": 1}),
    "a fallback that fails too": (_rules(ALL, channels=PAIR), {"tolerate": 2}),
    "a fallback that a silent rule names": (
        _rules(
            ALL,
            "{conditions: {node_id: a}, target_channels: [boss], mute_time_intervals: [night]}",
            more=INTERVALS,
            channels=PAIR,
        ),
        {"tolerate": 1},
    ),
    "grouping that waits": (_rules(ALL, more="aggregation: {strategy: grouping, group_wait_seconds: 901}"), {}),
    "another channel": (_rules(ALL), {"goal": frozenset({"boss"})}),
}


@pytest.mark.parametrize("name", PROVED)
def test_what_has_no_hole_is_proved(files: Files, name: str) -> None:
    text, fields = PROVED[name]
    verdict = ask(files, text, **fields)
    assert verdict.proved, verdict


@pytest.mark.parametrize("name", HOLES)
def test_every_hole_is_found(files: Files, name: str) -> None:
    text, fields = HOLES[name]
    assert ask(files, text, **fields).counterexample is not None


def test_the_instant_of_a_counterexample_lies_in_the_hole(files: Files) -> None:
    found = ask(files, *HOLES["one day of the year"][:1]).counterexample
    assert found is not None
    assert 0 <= found.at - 1_798_070_400.0 < 86_400.0  # 2026-12-24


def test_the_alert_of_a_counterexample_has_what_matters_and_nothing_else(files: Files) -> None:
    found = ask(files, *HOLES["a rule that stops"][:1]).counterexample
    assert found is not None
    assert (found.alert.cluster_id, dict(found.alert.labels), found.failing) == ("a", {}, ())
    assert [one.channel_id for one in found.told] == ["robot"]


def test_what_only_a_predicate_knows_is_undecided_and_the_matcher_named(files: Files) -> None:
    text = _rules("{conditions: {long_name: 2}, target_channels: [team]}")
    verdict = ask(files, text)
    assert verdict.counterexample is None
    assert any("'long_name'" in reason for reason in verdict.undecided)


def test_a_predicate_does_not_matter_where_others_decide(files: Files) -> None:
    assert ask(files, _rules("{conditions: {long_name: 9}, target_channels: [robot]}", ALL)).proved
    text = _rules("{conditions: {long_name: 9, node_id: a}, target_channels: [team]}")
    assert ask(files, text).counterexample is not None


def test_a_predicate_may_make_a_counterexample_as_well(files: Files) -> None:
    """The alert that is found happens to have a shorter name, and so the engine tells nobody of it."""
    text = _rules("{conditions: {long_name: 9}, target_channels: [team]}")
    found = ask(files, text).counterexample
    assert found is not None
    assert len(found.alert.metric_name) < 9


def test_a_predicate_that_raises_counts_as_matching(files: Files) -> None:
    assert ask(files, _rules("{conditions: {long_name: -1}, target_channels: [team]}")).undecided


def test_what_waits_for_others_is_undecided(files: Files) -> None:
    verdict = ask(files, _rules(ALL), within=30.0)
    assert any("'window'" in reason and "1m" in reason for reason in verdict.undecided)


def test_an_aggregator_that_does_not_say_how_long_it_waits_is_undecided(files: Files) -> None:
    verdict = ask(files, _rules(ALL, more="aggregation: {strategy: silent_about_it}"))
    assert any("does not say how long" in reason for reason in verdict.undecided)


def test_a_level_does_not_wait_for_the_aggregator(files: Files) -> None:
    assert ask(files, _policy("{first: [team]}", more="aggregation: {strategy: silent_about_it}")).proved


@pytest.mark.parametrize("word", ["escalates alone", "limit", "inhibits", "labels.", "one channel fails"])
def test_what_is_taken_for_granted_is_said(files: Files, word: str) -> None:
    plain = ask(files, _rules(ALL))
    assert not any(word in one for one in plain.assumptions)
    text = _rules(
        "{target_channels: [team, boss], conditions: {matchers: 'labels.a!=\"b\"'}, escalation_policy_id: p}".replace(
            "labels.a", '"labels.a"'
        ),
        "{target_channels: [team, boss]}",
        more="escalation_policies: {p: {first: [team]}}\n"
        "inhibition_rules: [{source_matchers: ['a=b'], target_matchers: ['a=c']}]",
    ).replace("team: {backend: console}", "team: {backend: console, rate_limit_per_minute: 5}")
    verdict = ask(files, text, tolerate=1)
    assert verdict.proved
    assert any(word in one for one in verdict.assumptions)


def test_an_escalation_counts_on_the_first_report(files: Files) -> None:
    """Whom it can tell is decided when it begins: of an alert that grows worse later, a proof says nothing."""
    text = """
channels:
  pager: {backend: console, min_severity: critical}
  boss: {backend: console, min_severity: emergency}
routing_rules: [{rule_id: a, escalation_policy_id: p}]
escalation_policies: {p: {escalation_levels: {immediate: [boss]}, default_channels: [pager]}}
"""
    verdict = ask(files, text)
    assert verdict.proved
    assert any(one.startswith("it is critical from its first report on") for one in verdict.assumptions)


def test_a_limit_that_is_used_up_is_waited_for(files: Files) -> None:
    """The engine lets a digest go a minute after the last start at the latest, and the proof counts on no less."""
    text = _rules(ALL, more="aggregation: {strategy: none}", channels=CHANNELS).replace(
        "team: {backend: console}", "team: {backend: console, rate_limit_per_minute: 2}"
    )
    assert ask(files, text, within=60.0).proved
    verdict = ask(files, text, within=59.0)
    assert verdict.undecided == ("the rate limit of 'team' may keep it waiting for up to 1m",)

    rehearsal = Rehearsal(load_routing(files.write(text), load_registry()).plan)
    for number in range(9):
        rehearsal.fire(PerformanceAlert(f"a{number}", "c", "critical", "m"))
    assert len(rehearsal.news()) == 2
    rehearsal.wait(59.5)
    assert rehearsal.news() == ()
    rehearsal.wait(0.5)
    assert [told.alert_ids for told in rehearsal.news()] == [tuple(f"a{number}" for number in range(2, 9))]


NEXT_IN_LINE = """
aggregation: {strategy: none}
channels:
  pager: {backend: console, rate_limit_per_minute: 1, fallback: robot, fallback_after_seconds: 5}
  robot: {backend: webhook, config: {webhook_url: "https://robot.example/"}}
escalation_policies:
  p: {first: [pager], level_delays_seconds: {first: 30}}
routing_rules:
  - {target_channels: [pager], escalation_policy_id: p}
"""


def _rehearsal(files: Files, text: str) -> Rehearsal:
    return Rehearsal(load_routing(files.write(text), load_registry()).plan)


def _heard(rehearsal: Rehearsal, alert_id: str, channel_id: str) -> list[float]:
    return [told.at for told in rehearsal.told if alert_id in told.alert_ids and told.channel_id == channel_id]


def test_a_level_that_takes_the_place_of_what_a_limit_held_waits_for_the_limit_too(files: Files) -> None:
    """It is delayed, not failed, and is not handed to the fallback channel."""
    assert ask(files, NEXT_IN_LINE, within=60.0).proved
    rehearsal = _rehearsal(files, NEXT_IN_LINE)
    rehearsal.fire(PerformanceAlert("before", "c", "critical", "m"))
    rehearsal.wait(1.0)
    rehearsal.fire(PerformanceAlert("ours", "c", "critical", "m"))
    rehearsal.wait(59.0)
    assert _heard(rehearsal, "ours", "pager") == [60.0]
    assert _heard(rehearsal, "ours", "robot") == []


def test_what_is_more_urgent_takes_along_what_a_limit_held(files: Files) -> None:
    """Each minute the level of another alert comes due as the limit lets one through: no turn is missed for that."""
    text = _policy(
        "{first: [team]}",
        rule="{target_channels: [team], escalation_policy_id: p}",
        more="aggregation: {strategy: none}",
    ).replace("team: {backend: console}", "team: {backend: console, rate_limit_per_minute: 1}")
    assert ask(files, text, within=60.0).proved
    rehearsal = _rehearsal(files, text)
    for number in range(5):
        rehearsal.fire(PerformanceAlert(f"a{number}", "c", "critical", "m"))
        rehearsal.wait(60.0)
    rehearsal.fire(PerformanceAlert("ours", "c", "critical", "m"))
    rehearsal.wait(60.0)
    (at,) = _heard(rehearsal, "ours", "team")
    assert at <= 360.0


def test_a_fallback_comes_after_its_time_however_soon_a_retry_would_be_too_late(files: Files) -> None:
    """Where others keep the probes of an open circuit, no attempt begins, and none is too late."""
    text = _rules(ALL, channels=PAIR.replace("60", "7200"), more="aggregation: {strategy: none}")
    assert not ask(files, text, within=3700.0, tolerate=1).proved
    assert ask(files, text, within=7200.0 + 2 * 65.0 + 1.0, tolerate=1).proved


def test_a_channel_that_hangs_may_have_another_alert_of_the_incident_before(files: Files) -> None:
    """Two attempts that time out go before the fallback."""
    more = "aggregation: {strategy: grouping, group_wait_seconds: 0, group_interval_seconds: 1}"
    text = _rules(ALL, channels=PAIR.replace("60", "5"), more=more)
    rehearsal = _rehearsal(files, text)
    rehearsal.receiver("team", "hanging")
    rehearsal.fire(PerformanceAlert("before", "c", "critical", "m"))
    rehearsal.wait(1.0)
    rehearsal.fire(PerformanceAlert("ours", "c", "critical", "m"))
    rehearsal.wait(600.0)
    (at,) = _heard(rehearsal, "ours", "boss")
    assert not ask(files, text, within=at - 2.0, tolerate=1).proved
    assert ask(files, text, within=at + 10.0, tolerate=1).proved


def test_what_an_interval_keeps_back_is_told_at_its_end(files: Files) -> None:
    """The engine that confirms comes to the end of intervals, as the one that serves does."""
    text = _rules(
        "{target_channels: [team], mute_time_intervals: [long]}",
        channels=CHANNELS.replace("team: {backend: console}", "team: {backend: console, rate_limit_per_minute: 1}"),
        more=INTERVALS + "aggregation: {strategy: none}",
    )
    assert ask(files, text, within=961.0).proved  # a minute for the limit, the interval, and another minute
    verdict = ask(files, text, within=901.0)
    assert verdict.undecided
    assert verdict.counterexample is None
