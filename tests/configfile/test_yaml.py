"""YAML in particular: anchors, merge keys, and what it reads otherwise than people mean."""

from __future__ import annotations

import pytest
import yaml
from tests.configfile.files import Files


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML with libyaml, where it has it, and without."""
    if request.param == "python":
        monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader, raising=False)


def test_anchors_aliases_and_merge_keys(files: Files) -> None:
    text = """\
    channels:
      a: &a
        backend: webhook
        min_severity: error
        config: &c {webhook_url: "https://a.example/", method: PUT}
      b: {<<: *a, min_severity: info, config: {<<: *c, method: PATCH}}
      c:
        human: true
        <<: [{human: false, enabled: false}, *a]
      d: *a
    """
    channels = files.load(text).configuration.channels
    assert (channels["b"].min_severity.value, channels["b"].config["method"]) == ("info", "PATCH")
    assert (channels["c"].human, channels["c"].enabled, channels["c"].backend) == (True, False, "webhook")
    assert channels["d"].config == channels["a"].config


def test_what_is_merged_in_is_told_where_it_is_written(files: Files) -> None:
    text = "channels:\n  a: &a\n    backend: slak\n  b: {<<: *a, human: 1}\n"
    assert files.told(text) == [
        (3, 14, "channels.a.backend"),
        (3, 14, "channels.b.backend"),
        (4, 22, "channels.b.human"),
    ]


def test_a_merge_key_takes_mappings(files: Files) -> None:
    text = "channels:\n  a: {backend: console, <<: [5]}\n  b: {backend: console, <<: no}"
    assert [(one.line, one.column, one.path) for one in files.problems(text)] == [
        (2, 25, "channels.a"),
        (3, 25, "channels.b"),
    ]


def test_a_key_stands_once(files: Files) -> None:
    text = "channels:\n  a: {backend: console}\n  b: {backend: console,\n    backend: slack}\n  a: {}\n"
    assert [(one.line, one.column, one.path, one.problem) for one in files.problems(text)] == [
        (4, 5, "channels.b.backend", "the key 'backend' stands here twice; the first is in line 3"),
        (5, 3, "channels.a", "the key 'a' stands here twice; the first is in line 2"),
    ]


TRAPS = [
    (
        "channels: {no: {backend: console}}",
        "channels.no",
        'a key is a string, and YAML reads this as false; write "no"',
    ),
    (
        "channels: {1: {backend: console}}",
        "channels.1",
        'a key is a string, and YAML reads this as a whole number; write "1"',
    ),
    ("channels: {~: {backend: console}}", "channels.None", "a key is a string, and YAML reads this as nothing (null)"),
    ("channels: {[a]: {backend: console}}", "channels", "a key is a string, not a list"),
    (
        "routing_rules: [{name: no}]",
        "routing_rules[0].name",
        'expected a string, not false (YAML reads no as false; write "no" in quotes if that text is meant)',
    ),
    (
        "routing_rules: [{name: 1_000}]",
        "routing_rules[0].name",
        "expected a string, not a whole number "
        '(YAML reads 1_000 as 1000; write "1_000" in quotes if that text is meant)',
    ),
    ("routing_rules: [{name: 5}]", "routing_rules[0].name", "expected a string, not a whole number"),
    ("routing_rules: [{name: true}]", "routing_rules[0].name", "expected a string, not true"),
    ("routing_rules: [{name: ~}]", "routing_rules[0].name", "expected a string, not nothing (null)"),
    (
        "routing_rules: [{name: 2026-01-31}]",
        "routing_rules[0].name",
        "expected a string, not a date or a time (YAML reads 2026-01-31 as a date or a time; "
        'write "2026-01-31" in quotes if that text is meant)',
    ),
    (
        "time_intervals: {n: [{times: [{start_time: 22:00, end_time: '24:00'}]}]}",
        "time_intervals.n[0].times[0].start_time",
        "expected a string, not a whole number "
        '(YAML reads 22:00 as 1320; write "22:00" in quotes if that text is meant)',
    ),
    (
        "time_intervals: {n: [{days_of_month: [1:5]}]}",
        "time_intervals.n[0].days_of_month[0]",
        "a day of the month is a number from 1 to 31, or from -1 (the last) to -31, not '65' "
        "(a range needs quotes: YAML reads 1:5 as 65)",
    ),
    (
        "routing_rules: [{conditions: {labels: {country: no}}}]",
        "routing_rules[0].conditions.labels.country",
        "expected a label's value, a string, not False; write 'False' "
        '(YAML reads no as false; write "no" in quotes if that text is meant)',
    ),
    (
        "retention: {journal_seconds: 1e6}",
        "retention.journal_seconds",
        "expected a number, not a string (YAML reads 1e6 as a string; write it as 1000 or 1.0e+3)",
    ),
    (
        "routing_rules: [{name: !!binary aGk=}]",
        "routing_rules[0].name",
        "the tag 'tag:yaml.org,2002:binary' means nothing",
    ),
    (
        "routing_rules: [{name: !secret a}]",
        "routing_rules[0].name",
        "the tag '!secret' means nothing here; leave it out",
    ),
    ("routing_rules: !list []", "routing_rules", "the tag '!list' means nothing here; leave it out"),
    ("routing_rules: [!!python/object:os.system {}]", "routing_rules[0]", "the tag 'tag:yaml.org,2002:python/object"),
    (
        "retention: {journal_seconds: !!int x}",
        "retention.journal_seconds",
        "YAML takes this for one of its values (int)",
    ),
    (
        "routing_rules: [{name: 2026-13-45}]",
        "routing_rules[0].name",
        "YAML takes this for one of its values (timestamp)",
    ),
]


@pytest.mark.parametrize(("text", "path", "problem"), TRAPS)
def test_what_yaml_makes_of_a_text_is_told(files: Files, text: str, path: str, problem: str) -> None:
    (found,) = files.problems(text)
    assert found.path == path
    assert found.problem.startswith(problem)


def test_tags_of_yaml_itself_work(files: Files) -> None:
    loaded = files.load("routing_rules: !!seq [!!map {name: !!str 5, priority: !!int '7', enabled: !!bool no}]")
    (rule,) = loaded.configuration.routing_rules
    assert (rule.name, rule.priority, rule.enabled) == ("5", 7, False)


def test_yes_and_on_are_fine_where_true_is_meant(files: Files) -> None:
    assert files.warned("channels: {a: {backend: console, human: yes, enabled: on}}\ncatch_all_channel: a") == []


def test_a_number_that_yaml_reads_otherwise_is_warned_of(files: Files) -> None:
    text = """\
    channels: {a: {backend: console, rate_limit_per_minute: 010, fallback_after_seconds: 5:00}}
    catch_all_channel: a
    """
    assert [(path, said) for _, path, said in files.warned(text)] == [
        (
            "channels.a.rate_limit_per_minute",
            "this number may be another than was meant "
            '(YAML reads 010 as 8; write "010" in quotes if that text is meant)',
        ),
        (
            "channels.a.fallback_after_seconds",
            "this number may be another than was meant "
            '(YAML reads 5:00 as 300; write "5:00" in quotes if that text is meant)',
        ),
    ]
    text = """\
    channels: {a: {backend: webhook, config: {webhook_url: "https://x/", timeout_seconds: 010}, human: true}}
    catch_all_channel: a
    """
    ((_, path, said),) = files.warned(text)
    assert path == "channels.a.config.timeout_seconds"
    assert "010" not in said


@pytest.mark.parametrize("field", ["priority: 0x", "name: 0x", "conditions: {since: 0x", "{0x"])
def test_a_number_of_thousands_of_digits(files: Files, field: str) -> None:
    text = f"routing_rules: [{{{field}{'f' * 6000}}}" + "}" * (field.count("{")) + "]"
    if field.startswith("priority"):
        assert files.load(text).configuration.routing_rules[0].priority > 0
    else:
        assert files.problems(text)


def test_columns_count_characters(files: Files) -> None:
    assert files.told("channels: {é: {backend: 'ü', human: 1}, \U0001f600: 5}") == [
        (1, 25, "channels.é.backend"),
        (1, 37, "channels.é.human"),
        (1, 44, "channels.\U0001f600"),
    ]
