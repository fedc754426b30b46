"""Scenarios: tests of one's own configuration, from files, by command and by pytest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lab.conftest import CONFIGURATION, Run

from tocsin import PerformanceAlert, Registry, load_registry
from tocsin.configfile.loading import load_routing
from tocsin.engine.plan import Plan
from tocsin.lab.rehearsal import Rehearsal
from tocsin.lab.scenarios.reading import read_scenarios
from tocsin.lab.scenarios.run import run_scenario

Write = Callable[[str, str], Path]

NOBODY_ANSWERS = """
config: tocsin.yaml
scenarios:
  - name: a database that nobody answers for
    steps:
      - at: T+0
        alert: {alert_id: db1, cluster_id: db-eu-1, severity: critical, metric_name: cpu}
        expect: [pager]
      - at: T+6m
        expect: [manager]
      - at: T+7m
        acknowledge: db1
      - at: T+1h
        expect: nothing
"""
ALERT = "{alert_id: db1, cluster_id: db-eu-1, severity: critical, metric_name: cpu}"


@pytest.fixture
def problems(write: Write, plan_of: Callable[[str], Plan]) -> Callable[[str], tuple[str, ...]]:
    """A function that runs the steps of a scenario, and returns what was not as expected, without the file's name."""

    def problems(steps: str) -> tuple[str, ...]:
        lines = "\n".join(f"      {line}" for line in steps.strip().splitlines())
        path = write("s.yaml", f"scenarios:\n  - name: one\n    steps:\n{lines}\n")
        (scenario,) = read_scenarios(path)
        return tuple(one.removeprefix(f"{path}:") for one in run_scenario(scenario, plan_of(CONFIGURATION)).problems)

    return problems


Problems = Callable[[str], tuple[str, ...]]


def test_all_is_as_expected(write: Write, run: Run) -> None:
    """The configuration that the file names is beside it."""
    write("tocsin.yaml", CONFIGURATION)
    code, out, err = run("test", write("s.yaml", NOBODY_ANSWERS))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "1 passed, 0 failed"


def test_what_is_not_as_expected_is_said_with_all_that_was_told(write: Write, run: Run) -> None:
    """And when, so that the cause can be seen."""
    path = write("s.yaml", NOBODY_ANSWERS)
    code, out, _ = run("test", path, "--config", write("other.yaml", CONFIGURATION.replace("first:", "second:")))
    assert code == 1
    assert f"{path}:9: at T+6m: expected manager to be told, and told was nobody" in out
    assert out.splitlines()[-1] == "0 passed, 1 failed"
    code, out, _ = run("test", "--json", path, "--config", write("other.yaml", CONFIGURATION))
    (result,) = json.loads(out)
    assert (code, result["passed"]) == (0, True)
    assert [(one["at"], one["channel_id"]) for one in result["told"]] == [(0.0, "pager"), (300.0, "manager")]


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        ("[pager]", ()),
        ("[]", ("expected nobody to be told, and told was T+0s pager: firing of db1",)),
        ("nothing", ("expected nobody to be told, and told was T+0s pager: firing of db1",)),
        ("{at_least: [pager]}", ()),
        ("{at_least: [chat]}", ("expected chat to be told too, and told was T+0s pager: firing of db1",)),
        ("{not_told: [chat, manager]}", ()),
        ("{not_told: [pager]}", ("expected pager not to be told, and told was T+0s pager: firing of db1",)),
        ("{told: [pager], about: db1}", ()),
        ("{told: [pager], about: db2}", ("expected pager to be told, and told was nobody",)),
    ],
)
def test_what_can_be_expected(expectation: str, expected: tuple[str, ...], problems: Problems) -> None:
    """Exactly these, at least these, none of these; of one alert."""
    found = problems(f"- at: T+0\n  alert: {ALERT}\n  expect: {expectation}")
    assert tuple(one.split(": ", 2)[2] for one in found) == expected


