"""Every kind of mistake: each is told at its place, with what would be right, and all of them at once."""

from __future__ import annotations

import pytest
from tests.configfile.files import Files

FINE = """\
channels:
  ops: {backend: console}
receivers: {team: [ops]}
escalation_policies: {nobody: {first: [ops]}}
time_intervals: {nights: [{weekdays: [sunday]}]}
"""

CASES: list[tuple[str, str, str]] = [
    ("^chanels: {}", "chanels", "did you mean 'channels'"),
    ("channels: {a: {backend: console, ^hooman: true}}", "channels.a.hooman", "did you mean 'human'"),
    ("channels: {a: {backend: ^consol}}", "channels.a.backend", "did you mean 'console'"),
    ("channels: {a: {backend: console, config: {^x: 1}}}", "channels.a.config.x", "no such setting"),
    ("channels: {a: {backend: console, min_severity: ^criticl}}", "channels.a.min_severity", "'critical'"),
    ("routing_rules: [{conditions: {^severty: info}}]", "routing_rules[0].conditions.severty", "'severity'"),
    ("aggregation: {strategy: ^windw}", "aggregation.strategy", "did you mean 'window'"),
    ("aggregation: {^window_second: 5}", "aggregation.window_second", "did you mean 'window_seconds'"),
    ("routing_rules: [{aggregation: {strategy: ^x}}]", "routing_rules[0].aggregation.strategy", "known are: "),
    ("escalation_scheduler: ^lvels", "escalation_scheduler", "did you mean 'levels'"),
    ("sources: {a: {source: ^clok, config: {}}}", "sources.a.source", "did you mean 'clock'"),
    ("templates: {t: {backend: ^slak, subject_template: a, body_template: b}}", "templates.t.backend", "'slack'"),
    ("escalation_policies: {p: {^frst: [a]}}", "escalation_policies.p.frst", "no such setting"),
    (
        "escalation_policies: {p: {escalation_levels: {^frst: []}}}",
        "escalation_policies.p.escalation_levels.frst",
        "did you mean 'first'",
    ),
    ("watchdog: {^chanel_id: a}", "watchdog.chanel_id", "did you mean 'channel_id'"),
    ("retention: {^forever: 1}", "retention.forever", "known are: deliveries_seconds"),
    ("server: {^lisen: x}", "server.lisen", "did you mean 'listen'"),
    ("server: {log_format: ^xml}", "server.log_format", "known are: console, json"),
    ("catch_all_channel: ^opps", "catch_all_channel", "did you mean 'ops'"),
    ("routing_rules: [{target_channels: [ops, ^opps]}]", "routing_rules[0].target_channels[1]", "'ops'"),
    ("routing_rules: [{receiver: ^teem}]", "routing_rules[0].receiver", "did you mean 'team'"),
    ("routing_rules: [{escalation_policy_id: ^nbody}]", "routing_rules[0].escalation_policy_id", "'nobody'"),
    ("routing_rules: [{mute_time_intervals: [^night]}]", "routing_rules[0].mute_time_intervals[0]", "'nights'"),
    ("routing_rules: [{active_time_intervals: [^night]}]", "routing_rules[0].active_time_intervals[0]", "'nights'"),
    ("routing_rules: [{routes: [{receiver: ^x}]}]", "routing_rules[0].routes[0].receiver", "known are: team"),
    ("watchdog: {channel_id: ^opps}", "watchdog.channel_id", "did you mean 'ops'"),
    ("channels: {a: ^[]}", "channels.a", "expected a mapping, not a list"),
    ("channels: {a: ^console}", "channels.a", "expected a mapping, not a string"),
    ("channels: {a: {backend: console, human: ^maybe}}", "channels.a.human", "expected true or false, not a string"),
    ("channels: {a: {backend: console, config: ^[]}}", "channels.a.config", "expected a mapping, not a list"),
    ("channels: {a: {backend: console, fallback: ^[ops]}}", "channels.a.fallback", "expected a string"),
    ("channels: {a: {backend: console, min_severity: ^3}}", "channels.a.min_severity", "expected a string"),
    ("routing_rules: ^{a: 1}", "routing_rules", "expected a list, not a mapping"),
    ("routing_rules: [^a]", "routing_rules[0]", "expected a mapping, not a string"),
    ("routing_rules: [{target_channels: ^ops}]", "routing_rules[0].target_channels", "write [ and ] around it"),
    ("routing_rules: [{priority: ^1.5}]", "routing_rules[0].priority", "a whole number, not a number"),
    ("routing_rules: [{conditions: ^[a]}]", "routing_rules[0].conditions", "expected a mapping"),
    ("routing_rules: [{continue: ^1}]", "routing_rules[0].continue", "expected true or false"),
    ("routing_rules: [{aggregation: ^window}]", "routing_rules[0].aggregation", "{strategy: window}"),
    ("escalation_policies: {p: ^[ops]}", "escalation_policies.p", "{immediate: [ops]}"),
    ("escalation_policies: {p: {first: ^ops}}", "escalation_policies.p.first", "expected a list"),
    ("receivers: {r: ^ops}", "receivers.r", "expected a list"),
    ("time_intervals: {n: ^{weekdays: [monday]}}", "time_intervals.n", "expected a list"),
    (
        "inhibition_rules: [{source_matchers: ^a=b, target_matchers: [a=b]}]",
        "inhibition_rules[0].source_matchers",
        "expected a list",
    ),
    ("retention: {resolved_seconds: ^never}", "retention.resolved_seconds", "expected a number, not a string"),
    ("sources: {a: {source: clock, config: ^5}}", "sources.a.config", "expected a mapping"),
    ("server: {listen: ^9093}", "server.listen", "expected a string, not a whole number"),
    ("server: {cluster_labels: ^cluster}", "server.cluster_labels", "expected a list"),
    ("aggregation: ^5", "aggregation", "{strategy: window}"),
    ("channels: {a: {backend: console, rate_limit_per_minute: ^0}}", "channels.a.rate_limit_per_minute", "at least 1"),
    ("channels: {a: {backend: console, fallback: ^a}}", "channels.a.fallback", "its own fallback"),
    ("channels: {a: {backend: console, fallback_after_seconds: ^-1}}", "channels.a.fallback_after_seconds", "zero"),
    ("channels: {a: {backend: console, template_name: ^''}}", "channels.a.template_name", "not empty"),
    ("channels: {^'': {backend: console}}", "channels.", "a name is not empty"),
    ("channels: {a: {backend: webhook, config: {webhook_url: ^x}}}", "channels.a.config.webhook_url", "https://"),
    (
        "channels: {a: {backend: webhook, config: {webhook_url: 'http://x', headers: {Host: ^x}}}}",
        "channels.a.config.headers.Host",
        "set by the connection itself",
    ),
    ("routing_rules: [{conditions: {cluster_pattern: ^'(a'}}]", "routing_rules[0].conditions.cluster_pattern", "'('"),
    ("routing_rules: [{conditions: {labels: {a: ^1}}}]", "routing_rules[0].conditions.labels.a", "a string"),
    ("routing_rules: [{conditions: {labels: ^{}}}]", "routing_rules[0].conditions.labels", "names no label"),
    ("routing_rules: [{conditions: {matchers: [a=b, ^c]}}]", "routing_rules[0].conditions.matchers[1]", "= !="),
    ("routing_rules: [{conditions: {explodes: ^1}}]", "routing_rules[0].conditions.explodes", "RuntimeError"),
    ("routing_rules: [{rule_id: ^''}]", "routing_rules[0].rule_id", "non-empty"),
    ("routing_rules: [{receiver: ^team, target_channels: [ops]}]", "routing_rules[0].receiver", "not both"),
    ("routing_rules: [{aggregation: {burst: ^0}}]", "routing_rules[0].aggregation.burst", "at least 1"),
    ("escalation_policies: {p: {repeat: ^-1}}", "escalation_policies.p.repeat", "at least 0"),
    (
        "escalation_policies: {p: {level_delays_seconds: {first: ^-1}}}",
        "escalation_policies.p.level_delays_seconds.first",
        "at least 0",
    ),
    (
        "escalation_policies: {p: {first: [], second: [], level_delays_seconds: ^{first: 999}}}",
        "escalation_policies.p.level_delays_seconds",
        "before level first",
    ),
    (
        "escalation_policies: {p: {first: [], escalation_levels: {^First: []}}}",
        "escalation_policies.p.escalation_levels.First",
        "already",
    ),
    (
        "templates: {t: {backend: slack, subject_template: ^'{severty}', body_template: b}}",
        "templates.t.subject_template",
        "did you mean 'severity'",
    ),
    (
        "inhibition_rules: [{source_matchers: ^[], target_matchers: [a=b]}]",
        "inhibition_rules[0].source_matchers",
        "one",
    ),
    (
        "inhibition_rules: [{source_matchers: [^'a=~\"(\"'], target_matchers: [a=b]}]",
        "inhibition_rules[0].source_matchers[0]",
        "not closed",
    ),
    ("time_intervals: {n: ^[]}", "time_intervals.n", "at least one interval"),
    ("time_intervals: {n: [{location: ^Europe/Berln}]}", "time_intervals.n[0].location", "Europe/Berlin"),
    ("time_intervals: {n: [{months: [^13]}]}", "time_intervals.n[0].months[0]", "from 1 to 12"),
    (
        "time_intervals: {n: [{times: [{start_time: '09:00', end_time: ^'08:00'}]}]}",
        "time_intervals.n[0].times[0].end_time",
        "as two ranges",
    ),
    ("watchdog: ^{heartbeat_channel: ops}", "watchdog", "both heartbeat_channel and heartbeat_seconds"),
    ("watchdog: {within_seconds: ^0}", "watchdog.within_seconds", "greater than zero"),
    ("retention: {journal_seconds: ^.inf}", "retention.journal_seconds", "finite"),
    ("sources: {^a: {source: clock}}", "sources.a.config.every_seconds", "this is required"),
    ("sources: {a: {source: clock, config: {every_seconds: ^0}}}", "sources.a.config.every_seconds", "must be > 0: 0"),
    ("sources: {^a: {config: {}}}", "sources.a.source", "this is required"),
    (
        "sources: {a: {source: clock, config: {every_seconds: 1, limits: {most: ^x}}}}",
        "sources.a.config.limits.most",
        "expected a whole number",
    ),
    (
        "sources: {a: {source: clock, config: {every_seconds: 1, limits: {^mst: 1}}}}",
        "sources.a.config.limits.mst",
        "did you mean 'most'",
    ),
    (
        "sources: {a: {source: clock, config: {every_seconds: 1, mode: ^slw}}}",
        "sources.a.config.mode",
        "did you mean 'slow'",
    ),
]
"""A line in which ^ stands where the mistake is told; its path; and a part of what is said."""


