"""The bundled matchers, through the registry: what they accept, what they mean, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import (
    AlertSeverity,
    AlertView,
    Condition,
    ConditionError,
    LabelMatcher,
    MatchOperator,
    PatternError,
    PerformanceAlert,
    compile_pattern,
    discovery,
    field_test,
)
from tocsin_plugins import cluster, labels, metric, severity

MODULES = (severity, cluster, metric, labels)


def compiled(name: str, value: Any) -> Condition:
    """Compile one condition with the matcher that the bundled plugins register under *name*."""
    found = discovery.load(entry_points=[], extra=MODULES)
    assert not found.failures
    condition = found.registry.matchers[name].spec.factory(value)
    assert isinstance(condition, Condition)
    return condition


def view(**fields: Any) -> AlertView:
    """An alert: critical, in prod-1, of cpu, unless *fields* say otherwise."""
    usual = {"alert_id": "a1", "cluster_id": "prod-1", "severity": "critical", "metric_name": "cpu"}
    return AlertView(PerformanceAlert.parse(usual | fields))


def test_the_plugins_register_the_six_conditions_of_a_rule() -> None:
    registry = discovery.load(entry_points=[], extra=MODULES).registry
    assert list(registry.matchers) == ["cluster_pattern", "labels", "matchers", "metric_name", "node_id", "severity"]


@pytest.mark.parametrize(
    ("name", "value", "alert", "holds"),
    [
        ("severity", "critical", {}, True),
        ("severity", "CRITICAL", {}, True),
        ("severity", AlertSeverity.CRITICAL, {}, True),
        ("severity", ["info", AlertSeverity.CRITICAL], {}, True),
        ("severity", {"info", "error"}, {}, False),
        ("severity", "warning", {"labels": {"severity": "warning"}}, False),
        ("severity", "critical", {"labels": {"severity": "warning"}}, True),
        ("cluster_pattern", "prod-.*", {}, True),
        ("cluster_pattern", "prod", {}, False),
        ("cluster_pattern", "prod-1", {}, True),
        ("cluster_pattern", ["dev-.*", "prod-[0-9]"], {}, True),
        ("cluster_pattern", ["dev-.*", "prod-2"], {}, False),
        ("cluster_pattern", "(?i)PROD-.*", {}, True),
        ("cluster_pattern", ".*", {"cluster_id": ""}, True),
        ("cluster_pattern", "dev-.*", {"labels": {"cluster_id": "dev-1"}}, False),
        ("cluster_pattern", "prod.*", {"cluster_id": "prod\n"}, True),
        ("cluster_pattern", "prod$", {"cluster_id": "prod\n"}, False),
        ("metric_name", "cpu", {}, True),
        ("metric_name", ["mem", "cpu"], {}, True),
        ("metric_name", "cpu", {"labels": {"metric_name": "mem"}}, True),
        ("metric_name", "c.*", {}, False),
        ("node_id", "n1", {"node_id": "n1"}, True),
        ("node_id", ["n1", "n2"], {"node_id": "n3"}, False),
        ("node_id", "", {}, True),
        ("node_id", "n1", {"labels": {"node_id": "n1"}}, False),
        ("labels", {"team": "db"}, {"labels": {"team": "db"}}, True),
        ("labels", {"team": ["web", "db"]}, {"labels": {"team": "db"}}, True),
        ("labels", {"team": "db", "tier": "1"}, {"labels": {"team": "db"}}, False),
        ("labels", {"team": ""}, {}, True),
        ("labels", {"team": ["", "x"]}, {"labels": {"team": ""}}, True),
        ("labels", {"severity": "critical"}, {}, True),
        ("labels", {"severity": "critical"}, {"labels": {"severity": "page"}}, False),
        ("labels", {"cluster_id": "prod-1", "alert_id": "a1"}, {}, True),
        ("matchers", 'severity="critical"', {}, True),
        ("matchers", 'severity="critical"', {"labels": {"severity": "page"}}, False),
        ("matchers", 'job=~"api|web"', {"labels": {"job": "web"}}, True),
        ("matchers", '{job!="api", team!~"d.*"}', {"labels": {"job": "web", "team": "db"}}, False),
        ("matchers", '{job!="api", team!~"d.*"}', {"labels": {"job": "web"}}, True),
        ("matchers", ["job=api", "team=~d.*"], {"labels": {"job": "api", "team": "db"}}, True),
        ("matchers", ["job=api", "team=~d.*"], {"labels": {"job": "api"}}, False),
        ("matchers", 'job=~".*"', {}, True),
        ("matchers", 'job=~".+"', {}, False),
        ("matchers", 'job=""', {}, True),
        ("matchers", 'job!=""', {}, False),
        ("matchers", '"ö.x"=y', {"labels": {"ö.x": "y"}}, True),
    ],
)
def test_a_condition_holds_for_the_alerts_that_it_describes(
    name: str, value: Any, alert: dict[str, Any], holds: bool
) -> None:
    condition = compiled(name, value)
    assert condition.holds(view(**alert)) is holds
    assert condition.explain(view(**alert))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("severity", "critcal", "unknown severity 'critcal'; did you mean 'critical'?"),
        ("severity", ["info", "error", "eror"], "unknown severity 'eror'; did you mean 'error'? @ [2]"),
        ("severity", [], "an empty list matches no alert; give a severity, or leave the condition out"),
        ("severity", None, "expected a severity or a list of them, not None"),
        ("severity", {"a": 1}, "expected a severity or a list of them, not {'a': 1}"),
        ("severity", [3], "unknown severity 3; known are: critical, emergency, error, info, warning @ [0]"),
        ("cluster_pattern", [], "an empty list matches no alert; give a pattern, or leave the condition out"),
        ("cluster_pattern", 7, "expected a pattern, a string such as 'prod-.*', not 7"),
        ("cluster_pattern", ["a", None], "expected a pattern, a string such as 'prod-.*', not None @ [1]"),
        ("cluster_pattern", ["ok", "*-db"], "pattern '*-db', character 1: '*' has nothing to repeat"),
        ("metric_name", [], "an empty list matches no alert; give a metric's name, or leave the condition out"),
        ("metric_name", ["cpu", 5], "expected a metric's name, a string, not 5; write '5' @ [1]"),
        ("node_id", 17, "expected a node's id, a string, not 17; write '17'"),
        ("node_id", [["n1"]], "expected a node's id, a string, not ['n1'] @ [0]"),
        ("labels", "team=db", "expected a mapping such as {'team': 'db'}, not 'team=db'"),
        ("labels", {}, "an empty mapping names no label; give one such as {'team': 'db'}"),
        ("labels", {"": "x"}, "a label's name is a non-empty string, not ''"),
        ("labels", {1: "x"}, "a label's name is a non-empty string, not 1"),
        ("labels", {"port": 80}, "expected a label's value, a string, not 80; write '80' @ port"),
        ("labels", {"port": ["80", 81]}, "expected a label's value, a string, not 81; write '81' @ port[1]"),
        ("labels", {"team": []}, "an empty list matches no alert; give a label's value"),
        ("matchers", [], 'an empty list matches no alert; give matchers such as severity="critical"'),
        ("matchers", "", "no matcher is given"),
        ("matchers", 5, 'matchers are a string such as severity="critical", not int'),
        ("matchers", {"job": "api"}, 'expected matchers such as severity="critical" or a list of them'),
        ("matchers", ["job=api", "job"], "one of = != =~ !~ is expected"),
        ("matchers", ["job=api", "job=~(?=x)"], "look-ahead"),
    ],
)
def test_a_bad_value_is_refused_with_what_would_be_right(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compiled(name, value)
    assert message in str(caught.value)


def test_the_place_of_a_bad_item_is_relative_to_the_condition() -> None:
    with pytest.raises(ConditionError) as caught:
        compiled("matchers", ["a=b", "c"])
    assert caught.value.where == "[1]"
    assert caught.value.within("conditions.matchers").where == "conditions.matchers[1]"


def test_patterns_of_a_few_literals_are_tested_as_values_so_that_they_are_indexed() -> None:
    (test,) = compiled("cluster_pattern", ["prod-[12]", "dev-.*", "dev-.*"]).tests
    assert (test.name, test.own) == ("cluster_id", True)
    assert test.values == {"prod-1", "prod-2"}
    assert test.patterns == (compile_pattern("dev-.*"),)


@pytest.mark.parametrize(
    ("operator", "value", "values", "patterns", "negated"),
    [
        ("=", "a|b", {"a|b"}, (), False),
        ("!=", "a|b", {"a|b"}, (), True),
        ("=~", "a|b", {"a", "b"}, (), False),
        ("!~", "a|b", {"a", "b"}, (), True),
        ("=~", "a.*", set(), (compile_pattern("a.*"),), False),
        ("!~", "a.*", set(), (compile_pattern("a.*"),), True),
    ],
)
def test_a_label_matcher_becomes_one_test_of_the_label_view(
    operator: str, value: str, values: set[str], patterns: tuple[Any, ...], negated: bool
) -> None:
    test = field_test(LabelMatcher("job", MatchOperator(operator), value))
    expected = ("job", frozenset(values), patterns, negated, False)
    assert (test.name, test.values, test.patterns, test.negated, test.own) == expected


def test_a_label_matcher_with_a_bad_pattern_is_refused() -> None:
    with pytest.raises(PatternError, match="two quantifiers"):
        field_test(LabelMatcher("job", MatchOperator.REGEX, "a**"))


NAMES = st.sampled_from(["job", "team", "severity", "cluster_id", "node_id"])
VALUES = st.sampled_from(["", "a", "b", "ab", "critical", "prod-1", "n\n1"])
PATTERNS = st.sampled_from(["", "a", "a|b", "a.*", ".*", ".+", "[ab]+", "crit.*|b", "prod-[0-9]", "n.1"])
FIELDS = {"severity": "critical", "cluster_id": "prod-1", "node_id": "", "metric_name": "cpu", "alert_id": "a1"}


def plainly(matcher: LabelMatcher, alert_labels: dict[str, str]) -> bool:
    """Whether the matcher holds, in the plainest words."""
    value = (FIELDS | alert_labels).get(matcher.name, "")
    if matcher.operator in ("=", "!="):
        found = value == matcher.value
    else:
        found = re.fullmatch(matcher.value, value, re.DOTALL) is not None
    return found if matcher.operator in ("=", "=~") else not found


@given(
    st.lists(
        st.builds(LabelMatcher, NAMES, st.sampled_from(["=", "!="]), VALUES)
        | st.builds(LabelMatcher, NAMES, st.sampled_from(["=~", "!~"]), PATTERNS),
        min_size=1,
        max_size=3,
    ),
    st.dictionaries(NAMES, VALUES),
)
def test_matchers_mean_what_a_plain_model_says(wanted: list[LabelMatcher], alert_labels: dict[str, str]) -> None:
    condition = labels.matchers(", ".join(map(str, wanted)))
    assert condition.holds(view(labels=alert_labels)) is all(plainly(matcher, alert_labels) for matcher in wanted)


@given(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), min_size=1), st.dictionaries(NAMES, VALUES))
def test_labels_mean_what_a_plain_model_says(wanted: dict[str, list[str]], alert_labels: dict[str, str]) -> None:
    expected = all((FIELDS | alert_labels).get(name, "") in values for name, values in wanted.items())
    assert labels.labels(wanted).holds(view(labels=alert_labels)) is expected


@given(st.lists(PATTERNS, min_size=1, max_size=3), VALUES)
def test_cluster_patterns_mean_what_a_plain_model_says(patterns: list[str], cluster_id: str) -> None:
    expected = any(re.fullmatch(pattern, cluster_id, re.DOTALL) for pattern in patterns)
    assert cluster.cluster_pattern(patterns).holds(view(cluster_id=cluster_id)) is expected
