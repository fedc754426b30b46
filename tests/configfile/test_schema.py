"""The JSON Schema takes what the reader takes, and refuses most of what it refuses."""

from __future__ import annotations

from typing import Any

import attrs
import jsonschema
import pytest
import yaml
from tests.configfile.files import Files
from tests.configfile.whole import WHOLE

from tocsin import Registry
from tocsin.configfile.schema import configuration_schema
from tocsin.configfile.sections import SECTIONS
from tocsin.configfile.starter import STARTER


@pytest.fixture(scope="module")
def validator(registry: Registry) -> jsonschema.Draft202012Validator:
    """The schema of all that is installed, and of the tests' plugin."""
    schema = configuration_schema(registry)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _places(validator: jsonschema.Draft202012Validator, text: str) -> set[str]:
    errors = validator.iter_errors(yaml.safe_load(text))
    return {".".join(str(part) for part in error.absolute_path) for error in errors}


@pytest.mark.parametrize("text", [WHOLE, STARTER, "{}", "channels:\nserver:\naggregation:\ninclude: [a.yaml]"])
def test_it_takes_what_is_right(validator: jsonschema.Draft202012Validator, text: str) -> None:
    assert _places(validator, text) == set()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("chanels: {}", ""),
        ("channels: {a: {backend: slak}}", "channels.a.backend"),
        ("channels: {a: {backend: slack}}", "channels.a"),
        ("channels: {a: {backend: slack, config: {webhook_url: 5}}}", "channels.a.config.webhook_url"),
        ("channels: {a: {backend: slack, config: {webhook_url: x, y: 1}}}", "channels.a.config"),
        ("channels: {a: {backend: console, min_severity: bad}}", "channels.a.min_severity"),
        ("routing_rules: [{routes: [{continue: 5}]}]", "routing_rules.0.routes.0.continue"),
        ("routing_rules: [{conditions: {severty: a}}]", "routing_rules.0.conditions"),
        ("aggregation: {group_by: [a]}", "aggregation"),
        ("aggregation: {strategy: grouping, window_seconds: 5}", "aggregation"),
        ("escalation_policies: {p: {frst: [a]}}", "escalation_policies.p"),
        ("sources: {s: {source: clock, config: {}}}", "sources.s.config"),
        ("time_intervals: {n: [{times: [{start_time: 22:00, end_time: x}]}]}", "time_intervals.n.0.times.0.start_time"),
        ("server: {auth_tokens: [{name: a, scopes: [b], hash: c}]}", "server.auth_tokens.0.scopes.0"),
    ],
)
def test_it_refuses_what_is_wrong(
    validator: jsonschema.Draft202012Validator, files: Files, text: str, place: str
) -> None:
    assert place in _places(validator, text)
    assert files.problems(text)


def test_a_secret_may_be_a_file(validator: jsonschema.Draft202012Validator) -> None:
    text = "channels: {a: {backend: slack, config: {webhook_url: {file: /run/secrets/slack}}}}"
    assert _places(validator, text) == set()


def test_it_knows_every_section(registry: Registry) -> None:
    assert set(configuration_schema(registry)["properties"]) == {*SECTIONS, "include"}


def test_classes_describe_themselves(registry: Registry) -> None:
    schema: dict[str, Any] = configuration_schema(registry)
    channel = schema["properties"]["channels"]["additionalProperties"]
    assert channel["description"].startswith("One place that can be told.")
    assert ":raises" not in repr(schema)
    (slack,) = (one for one in channel["allOf"] if one["if"]["properties"]["backend"] == {"const": "slack"})
    assert slack["then"]["properties"]["config"]["description"].startswith("Settings of a Slack channel.")


def test_a_class_that_holds_itself_comes_to_an_end() -> None:
    from tocsin.configfile.schema_types import type_schema

    assert type_schema(Tree)["properties"]["below"]["items"] == {"type": "object"}


@attrs.frozen
class Tree:
    """A tree."""

    below: tuple[Tree, ...] = ()
