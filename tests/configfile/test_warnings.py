"""What is legal and probably wrong is a warning, and does not stop anything."""

from __future__ import annotations

import pytest
from tests.configfile.files import Files

CHANNELS = """\
channels:
  team: {backend: console}
  robot: {backend: webhook, config: {webhook_url: "https://robot.example/"}}
"""


def _rules(files: Files, rules: str, more: str = "") -> list[tuple[int, str, str]]:
    text = f"{CHANNELS}catch_all_channel: team\nwatchdog: {{channel_id: robot}}\nrouting_rules:\n{rules}\n{more}"
    return [(line - 6, path, problem) for line, path, problem in files.warned(text)]


def _paths(warned: list[tuple[int, str, str]], about: str) -> list[str]:
    return [path for _, path, problem in warned if about in problem]


UNREACHED = "no alert ever comes here"


def test_nothing_is_wrong_with_what_is_used(files: Files) -> None:
    more = """\
receivers: {all: [team, robot]}
escalation_policies: {p: {first: [team]}}
templates: {named: {backend: console, subject_template: a, body_template: b}}
time_intervals: {night: [{weekdays: [sunday]}]}
"""
    rules = "  - {receiver: all, escalation_policy_id: p, mute_time_intervals: [night]}"
    assert _rules(files, rules, more) == []


def test_what_nothing_uses(files: Files) -> None:
    text = """\
    channels:
      ops: {backend: console, template_name: t2}
      lonely: {backend: console, fallback: ops}
    receivers: {r: [ops]}
    catch_all_channel: ops
    escalation_policies: {p: {first: [ops]}}
    templates:
      t1: {backend: console, subject_template: a, body_template: b}
      t2: {backend: console, subject_template: a, body_template: b}
      t3: {backend: console, subject_template: a, body_template: b}
      t4: {backend: slack, subject_template: a, body_template: b}
    time_intervals: {n: [{weekdays: [sunday]}]}
    """
    assert files.warned(text) == [
        (3, "channels.lonely", "nothing uses this channel"),
        (4, "receivers.r", "no rule uses this receiver"),
        (6, "escalation_policies.p", "no rule uses this policy"),
        (8, "templates.t1", "no channel uses this template"),
        (11, "templates.t4", "no channel uses this template"),
        (12, "time_intervals.n", "no rule uses this time interval"),
    ]


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ("- {continue: false, target_channels: [team]}\n- {conditions: {severity: info}}", ["routing_rules[1]"]),
        ("- {target_channels: [team]}\n- {conditions: {severity: info}}", []),
        ("- {conditions: {severity: info}, continue: false}\n- {conditions: {severity: info}}", ["routing_rules[1]"]),
        (
            "- {conditions: {severity: info}, continue: false}\n- {conditions: {metric_name: a, severity: info}}",
            ["routing_rules[1]"],
        ),
        ("- {conditions: {severity: info}, continue: false}\n- {conditions: {severity: error}}", []),
        ("- {conditions: {metric_name: a, severity: info}, continue: false}\n- {conditions: {severity: info}}", []),
        ("- {continue: false, enabled: false}\n- {conditions: {severity: info}}", []),
        ("- {continue: false}\n- {enabled: false}", []),
        ("- {name: last}\n- {continue: false, priority: 1}", ["routing_rules[0]"]),
        ("- routes: [{}, {conditions: {severity: info}}]", ["routing_rules[0].routes[1]"]),
        ("- routes: [{continue: true}, {conditions: {severity: info}}]", []),
        ("- {continue: false}\n- routes: [{}, {}]", ["routing_rules[1]"]),
    ],
)
def test_a_rule_that_is_never_reached(files: Files, rules: str, paths: list[str]) -> None:
    assert _paths(_rules(files, rules), UNREACHED) == paths


