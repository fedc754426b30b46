"""A setting that is a number or a boolean may be all of it one variable; no error shows what was in it."""

from __future__ import annotations

import jsonschema
import pytest
import yaml
from tests.configfile.files import Files

from tocsin import EscalationLevel, Registry
from tocsin.configfile.schema import configuration_schema

SECRET = "hunter2-Zq9!x"


def channel(settings: str, config: str = "") -> str:
    """Return a configuration with one channel."""
    return f"channels: {{a: {{backend: webhook, {settings}, config: {{webhook_url: 'https://x/', {config}}}}}}}"


@pytest.mark.parametrize(("held", "value"), [("5", 5), ("+005", 5), ("120", 120)])
def test_a_whole_number(files: Files, held: str, value: int) -> None:
    loaded = files.load(channel("rate_limit_per_minute: '${LIMIT}'"), environ={"LIMIT": held})
    limit = loaded.configuration.channels["a"].rate_limit_per_minute
    assert (limit, type(limit)) == (value, int)


@pytest.mark.parametrize(
    ("held", "value"), [("5", 5), ("0.5", 0.5), (".5", 0.5), ("1e3", 1000.0), ("5.", 5.0), ("1.5E-1", 0.15)]
)
def test_a_number(files: Files, held: str, value: float) -> None:
    loaded = files.load("server: {resolve_timeout_seconds: '${T}'}", environ={"T": held})
    assert loaded.server.resolve_timeout_seconds == value


@pytest.mark.parametrize(
    ("held", "value"), [("true", True), ("false", False), ("True", True), ("FALSE", False), ("TRUE", True)]
)
def test_a_boolean(files: Files, held: str, value: bool) -> None:
    text = channel("enabled: '${ON}'")
    assert files.load(text, environ={"ON": held}).configuration.channels["a"].enabled is value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", 'server = {max_labels = "${N}"}'),
        ("a.json", '{"server": {"max_labels": "${N}"}}'),
        ("a.yaml", "server:\n  max_labels: ${N}"),
        ("b.yaml", "server: {max_labels: '${M:-7}'}"),
    ],
)
def test_so_it_is_in_every_format_also_for_what_is_otherwise(files: Files, name: str, text: str) -> None:
    assert files.load(text, name, {"N": "7"}).server.max_labels == 7


def test_so_it_is_in_what_is_deeper_and_in_what_plugins_are_given(files: Files) -> None:
    """The service is given numbers, and not texts, too."""
    text = """\
    channels:
      a:
        backend: webhook
        config: {webhook_url: "https://x/", timeout_seconds: "${SECONDS}", http: {allow_link_local: "${ON}"}}
    aggregation: {strategy: window, window_seconds: "${SECONDS}"}
    escalation_policies: {p: {first: [a], level_delays_seconds: {first: "${SECONDS}"}}}
    """
    environ = {"SECONDS": "7", "ON": "true"}
    configuration = files.load(text, environ=environ).configuration
    config = configuration.channels["a"].config
    assert config["timeout_seconds"] == 7
    assert config["http"]["allow_link_local"] is True
    assert configuration.aggregation is not None
    assert configuration.aggregation.settings["window_seconds"] == 7
    assert configuration.escalation_policies["p"].level_delays_seconds == {EscalationLevel.FIRST: 7.0}


def test_a_text_stays_one(files: Files) -> None:
    """Where a string is expected, or where the variable is not all of it."""
    loaded = files.load("routing_rules: [{name: '${N}'}]", environ={"N": "5"})
    assert loaded.configuration.routing_rules[0].name == "5"
    for text in ("1${N}", "${N}${N}", " ${N}", "$${N}"):
        problems = files.problems(f"server: {{max_labels: '{text}'}}", environ={"N": "5"})
        assert "expected a whole number, not a string" in problems[0].problem


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("rate_limit_per_minute: '${V}'", "expected a whole number"),
        ("enabled: '${V}'", "expected true or false"),
        ("fallback_after_seconds: '${V}'", "expected a number"),
    ],
)
@pytest.mark.parametrize("held", [SECRET, "", "5x", " 5", "0x10", "1_000", "yes", "nan", "1e999", "9" * 5000, "\u0665"])
def test_what_is_something_else_is_told_and_not_shown(files: Files, settings: str, expected: str, held: str) -> None:
    problems = files.problems(channel(settings), environ={"V": held})
    assert [one.problem for one in problems] == [
        f"{expected}; what came from ${{V}} is something else, and is not shown"
    ]


@pytest.mark.parametrize("held", ["-7331", "7331000000000"])
def test_a_number_that_the_setting_refuses_is_not_shown_either(files: Files, held: str) -> None:
    """Nor is one in a plugin's settings; and what is beside it is not blamed."""
    text = "server: {max_labels: '${V}', max_connections: '${W}'}"
    (problem,) = files.problems(text, environ={"V": held, "W": "7"})
    assert problem.path == "server.max_labels"
    assert problem.problem == "what came from ${V} is refused; it is not shown"
    problems = files.problems(
        channel("enabled: true", "timeout_seconds: '${V}', max_alerts: 0.5"), environ={"V": "-7331"}
    )
    assert "7331" not in str(problems)


def test_the_schema_takes_a_variable_and_no_other_text(registry: Registry) -> None:
    """So that editors do as well."""
    validator = jsonschema.Draft202012Validator(configuration_schema(registry))
    for value, right in (("${N}", True), ("${N:-5}", True), ("5", False), ("x${N}", False)):
        text = f"""
        channels: {{a: {{backend: console, rate_limit_per_minute: "{value}", enabled: "{value}"}}}}
        escalation_policies: {{p: {{level_delays_seconds: {{first: "{value}"}}}}}}
        """
        assert (not list(validator.iter_errors(yaml.safe_load(text)))) is right