@pytest.mark.parametrize(("marked", "path", "text"), CASES)
def test_a_mistake_is_told_once_at_its_place(files: Files, marked: str, path: str, text: str) -> None:
    files.write(FINE, "fine.yaml")
    (problem,) = files.problems(marked.replace("^", "") + "\ninclude: [fine.yaml]\n")
    assert (problem.line, problem.column, problem.path) == (1, marked.index("^") + 1, path)
    assert text in problem.problem


EVERYWHERE = """\
channels:
  ops: {backend: slak, min_severity: criticl, rate_limit_per_minute: 0, human: 1, fallback: opps, hooman: true}
  hook:
    backend: webhook
    config: {webhook_url: nowhere, method: FETCH, headerz: {}, headers: {"A B": c}, timeout_seconds: 61}
routing_rules:
  - conditions: {severty: a, severity: [b, info, c], labels: {team: 1}, matchers: [x]}
    target_channels: [opps, 5]
    priority: high
  - routes: [{continue: 1}, {aggregation: {burst: 0, window_seconds: -1, x: 1}}]
escalation_policies:
  p: {first: [opps], repeat: -1, level_delays_seconds: {first: x, frst: 1}, default_channels: [nobody]}
"""


def test_all_mistakes_are_told_at_once(files: Files) -> None:
    assert [path for _, _, path in files.told(EVERYWHERE)] == [
        "channels.ops.backend",
        "channels.ops.min_severity",
        "channels.ops.rate_limit_per_minute",
        "channels.ops.human",
        "channels.ops.fallback",
        "channels.ops.hooman",
        "channels.hook.config.webhook_url",
        "channels.hook.config.method",
        "channels.hook.config.headerz",
        "channels.hook.config.headers.A B",
        "channels.hook.config.timeout_seconds",
        "routing_rules[0].conditions.severty",
        "routing_rules[0].conditions.severity[0]",
        "routing_rules[0].conditions.labels.team",
        "routing_rules[0].conditions.matchers[0]",
        "routing_rules[0].target_channels[0]",
        "routing_rules[0].target_channels[1]",
        "routing_rules[0].priority",
        "routing_rules[1].routes[0].continue",
        "routing_rules[1].routes[1].aggregation.burst",
        "routing_rules[1].routes[1].aggregation.window_seconds",
        "routing_rules[1].routes[1].aggregation.x",
        "escalation_policies.p.first[0]",
        "escalation_policies.p.repeat",
        "escalation_policies.p.level_delays_seconds.first",
        "escalation_policies.p.level_delays_seconds.frst",
        "escalation_policies.p.default_channels[0]",
    ]