def test_it_names_the_rule_that_takes_all(files: Files) -> None:
    warned = _rules(files, "- {continue: false, target_channels: [team]}\n- {}")
    assert warned == [
        (
            2,
            "routing_rules[1]",
            f"no alert ever comes here: all that meet these conditions stop at routing_rules[0], {files.folder}"
            "/tocsin.yaml:7; give that one `continue: true`, or move it behind this one",
        )
    ]


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ("- {conditions: {severity: info, matchers: 'severity=\"error\"'}}", []),  # a label may be called so
        ("- {conditions: {severity: info}, routes: [{conditions: {severity: error}}]}", ["routing_rules[0].routes[0]"]),
        ("- {conditions: {matchers: ['a=b', 'a!=b']}}", ["routing_rules[0]"]),
        ("- {conditions: {matchers: ['a=~\"b.*\"', 'a!~\"b+.*|c\"']}}", ["routing_rules[0]"]),
        ("- {conditions: {matchers: ['a=~\"b.*\"', 'a!~\"b.+\"']}}", []),
        ("- {conditions: {matchers: 'a!~\".*\"'}, routes: [{}, {}]}", ["routing_rules[0]"]),
    ],
)
def test_a_rule_whose_conditions_nothing_meets(files: Files, rules: str, paths: list[str]) -> None:
    assert _paths(_rules(files, rules), "none can meet these conditions") == paths


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        (
            "- {conditions: {cluster_pattern: p.*}, continue: false}\n- {conditions: {cluster_pattern: prod-.*}}",
            ["routing_rules[1]"],
        ),
        (
            "- {conditions: {cluster_pattern: prod-.*}, continue: false}\n- {conditions: {cluster_pattern: p.*}}",
            [],
        ),
        (
            "- {conditions: {matchers: 'a=~\"b.*\"'}, continue: false}\n"
            "- {conditions: {matchers: 'a!~\"b.*\"'}, continue: false}\n- {name: rest}",
            ["routing_rules[2]"],
        ),
        ("- {conditions: {since: 2026-01-01}, continue: false}\n- {conditions: {since: 2026-01-01}}", []),
    ],
)
def test_a_rule_is_never_reached_for_what_patterns_mean(files: Files, rules: str, paths: list[str]) -> None:
    assert _paths(_rules(files, rules), UNREACHED) == paths


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ("- {target_channels: [team]}\n- {target_channels: [team], name: again}", ["routing_rules[1]"]),
        ("- {target_channels: [team]}\n- {target_channels: [team, robot]}", []),
        ("- {conditions: {node_id: [a, b]}}\n- {conditions: {node_id: [b, a]}, priority: 7}", ["routing_rules[0]"]),
        ("- {conditions: {node_id: a}}\n- {conditions: {node_id: a}, escalation_policy_id: p}", []),
        ("- {conditions: {node_id: a}}\n- {conditions: {node_id: a}, mute_time_intervals: [n]}", []),
        ("- {conditions: {node_id: a}}\n- {conditions: {node_id: a}, aggregation: {strategy: none}}", []),
        ("- {conditions: {node_id: a}, routes: [{}]}\n- {conditions: {node_id: a}}", []),
        (
            "- {conditions: {node_id: a}, routes: [{}]}\n- {conditions: {node_id: a}, routes: [{}]}",
            ["routing_rules[1]"],
        ),
        ("- {conditions: {node_id: a}, continue: false}\n- {conditions: {node_id: a}, continue: false}", []),
    ],
)
def test_two_rules_that_differ_in_nothing(files: Files, rules: str, paths: list[str]) -> None:
    more = "escalation_policies: {p: {first: [team]}}\ntime_intervals: {n: [{weekdays: [sunday]}]}"
    assert _paths(_rules(files, rules, more), "differs in nothing from") == paths


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("cluster_pattern: .*", False),
        ("cluster_pattern: '(.*)'", False),
        ("cluster_pattern: 'prod-.*'", False),
        ("cluster_pattern: 'prod-.*|.*'", True),
        ("cluster_pattern: '(prod)?.*'", True),
        ("cluster_pattern: ['prod-.*', '.*']", True),
        ("cluster_pattern: 'prod*'", False),
        ("matchers: 'a=~\"|.*b?.*\"'", True),
    ],
)
def test_a_pattern_that_matches_everything_by_accident(files: Files, condition: str, told: bool) -> None:
    warned = _rules(files, f"- {{conditions: {{{condition}}}, target_channels: [team]}}")
    path = f"routing_rules[0].conditions.{condition.split(':')[0]}"
    assert _paths(warned, "matches whatever there is") == ([path] if told else [])