@pytest.mark.parametrize(
    "steps",
    [
        f"- {{at: 0, alert: {ALERT}, expect: [pager]}}\n- {{at: 4m, resolve: db1, expect: [pager]}}\n"
        "- {at: 1h, expect: nothing}",
        f"- {{at: 0, alert: {ALERT}, expect: [pager]}}\n- {{at: 1m, snooze: {{alert: db1, for: 10m}}}}\n"
        "- {at: 10m, expect: nothing}\n- {at: 12m, expect: {told: [pager]}}\n- {at: 20m, expect: [manager]}",
        f"- {{at: 0, alert: {ALERT}, expect: [pager]}}\n- {{at: 1m, acknowledge: {{alert: db1, by: ann, for: 20m}}}}\n"
        "- {at: 20m, expect: nothing}",
        f"- at: 0\n  silence: {{matchers: 'cluster_id=~\"db-.*\"', for: 10m}}\n  alert: {ALERT}\n  expect: nothing\n"
        "- {at: 11m, expect: [pager]}",
        f"- {{at: 0, receivers: {{pager: down}}, alert: {ALERT}, expect: [pager]}}\n"
        "- {at: 10m, expect: {at_least: [manager]}}",
        f"- at: 0\n  alert:\n    - {ALERT}\n"
        "    - {alert_id: w, cluster_id: web, severity: warning, metric_name: disk}\n"
        "  expect: [pager, chat]\n- {at: 1m, resolve: [db1, w], expect: [pager, chat]}",
    ],
)  # fmt: skip
def test_what_can_happen(steps: str, problems: Problems) -> None:
    """Resolutions, snoozes, acknowledgements that expire, silences, receivers that are down, several alerts at once."""
    assert problems(steps) == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("T+6m", "six", ":9:13: scenarios[0].steps[1].at: expected the time since the beginning, such as T+6m"),
        ("T+6m", "T+0", ""),
        ("T+7m", "T+5m", ":11:9: scenarios[0].steps[2]: a step cannot come before the one above it"),
        ("severity: critical", "severity: critcal", "did you mean 'critical'?"),
        ("acknowledge", "acknowlege", "did you mean 'acknowledge'?"),
        ("expect: nothing", "expect: nobody", "expected a list of channels, `nothing`"),
        ("expect: [manager]", "expect: {tolled: [manager]}", "did you mean 'told'?"),
        ("acknowledge: db1", "snooze: {alert: db1}", "snooze.for: this is required"),
        ("acknowledge: db1", "receivers: {pager: dead}", "a receiver is one of well, down, refusing, hanging"),
        ("acknowledge: db1", "silence: {matchers: '=', for: 1m}", "scenarios[0].steps[2].silence.matchers"),
        ("acknowledge: db1", "silence: {matchers: 'a=\"b\"', for: 0s}", "scenarios[0].steps[2].silence.for"),
        ("[manager]", "[manger]", "s.yaml:9: no channel is called 'manger'; did you mean 'manager'?"),
        ("config: tocsin.yaml", "", "no configuration is named"),
        ("config: tocsin.yaml", "config: none.yaml", "none.yaml"),
    ],
)
def test_mistakes_are_said_with_their_place(old: str, new: str, problem: str, write: Write, run: Run) -> None:
    """Exit code 2, and what would be right."""
    write("tocsin.yaml", CONFIGURATION)
    assert old in NOBODY_ANSWERS
    code, _, err = run("test", write("s.yaml", NOBODY_ANSWERS.replace(old, new, 1)))
    assert code == (2 if problem else 1)
    if "no channel" in problem:
        assert "no channel is called 'manger'; did you mean 'manager'?" in err
    else:
        assert problem in err


def test_a_rehearsal_in_python(plan_of: Callable[[str], Plan], registry: Registry) -> None:
    """The same stage, for tests of embedders."""
    stage = Rehearsal(plan_of(CONFIGURATION))
    alert = PerformanceAlert("db1", "db-1", "critical", "cpu")
    assert stage.explain(alert).channels[0].channel_id == "pager"
    stage.fire(alert)
    assert [one.channel_id for one in stage.news()] == ["pager"]
    stage.wait(299.0)
    assert stage.news() == ()
    stage.wait(1.0)
    assert [(one.at, one.channel_id) for one in stage.news()] == [(300.0, "manager")]
    assert stage.firing() == ("db1",)
    stage.resolve("db1")
    assert [one.channel_id for one in stage.told] == ["pager", "manager", "pager", "manager"]
    assert stage.elapsed == 300.0
    with pytest.raises(ValueError, match="a receiver is one of"):
        stage.receiver("pager", "asleep")


def test_what_is_done_about_an_alert_that_does_not_fire_is_told(problems: Problems) -> None:
    """It would do nothing, and the test would mean less than it says."""
    found = problems(f"- at: 0\n  alert: {ALERT}\n- at: 1m\n  acknowledge: db2\n  resolve: db11")
    assert [one.split(": ", 2)[2] for one in found] == [
        "resolve: no alert 'db11' fires then; did you mean 'db1'?",
        "acknowledge: no alert 'db2' fires then; did you mean 'db1'?",
    ]


def test_a_file_without_a_scenario_is_a_mistake(write: Write, run: Run) -> None:
    """In a pipeline it would pass for ever."""
    code, _, err = run("test", write("s.yaml", "scenarios: []\n"))
    assert code == 2
    assert "there is no scenario in it" in err


def test_what_an_interval_kept_back_is_told_when_it_ends(write: Write) -> None:
    """At the instant at which it does so where the daemon runs."""
    text = """
channels: {a: {backend: console}}
routing_rules: [{rule_id: all, target_channels: [a], mute_time_intervals: [tea]}]
time_intervals: {tea: [{times: [{start_time: "10:05", end_time: "10:15"}]}]}
"""
    rehearsal = Rehearsal(load_routing(write("tea.yaml", text), load_registry()).plan)
    rehearsal.wait(360.0)
    rehearsal.fire(PerformanceAlert("x", "c", "critical", "m"))
    assert not rehearsal.told
    rehearsal.wait(539.0)
    assert not rehearsal.told
    rehearsal.wait(1.0)
    assert [(told.at, told.channel_id) for told in rehearsal.told] == [(900.0, "a")]