def test_a_channel_that_is_wrong_is_there_for_those_who_name_it(files: Files) -> None:
    text = "channels: {a: {backend: nix}}\ncatch_all_channel: a\n"
    assert files.told(text) == [(1, 25, "channels.a.backend")]


def test_a_rules_id_stands_once(files: Files) -> None:
    text = """\
    routing_rules:
      - rule_id: a
      - routes:
          - rule_id: a
    """
    (problem,) = files.problems(text)
    assert (problem.line, problem.column, problem.path) == (4, 18, "routing_rules[1].routes[0].rule_id")
    assert "tocsin.yaml:2:14" in problem.problem


def test_a_required_setting_is_told_without_any_config(files: Files) -> None:
    assert files.told("channels: {a: {backend: webhook}}") == [(1, 12, "channels.a.config.webhook_url")]
    assert files.told("channels: {a: {backend: webhook, config: null}}") == [(1, 34, "channels.a.config.webhook_url")]


def test_two_mistakes_that_only_all_fields_together_show_are_both_told(files: Files) -> None:
    text = "escalation_policies: {p: {first: [], second: [], level_delays_seconds: {first: 999}, repeat: 1, name: 5}}"
    assert [path for _, _, path in files.told(text)] == [
        "escalation_policies.p.level_delays_seconds",
        "escalation_policies.p.name",
    ]
    text = "escalation_policies: {p: {first: [], repeat: 1, repeat_after_seconds: 1, level_delays_seconds: {frst: 1}}}"
    assert [path for _, _, path in files.told(text)] == [
        "escalation_policies.p.repeat_after_seconds",
        "escalation_policies.p.level_delays_seconds.frst",
    ]