@pytest.mark.parametrize(
    ("policy", "rules", "path"),
    [
        ("{first: [team]}", "- {escalation_policy_id: p}", None),
        ("{first: [gone]}", "- {escalation_policy_id: p}", "escalation_policies.p.first"),
        ("{first: [gone], default_channels: [team]}", "- {escalation_policy_id: p}", None),
        (
            "{escalation_levels: {FIRST: [gone]}}",
            "- {escalation_policy_id: p}",
            "escalation_policies.p.escalation_levels.FIRST",
        ),
        ("{first: [bad]}", "- {escalation_policy_id: p}", None),
        (
            "{first: [bad]}",
            "- {escalation_policy_id: p, conditions: {severity: [info, error]}}",
            "escalation_policies.p.first",
        ),
        ("{first: [team]}", "- {escalation_policy_id: q}\n- {escalation_policy_id: p}", "escalation_policies.p"),
        ("{first: [team]}", "- {escalation_policy_id: q, conditions: {node_id: a}}\n- {escalation_policy_id: p}", None),
    ],
)
def test_a_level_that_nobody_is_told_of(files: Files, policy: str, rules: str, path: str | None) -> None:
    more = f"escalation_policies: {{p: {policy}, q: {{first: [team, gone, bad]}}}}"
    text = (
        f"{CHANNELS}  gone: {{backend: console, enabled: false}}\n  bad: {{backend: console, min_severity: critical}}\n"
    )
    warned = files.warned(f"{text}routing_rules:\n{rules}\n{more}")
    words = ("tells nobody", "comes to this policy")
    assert [where for _, where, problem in warned if any(word in problem for word in words)] == ([path] if path else [])


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ("- {conditions: {cluster_pattern: prod}}", ["routing_rules[0].conditions.cluster_pattern"]),
        ("- {conditions: {cluster_pattern: [prod, test-.*]}}", ["routing_rules[0].conditions.cluster_pattern[0]"]),
        ("- {conditions: {cluster_pattern: prod-.*}}\n- {conditions: {cluster_pattern: 'a|b'}}", []),
        ("- {conditions: {cluster_pattern: prod}}\n- {conditions: {cluster_pattern: [prod]}}", []),
        ("- {conditions: {cluster_pattern: prod}}\n- {conditions: {labels: {cluster: [prod]}}}", []),
        ("- {conditions: {cluster_pattern: prod}}\n- {conditions: {matchers: 'cluster_id=prod, a=b'}}", []),
        (
            "- {conditions: {cluster_pattern: prod}}\n- {conditions: {matchers: ['cluster_id!=prod']}}",
            ["routing_rules[0].conditions.cluster_pattern"],
        ),
        ("- routes: [{conditions: {cluster_pattern: a}}]", ["routing_rules[0].routes[0].conditions.cluster_pattern"]),
    ],
)
def test_a_pattern_without_a_wildcard_that_no_other_place_knows(files: Files, rules: str, paths: list[str]) -> None:
    assert _paths(_rules(files, rules), "matches only a cluster that is called exactly") == paths


def test_an_inhibition_rule_knows_clusters_too(files: Files) -> None:
    more = (
        "inhibition_rules: [{source_matchers: ['cluster=prod'], target_matchers: [{name: a, operator: =, value: b}]}]"
    )
    assert _paths(_rules(files, "- {conditions: {cluster_pattern: prod}}", more), "exactly") == []


NO_PERSON = "is told to no person"


@pytest.mark.parametrize(
    ("rules", "paths"),
    [
        ("- {target_channels: [robot]}", ["routing_rules[0]"]),
        ("- {target_channels: [robot, team]}", []),
        ("- {target_channels: [robot], conditions: {severity: [info, error]}}", []),
        ("- {target_channels: [robot], conditions: {severity: [info, critical]}}", ["routing_rules[0]"]),
        ("- {target_channels: [robot], conditions: {matchers: 'severity=~\"crit.*\"'}}", ["routing_rules[0]"]),
        ("- {target_channels: [robot], conditions: {matchers: 'severity!=critical'}}", []),
        ("- {target_channels: [robot], enabled: false}", []),
        ("- {target_channels: [robot]}\n- {target_channels: [team]}", []),
        (
            "- {target_channels: [robot], continue: false}\n- {conditions: {node_id: a}, target_channels: [team]}",
            ["routing_rules[0]"],
        ),
        ("- {target_channels: [robot]}\n- {conditions: {node_id: a}, target_channels: [team]}", ["routing_rules[0]"]),
        (
            "- {conditions: {node_id: a}, target_channels: [robot]}\n"
            "- {conditions: {severity: critical}, target_channels: [team]}",
            [],
        ),
        ("- {target_channels: [robot], escalation_policy_id: p}", []),
        ("- {receiver: nobody}", []),
        ("- {receiver: robots}", ["routing_rules[0]"]),
        (
            "- {target_channels: [team], routes: [{conditions: {node_id: a}, target_channels: [robot]}]}",
            ["routing_rules[0].routes[0]"],
        ),
        ("- {target_channels: [team], routes: [{conditions: {node_id: a}}]}", []),
        ("- {target_channels: [robot], routes: [{target_channels: [team]}]}", []),
        ("- {conditions: {since: 2026-01-01}, target_channels: [robot]}", ["routing_rules[0]"]),
        (
            "- {target_channels: [robot]}\n- {conditions: {matchers: 'a=~\"b.*\"'}, target_channels: [team]}\n"
            "- {conditions: {matchers: 'a!~\"bc.*\"'}, target_channels: [team]}",
            [],
        ),
    ],
)
def test_a_critical_alert_that_no_person_reads(files: Files, rules: str, paths: list[str]) -> None:
    more = "escalation_policies: {p: {final: [team]}}\nreceivers: {nobody: [], robots: [robot]}"
    assert _paths(_rules(files, rules, more), NO_PERSON) == paths


