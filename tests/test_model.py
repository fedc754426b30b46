"""The model's values: what they take, what they refuse, and what the refusal says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import attrs
import pytest

from tocsin import (
    AlertError,
    AlertFired,
    AlertRoutingRule,
    AlertSeverity,
    AlertView,
    Condition,
    ConditionError,
    ConfigurationError,
    EscalationLevel,
    EscalationPolicy,
    FieldTest,
    LabelMatcher,
    MatchOperator,
    NotificationBackend,
    NotificationChannel,
    NotificationTemplate,
    Outcome,
    OutcomeStatus,
    PerformanceAlert,
    PluginError,
    RetryPolicy,
    Silence,
    SilenceSet,
    TocsinError,
    create_basic_escalation_policy,
    create_console_channel,
    create_slack_channel,
    create_webhook_channel,
    field_test,
    nearest,
)
from tocsin import errors as errors_module
from tocsin.patterns import parse_label_matchers

ALERT: dict[str, Any] = {"alert_id": "a", "cluster_id": "c", "severity": "error", "metric_name": "m"}


def make(**changes: Any) -> PerformanceAlert:
    """Return an alert with *changes*."""
    return PerformanceAlert(**{**ALERT, **changes})


# -- errors -----------------------------------------------------------------------------------------------------------


def test_every_error_is_a_tocsin_error() -> None:
    """One ``except`` catches them all."""
    public = [getattr(errors_module, name) for name in errors_module.__all__]
    raised = [found for found in public if isinstance(found, type) and issubclass(found, BaseException)]
    assert all(issubclass(found, TocsinError) for found in raised)
    assert len(raised) > 10


def test_an_error_ends_in_its_place() -> None:
    """And says it as an attribute."""
    error = ConditionError("unknown condition 'x'", "conditions.x")
    assert str(error) == "unknown condition 'x' @ conditions.x"
    assert str(ConfigurationError("no")) == "no"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [("", "outer"), ("[2]", "outer[2]"), ("name", "outer.name")],
)
def test_a_place_grows_outwards(inner: str, expected: str) -> None:
    """The type of the error is kept."""
    error = ConditionError("no", inner).within("outer")
    assert (error.where, type(error)) == (expected, ConditionError)


def test_nearest_names_one_or_lists_what_is_known() -> None:
    """At most twelve; nothing when nothing is known."""
    assert nearest("slak", ["slack", "console"]) == "; did you mean 'slack'?"
    assert nearest("zzz", ["b", "a"]) == "; known are: a, b"
    assert nearest("zzz", []) == ""
    assert nearest("zzz", [f"name{n:02}" for n in range(13)]).endswith("name11, …")


def test_a_plugin_error_lists_its_failures() -> None:
    """One line each."""
    error = PluginError("plugins failed:", ["one", "two"])
    assert str(error) == "plugins failed:\n  - one\n  - two"
    assert error.failures == ("one", "two")


# -- severities and levels --------------------------------------------------------------------------------------------


def test_severities_compare() -> None:
    """In all four ways, by rank and not by name."""
    ordered = list(AlertSeverity)
    assert sorted(ordered, reverse=True) == ordered[::-1]
    for low, high in pairwise(ordered):
        assert low < high
        assert low <= high
        assert high > low
        assert high >= low
        assert low <= low  # equality is part of it
        assert not low > high
    assert [severity.value for severity in ordered] == ["info", "warning", "error", "critical", "emergency"]


@pytest.mark.parametrize("name", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_severities_compare_with_nothing_else(name: str) -> None:
    """A number is no severity."""
    assert getattr(AlertSeverity.INFO, name)(1) is NotImplemented


def test_severities_are_read_whatever_their_case() -> None:
    """Anything else is refused with the nearest one."""
    assert AlertSeverity.parse("Critical") is AlertSeverity.CRITICAL
    assert AlertSeverity.parse(AlertSeverity.INFO) is AlertSeverity.INFO
    with pytest.raises(ConfigurationError, match="did you mean 'critical'"):
        AlertSeverity.parse("critcal")
    with pytest.raises(ConfigurationError, match="unknown severity 3"):
        AlertSeverity.parse(3)  # type: ignore[arg-type]  # the mistake that is tested


def test_levels_have_their_delays() -> None:
    """In seconds, and comparable."""
    delays = {level.value: level.default_delay_seconds for level in EscalationLevel}
    assert delays == {"immediate": 0, "first": 300, "second": 900, "third": 1800, "final": 3600}
    assert EscalationLevel.FIRST < EscalationLevel.FINAL
    assert EscalationLevel.FIRST.__lt__(2) is NotImplemented  # type: ignore[operator]  # the mistake that is tested
    assert EscalationLevel.parse("FINAL") is EscalationLevel.FINAL
    with pytest.raises(ConfigurationError, match="did you mean 'first'"):
        EscalationLevel.parse("frist")
    with pytest.raises(ConfigurationError, match="unknown escalation level 1"):
        EscalationLevel.parse(1)  # type: ignore[arg-type]  # the mistake that is tested


# -- alerts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"alert_id": ""},
        {"alert_id": 3},
        {"cluster_id": None},
        {"severity": "worst"},
        {"metric_name": 1},
        {"current_value": "high"},
        {"current_value": True},
        {"threshold_value": 10**400},
        {"current_value": 10**5000},
        {"timestamp": -(10**400)},
        {"message": None},
        {"node_id": 7},
        {"timestamp": float("nan")},
        {"labels": ["a"]},
        {"labels": {"a": 1}},
        {"annotations": {1: "a"}},
    ],
    ids=lambda changes: f"{next(iter(changes))}: {type(next(iter(changes.values()))).__name__}",
)
def test_an_alert_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """Built in Python or parsed from data, the error names the field."""
    (field,) = changes
    with pytest.raises(ConfigurationError) as caught:
        make(**changes)
    assert field in str(caught.value) or "mapping of strings" in str(caught.value)
    with pytest.raises(AlertError):
        PerformanceAlert.parse({**ALERT, **changes})


def test_an_alert_takes_what_is_not_known() -> None:
    """None for values, for the node and for labels."""
    alert = make(current_value=None, threshold_value=float("inf"), node_id=None, labels=None)
    assert (alert.current_value, alert.labels) == (None, {})


def test_parsing_says_what_is_missing_or_unknown() -> None:
    """With the nearest field."""
    assert PerformanceAlert.parse(ALERT) == make()
    with pytest.raises(AlertError, match="an alert needs severity, metric_name"):
        PerformanceAlert.parse({"alert_id": "a", "cluster_id": "c"})
    with pytest.raises(AlertError, match="did you mean 'severity'") as caught:
        PerformanceAlert.parse({**ALERT, "severty": "info"})
    assert caught.value.where == "severty"


def test_labels_are_copied() -> None:
    """What the caller does with its own afterwards does not matter."""
    labels = {"a": "b"}
    alert = make(labels=labels)
    labels["a"] = "c"
    assert alert.labels == {"a": "b"}


def test_the_label_view_prefers_labels_and_takes_absent_ones_as_empty() -> None:
    """Its fields stand where no label bears their name; an empty label is a label."""
    view = AlertView(make(labels={"severity": "odd", "node_id": ""}, node_id="n1"))
    read = {name: view.label(name) for name in ("severity", "cluster_id", "node_id", "metric_name", "alert_id", "x")}
    assert read == {"severity": "odd", "cluster_id": "c", "node_id": "", "metric_name": "m", "alert_id": "a", "x": ""}
    assert [view.field(name) for name in ("severity", "node_id", "x")] == ["error", "n1", ""]
    assert AlertView(make()).field("node_id") == ""


def test_the_label_view_has_labels_alone_as_well() -> None:
    """Under ``labels.`` a field never stands for a label; a label that is called just so goes first."""
    view = AlertView(make(labels={"severity": "odd", "labels.team": "literal", "team": "db", "labels.": "dot"}))
    names = ("labels.severity", "labels.cluster_id", "labels.team", "labels.labels.team", "labels.x", "labels.")
    assert [view.label(name) for name in names] == ["odd", "", "literal", "literal", "", "dot"]
    assert AlertView(make()).label("labels.severity") == ""
    assert AlertView(make()).field("labels.severity") == ""


# -- channels, rules, policies ----------------------------------------------------------------------------------------


def test_a_channels_repr_hides_its_settings() -> None:
    """Names are shown, values are not."""
    shown = repr(create_webhook_channel("c", "https://x/T0KEN", headers={"Authorization": "T0KEN"}))
    assert "T0KEN" not in shown
    assert "'webhook_url': ***" in shown


def test_a_channel_takes_any_backend_name() -> None:
    """The well-known ones are spelt for you."""
    assert NotificationChannel("c", "pigeon").backend == "pigeon"
    assert NotificationChannel("c", "slack").backend is NotificationBackend.SLACK
    assert create_slack_channel("c", "https://x").min_severity is AlertSeverity.WARNING
    assert create_console_channel("c", "error", enabled=False).enabled is False
    assert NotificationChannel("c", "slack", None).config == {}


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: NotificationChannel("", "x"), "non-empty string"),
    (lambda: NotificationChannel("c", ""), "name of a registered backend"),
    (lambda: NotificationChannel("c", "x", config=["a"]), "config is a mapping"),
    (lambda: NotificationChannel("c", "x", rate_limit_per_minute=0), "at least 1"),
    (lambda: NotificationChannel("c", "x", rate_limit_per_minute=True), "at least 1"),
    (lambda: NotificationChannel("c", "x", fallback_after_seconds=0), "greater than zero"),
    (lambda: AlertRoutingRule("r", conditions=["severity"]), "conditions are a mapping"),
    (lambda: AlertRoutingRule("r", target_channels="ops"), "list of names"),
    (lambda: AlertRoutingRule("r", target_channels=["ops", ""]), "non-empty names"),
    (lambda: AlertRoutingRule("r", priority=1.5), "whole number"),  # type: ignore[arg-type]
    (lambda: AlertRoutingRule("r", priority=True), "whole number"),
    (lambda: AlertRoutingRule("r", routes=["x"]), r"expected an AlertRoutingRule.*@ routes\[0\]"),
    (lambda: EscalationPolicy("p", escalation_levels=[]), "escalation_levels is a mapping"),
    (lambda: EscalationPolicy("p", level_delays_seconds=[]), "level_delays_seconds is a mapping"),
    (lambda: EscalationPolicy("p", level_delays_seconds={"first": -1}), "level_delays_seconds.first"),
    (lambda: EscalationPolicy("p", level_delays_seconds={"first": "1m"}), "number of seconds"),
    (lambda: EscalationPolicy("p", escalation_levels={"sirst": []}), "did you mean 'first'"),
    (lambda: EscalationPolicy("p", repeat=-1), "repeat is a whole number"),
    (lambda: Silence("s", [], 0, 1), "at least one LabelMatcher"),
    (lambda: Silence("s", [LabelMatcher("a", MatchOperator.EQUAL, "b")], 1, 1), "must end after it starts"),
    (lambda: AlertFired("a1"), "expected a PerformanceAlert, not str"),  # type: ignore[arg-type]
    (lambda: RetryPolicy(base_seconds=0), "greater than zero"),
]


@pytest.mark.parametrize(("build", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_what_makes_no_sense_is_refused(build: Callable[[], object], problem: str) -> None:
    """When it is made; the message says what would be right."""
    with pytest.raises(ConfigurationError, match=problem):
        build()


def test_a_silence_fact_wants_a_silence() -> None:
    """As every fact is checked when it is made."""
    with pytest.raises(ConfigurationError, match="expected a Silence"):
        SilenceSet("s1")  # type: ignore[arg-type]  # the mistake that is tested


def test_delays_that_are_not_given_keep_their_defaults() -> None:
    """Single ones are changed, and levels come in their own order."""
    policy = EscalationPolicy(
        "p",
        escalation_levels={"second": ["b"], "first": ["a"]},
        level_delays_seconds={EscalationLevel.FIRST: 60},
    )
    assert list(policy.escalation_levels) == [EscalationLevel.FIRST, EscalationLevel.SECOND]
    assert [policy.delay_seconds(level) for level in policy.escalation_levels] == [60, 900]
    assert policy.round_seconds == 1200
    assert attrs.evolve(policy, repeat=1, repeat_after_seconds=2000.0).round_seconds == 2000


def test_levels_out_of_order_and_rounds_too_short_are_refused() -> None:
    """Otherwise a level would come before the one below it."""
    levels = {EscalationLevel.FIRST: ["a"], EscalationLevel.SECOND: ["b"]}
    with pytest.raises(ConfigurationError, match=r"level second \(60 s\) would come before level first \(300 s\)"):
        EscalationPolicy("p", escalation_levels=levels, level_delays_seconds={EscalationLevel.SECOND: 60})
    with pytest.raises(ConfigurationError, match="a round must outlast its last level"):
        EscalationPolicy("p", escalation_levels=levels, repeat=1, repeat_after_seconds=900)


def test_the_basic_policy_has_two_levels() -> None:
    """At once and after five minutes; the immediate channels stand in."""
    policy = create_basic_escalation_policy("p", ["a"], ["b"])
    assert policy.escalation_levels == {EscalationLevel.IMMEDIATE: ("a",), EscalationLevel.FIRST: ("b",)}
    assert policy.default_channels == ("a",)


# -- outcomes, matchers, templates ------------------------------------------------------------------------------------


def test_an_outcome_says_whether_the_receiver_has_it() -> None:
    """For certain."""
    outcomes = [
        Outcome.delivered(),
        Outcome.rejected("no"),
        Outcome.unavailable("later"),
        Outcome.throttled("slower", retry_after_seconds=3),
        Outcome.unknown("?"),
    ]
    assert [outcome.status for outcome in outcomes] == list(OutcomeStatus)
    assert [outcome.success for outcome in outcomes] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("operator", "value", "passing", "failing"),
    [
        ("=", "eu", "eu", "us"),
        ("!=", "eu", "us", "eu"),
        ("=~", "eu|us", "us", "asia"),
        ("=~", "eu-.*", "eu-1", "us-1"),
        ("!~", "eu-.*", "us-1", "eu-1"),
        ("!~", "eu|us", "", "us"),
    ],
)
def test_a_label_matcher_is_a_test_of_the_label_view(operator: str, value: str, passing: str, failing: str) -> None:
    """In Prometheus' four ways; it explains itself."""
    test = field_test(LabelMatcher("region", MatchOperator(operator), value))
    views = [AlertView(make(labels={"region": region})) for region in (passing, failing)]
    assert [test.accepts(test.read(view)) for view in views] == [True, False]
    for view, region in zip(views, (passing, failing), strict=True):
        assert test.explain(view).startswith(f"region {region!r} ")
    assert test.explain(views[0]) != test.explain(views[1])