def test_an_aggregator_may_refuse_its_settings_late(files: Files) -> None:
    (problem,) = files.problems("aggregation: {strategy: picky, size: 3}")
    assert (problem.column, problem.path, problem.problem) == (38, "aggregation.size", "3 is not enough")


def test_an_aggregation_may_be_null_or_of_the_default_strategy(files: Files) -> None:
    loaded = files.load("routing_rules: [{aggregation: null}, {aggregation: {}}]")
    none, default = loaded.configuration.routing_rules
    assert none.aggregation is None
    assert default.aggregation is not None
    assert default.aggregation.strategy == "window"


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ("{unit: {}}", "limits.unit.word"),
        ("{unit: 5}", "limits.unit"),
        ("5", "limits"),
        ("{unit: {x: 1}}", "limits.unit.x"),
    ],
)
def test_what_is_wrong_deep_in_a_plugins_settings_has_its_place(files: Files, limits: str, path: str) -> None:
    text = f"sources: {{c: {{source: clock, config: {{every_seconds: 1, limits: {limits}}}}}}}"
    assert f"sources.c.config.{path}" in [one.path for one in files.problems(text)]


def test_an_error_of_a_plugin_is_no_crash(files: Files) -> None:
    text = "channels: {a: {backend: rude, config: {word: hunter2, loud: hunter3}}}"
    problems = files.problems(text)
    assert [problem.path for problem in problems] == ["channels.a.config.word", "channels.a.config.loud"]
    assert "hunter2" not in str(problems)
    (problem,) = files.problems("channels: {a: {backend: careless, config: {unknown: 1}}}")
    assert (problem.path, problem.problem) == ("channels.a.config", "this is refused (NameError)")


def test_a_section_that_says_nothing_is_one_that_is_left_out(files: Files) -> None:
    text = "channels:\nreceivers:\nrouting_rules:\naggregation:\nserver:\nwatchdog:\nsources:\ninclude: []\n"
    loaded = files.load(text)
    assert loaded.configuration.channels == {}
