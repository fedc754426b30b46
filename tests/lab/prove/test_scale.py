"""A thousand rules with patterns: decided with little work, or undecided and said so. Work is counted, not timed."""

from __future__ import annotations

import pytest
from tests.configfile.files import Files
from tests.lab.prove.asking import CHANNELS, ask, plan_of_text

from tocsin.configfile.reach import UNITS
from tocsin.proof.findings import Findings

MANY = 1000
LAST = "- {target_channels: [team]}"


def _text(pattern: str, rule: str, last: str = LAST) -> str:
    rules = (f"- {{conditions: {{cluster_pattern: '{pattern.format(n=n)}'}}, {rule}}}" for n in range(MANY))
    return "\n".join([f"{CHANNELS}routing_rules:", *rules, last])


@pytest.mark.parametrize("rule", ["target_channels: [robot]", "target_channels: [boss], continue: false"])
def test_it_is_proved(files: Files, rule: str) -> None:
    verdict = ask(files, _text("team-{n}-(a|b).*", rule))
    assert verdict.proved
    assert verdict.work < 100_000


@pytest.mark.parametrize("last", ["- {target_channels: [robot]}", ""])
def test_the_alert_that_no_pattern_matches_is_found(files: Files, last: str) -> None:
    verdict = ask(files, _text("team-{n}-(a|b).*", "target_channels: [team], continue: false", last))
    assert verdict.counterexample is not None
    assert verdict.work < 100_000


def test_the_one_rule_with_a_hole_is_found(files: Files) -> None:
    text = _text("team-{n}-(a|b).*", "target_channels: [team], continue: false")
    verdict = ask(files, text.replace("'team-777-(a|b).*'}, target_channels: [team]", "'team-777-(a|b).*'}"))
    assert verdict.counterexample is not None
    assert verdict.counterexample.alert.cluster_id.startswith("team-777-")
    assert verdict.work < 1_000_000


def test_rules_in_pairs_that_leave_nothing_are_proved(files: Files) -> None:
    pairs = (
        f"- {{conditions: {{matchers: 'team{operator}\"t{n}-.*\"'}}, target_channels: [team]}}"
        for n in range(MANY // 2)
        for operator in ("=~", "!~")
    )
    assert ask(files, "\n".join([f"{CHANNELS}routing_rules:", *pairs])).proved


def test_what_is_too_entangled_is_undecided_and_says_so(files: Files) -> None:
    rules = (
        f"- {{conditions: {{matchers: 'a!~\".*{letter}.{{{2 * n + 3}}}[0-9].*\"'}}, target_channels: [team]}}"
        for n, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
    )
    last = "- {conditions: {matchers: 'a!~\"[a-z0-9]{0,28}\"'}, target_channels: [team]}"
    verdict = ask(files, "\n".join([f"{CHANNELS}routing_rules:", *rules, last]), units=200_000)
    assert verdict.undecided[0].startswith("it would take more than 200000 steps of work")
    assert verdict.work <= 200_100


@pytest.mark.parametrize("rule", ["target_channels: [team]", "target_channels: [team], continue: false"])
def test_what_check_looks_for_takes_about_a_second(files: Files, rule: str) -> None:
    plan = plan_of_text(
        files,
        _text("team-{n}-(a|b).*", rule, "- {conditions: {node_id: a}, continue: false}\n- {conditions: {node_id: a}}"),
    )
    findings = Findings(plan, UNITS)
    assert [one.node.index for one in findings.unreached()] == [MANY + 1]


def _teams(count: int, told: str, last: str) -> str:
    """Teams with hours of their own, in which they are not to be told."""
    hours = (f'  i{n}: [{{times: [{{start_time: "{n % 20:02}:{n:02}", end_time: "23:00"}}]}}]' for n in range(count))
    rules = (
        f"- {{conditions: {{cluster_pattern: 't{n}-.*'}}, target_channels: [{told}], mute_time_intervals: [i{n}]}}"
        for n in range(count)
    )
    return "\n".join([f"{CHANNELS}time_intervals:", *hours, "routing_rules:", *rules, last])


def test_many_schedules_of_their_own_are_no_obstacle(files: Files) -> None:
    """A whole year of each is looked at, and an edge costs little."""
    assert ask(files, _teams(30, "team", LAST)).proved
    assert ask(files, _teams(30, "robot", "")).counterexample is not None


def test_intervals_that_change_all_the_time_cost_what_they_take(files: Files) -> None:
    """So that the budget ends before patience does."""
    ranges = (f'{{start_time: "{n:02}:{m:02}", end_time: "{n:02}:{m + 1:02}"}}' for n in range(24) for m in (0, 2, 4))
    text = f"{CHANNELS}time_intervals: {{x: [{{times: [{', '.join(ranges)}]}}]}}\n"
    rule = "routing_rules: [{target_channels: [team], mute_time_intervals: [x]}]"
    verdict = ask(files, text + rule, units=100_000)
    assert verdict.undecided[0].startswith("it would take more than 100000 steps of work")