def test_a_label_matcher_is_written_as_in_prometheus() -> None:
    """With its value escaped."""
    assert str(LabelMatcher("a", MatchOperator.NOT_REGEX, 'x"\\\n')) == 'a!~"x\\"\\\\\\n"'


@pytest.mark.parametrize("name", ["a", "a:b", "labels.severity", "ö", 'q"\\\n', "a b", "0"])
def test_a_label_matchers_text_is_read_back(name: str) -> None:
    """Names that are not plain are quoted."""
    matcher = LabelMatcher(name, MatchOperator.EQUAL, "v")
    assert parse_label_matchers(str(matcher)) == (matcher,)


def test_a_test_of_an_own_field_ignores_labels() -> None:
    """``own`` reads the alert's field whatever its labels say."""
    view = AlertView(make(labels={"severity": "odd"}))
    assert FieldTest("severity", frozenset(["error"]), own=True).read(view) == "error"
    assert FieldTest("severity", frozenset(["error"])).read(view) == "odd"


def test_a_condition_is_tests_or_a_predicate() -> None:
    """All tests must pass, and a predicate is shown by its text."""
    view = AlertView(make())
    both = Condition.all_of([FieldTest("severity", frozenset(["error"])), FieldTest("cluster_id", frozenset(["d"]))])
    assert not both.holds(view)
    assert both.explain(view) == "cluster_id 'c' is not 'd'"
    opaque = Condition.opaque(lambda view: view.alert.current_value is None, "has no value")
    assert opaque.holds(view)
    assert opaque.explain(view) == "has no value"
    assert Condition().holds(view)


def test_a_template_says_whether_it_shows_the_status() -> None:
    """In its subject or its body."""
    assert NotificationTemplate("t", "t", "x", "{status}", "").shows_status
    assert NotificationTemplate("t", "t", "x", "", "{status}").shows_status
    assert not NotificationTemplate("t", "t", "x", "{severity}", "{kind}").shows_status
