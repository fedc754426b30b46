"""Every format gives the place of what is wrong: line, column and path."""

from __future__ import annotations

import pytest
from tests.configfile.files import Files

from tocsin import ConfigurationFileError, load_configuration

YAML = """\
channels:
  ops:
    backend: slak
    min_severity:   "wrng"
  team: {backend: webhook, config: {webhook_url: "https://é.example/", headers: {X: 5}}}
routing_rules:
  - conditions:
      severity: [error, criticl]
    target_channels:
      - ops
      - opps
    routes:
      - {prioritty: 1}
"""

TOML = """\
catch_all_channel = "nobody" # known: none

[channels.ops]
backend = "slak"
"min_severity" =   "wrng"

[channels]
team.backend = 'webhook'
team.config = {webhook_url = "https://é.example/", headers = {X = 5}}

[[routing_rules]]
name = \"\"\"
[not = a table]
\"\"\"
conditions.severity = ["error", # a comment with ] in it
  "criticl"]
target_channels = ["ops", "opps"]
  [[routing_rules.routes]]
  priority = 1
  [[routing_rules.routes]]
  prioritty = 1
  [routing_rules.routes.conditions]
  severty = "info"
"""

JSON = """\
{"channels": {
\t"ops": {"backend": "slak",
\t        "min_severity"
:   "wrng"},
  "team": {"backend": "webhook", "config": {"webhook_url": "https://\\u00e9.example/\\"{", "headers": {"X": 5}}}},
 "routing_rules": [{"conditions": {"severity": ["error", "criticl"]},
    "target_channels": ["ops", "opps"],
    "routes": [{"prioritty": 1}]}]}
"""


def test_yaml(files: Files) -> None:
    assert files.told(YAML) == [
        (3, 14, "channels.ops.backend"),
        (4, 21, "channels.ops.min_severity"),
        (5, 85, "channels.team.config.headers.X"),
        (8, 25, "routing_rules[0].conditions.severity[1]"),
        (11, 9, "routing_rules[0].target_channels[1]"),
        (13, 10, "routing_rules[0].routes[0].prioritty"),
    ]


def test_toml(files: Files) -> None:
    assert files.told(TOML, "tocsin.toml") == [
        (1, 21, "catch_all_channel"),
        (4, 11, "channels.ops.backend"),
        (5, 20, "channels.ops.min_severity"),
        (9, 67, "channels.team.config.headers.X"),
        (16, 3, "routing_rules[0].conditions.severity[1]"),
        (17, 27, "routing_rules[0].target_channels[1]"),
        (21, 3, "routing_rules[0].routes[1].prioritty"),
        (23, 3, "routing_rules[0].routes[1].conditions.severty"),
    ]


def test_json(files: Files) -> None:
    assert files.told(JSON, "tocsin.json") == [
        (2, 21, "channels.ops.backend"),
        (4, 5, "channels.ops.min_severity"),
        (5, 107, "channels.team.config.headers.X"),
        (6, 58, "routing_rules[0].conditions.severity[1]"),
        (7, 32, "routing_rules[0].target_channels[1]"),
        (8, 17, "routing_rules[0].routes[0].prioritty"),
    ]


@pytest.mark.parametrize(("text", "ending"), [(YAML, ".yaml"), (TOML, ".toml"), (JSON, ".json")])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_lines_may_end_as_on_windows_and_a_byte_order_mark_is_nothing(
    files: Files, text: str, ending: str, begin: str
) -> None:
    told = files.told(text, f"unix{ending}")
    path = files.folder / f"windows{ending}"
    path.write_bytes((begin + text.replace("\n", "\r\n")).encode())
    with pytest.raises(ConfigurationFileError) as caught:
        load_configuration(path, files.registry)
    assert [(one.line, one.column, one.path) for one in caught.value.problems] == told


def test_what_is_missing_is_told_at_the_key_that_misses_it(files: Files) -> None:
    assert files.told("channels:\n  ops:\n    human: true\n") == [(2, 3, "channels.ops.backend")]
    assert files.told("channels:\n  ops: {backend: slack}\n") == [(2, 3, "channels.ops.config.webhook_url")]
    assert files.told("channels.ops.human = true\n", "tocsin.toml") == [(1, 10, "channels.ops.backend")]


def test_an_error_is_one_line_with_file_line_column_path_and_problem(files: Files) -> None:
    (problem,) = files.problems("chanels: {}\n")
    assert str(problem) == (
        f"{files.folder / 'tocsin.yaml'}:1:1: chanels: there is no such setting; did you mean 'channels'?"
    )