@pytest.mark.parametrize("fields", ["enabled: false", "min_severity: emergency", "human: false"])
def test_a_channel_that_cannot_tell_a_person(files: Files, fields: str) -> None:
    text = f"channels: {{a: {{backend: console, {fields}}}}}\nrouting_rules: [{{target_channels: [a]}}]"
    assert [path for _, path, problem in files.warned(text) if "no person reads any" in problem] == ["channels"]


def test_a_webhook_may_be_a_persons(files: Files) -> None:
    config = "{webhook_url: 'https://x.example/'}"
    text = f"channels: {{a: {{backend: webhook, config: {config}, human: true}}}}\ncatch_all_channel: a"
    assert files.warned(text) == []


def test_a_catch_all_channel_that_no_person_reads(files: Files) -> None:
    text = (
        f"{CHANNELS}catch_all_channel: robot\nrouting_rules: [{{conditions: {{node_id: a}}, target_channels: [team]}}]"
    )
    assert [path for _, path, _ in files.warned(text)] == ["catch_all_channel"]
    assert files.warned(text.replace("conditions: {node_id: a}", "name: all")) == []


def test_nobody_is_told_of_anything(files: Files) -> None:
    assert files.warned("{}") == [
        (1, "", "no rule is on and there is no catch_all_channel: nobody is told of anything")
    ]


def test_a_file_with_an_error_has_no_warnings(files: Files) -> None:
    assert files.told("channels: {a: {backend: console}}\nreceivers: {r: [b]}") == [(2, 17, "receivers.r[0]")]


@pytest.mark.parametrize(
    ("rules", "intervals", "paths"),
    [
        (
            "- mute_time_intervals: [a]",
            'a: [{times: [{start_time: "00:00", end_time: "24:00"}]}]',
            ["routing_rules[0]"],
        ),
        ("- mute_time_intervals: [a]", "a: [{}]", ["routing_rules[0]"]),
        ("- mute_time_intervals: [a]", 'a: [{times: [{start_time: "00:00", end_time: "23:59"}]}]', []),
        ("- active_time_intervals: [a]", 'a: [{years: ["2001:2003"]}]', ["routing_rules[0]"]),
        ("- active_time_intervals: [a]", 'a: [{months: [february], days_of_month: ["30"]}]', ["routing_rules[0]"]),
        (
            "- routes: [{mute_time_intervals: [a, b]}, {mute_time_intervals: [a], continue: true}]",
            "a: [{weekdays: ['monday:friday']}]\n  b: [{weekdays: [saturday, sunday]}]",
            ["routing_rules[0].routes[0]"],
        ),
        (
            "- {mute_time_intervals: [a], active_time_intervals: [b]}",
            "a: [{weekdays: ['monday:friday']}]\n  b: [{weekdays: [wednesday]}]",
            ["routing_rules[0]"],
        ),
        (
            "- {mute_time_intervals: [a], active_time_intervals: [b]}",
            'a: [{times: [{start_time: "08:00", end_time: "18:00"}]}]\n'
            '  b: [{times: [{start_time: "12:00", end_time: "13:00"}]}]',
            ["routing_rules[0]"],
        ),
        (
            "- mute_time_intervals: [a, b]",
            'a: [{times: [{start_time: "00:00", end_time: "12:00"}]}]\n'
            '  b: [{times: [{start_time: "12:00", end_time: "24:00"}]}]',
            ["routing_rules[0]"],
        ),
        ("- {mute_time_intervals: [a], enabled: false}", "a: [{}]", []),
    ],
)
def test_a_rule_that_is_always_silent(files: Files, rules: str, intervals: str, paths: list[str]) -> None:
    assert _paths(_rules(files, rules, f"time_intervals:\n  {intervals}\n"), "keep it silent") == paths
