"""Diff: what another configuration would have changed, and which of its changes did it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lab.conftest import CONFIGURATION, Run, as_lines, fired

from tocsin import Registry, discovery
from tocsin.config import configuration_to_plain
from tocsin.engine.compile import compile_plan, recorded_plan
from tocsin.engine.plan import Plan
from tocsin.lab.diff.changes import changes_between
from tocsin.lab.diff.report import DiffReport
from tocsin.lab.diff.run import Side, diff
from tocsin.lab.history.history import History
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history
from tocsin.lab.history.spans import Span, moments_of_spans
from tocsin.lab.replay.run import replay
from tocsin.testing import strategies
from tocsin.testing.recording import RecordingBackend

Write = Callable[[str, str], Path]
HOUR = 3600.0
MONTH = [
    *(fired(f"eu{n}", HOUR * n, HOUR * n + 900.0, cluster_id="db-eu-1") for n in range(1, 4)),
    *(fired(f"us{n}", HOUR * n + 60, HOUR * n + 200.0, cluster_id=f"db-us-{n}") for n in range(1, 4)),
    *(fired(f"web{n}", HOUR * n + 90, HOUR * n + 200.0, cluster_id="web", severity="warning") for n in range(1, 3)),
]


@pytest.fixture
def differing(write: Write, plan_of: Callable[[str], Plan], registry: Registry) -> Callable[..., DiffReport]:
    """A function that compares the usual configuration with one that has some words replaced."""

    def differing(*replaced: tuple[str, str]) -> DiffReport:
        text = CONFIGURATION
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        history = read_history(write("alerts.json", as_lines(MONTH)), Labels())
        return diff(Side(plan_of(CONFIGURATION), history), Side(plan_of(text), history), registry)

    return differing


Differing = Callable[..., DiffReport]


def _said(report: DiffReport) -> list[tuple[str, str, str, int, str]]:
    return [(one.effect.value, one.severity.value, one.channel_id, one.alerts, one.cause) for one in report.groups]


def test_a_configuration_and_itself_differ_in_nothing(differing: Differing) -> None:
    """Nothing is played for that."""
    assert differing() == DiffReport((), (), 0)


def test_the_worst_is_that_an_alert_reaches_nobody(differing: Differing) -> None:
    """It comes first, with how many, of where, and the change that did it."""
    report = differing(("db-.*", "db-eu-.*"), ("min_severity: warning", "min_severity: error"))
    pattern = "routing_rules.databases.conditions.cluster_pattern: db-.* → db-eu-.*"
    severity = "channels.chat.min_severity: warning → error"
    assert report.changes == (pattern, severity)
    assert _said(report) == [
        ("lost", "critical", "pager", 3, pattern),
        ("lost", "warning", "chat", 2, severity),
    ]
    assert str(report.groups[0]) == "3 critical alerts of db-us-* would have reached nobody (told: pager)"


@pytest.mark.parametrize(
    ("replaced", "effect", "channel", "count", "cause"),
    [
        (
            ("target_channels: [pager]", "target_channels: [chat]"),
            "moved",
            "pager",
            6,
            "routing_rules.databases.target_channels: ['pager'] → ['chat']",
        ),
        (
            ("target_channels: [pager]", "target_channels: [pager, chat]"),
            "appeared",
            "chat",
            6,
            "routing_rules.databases.target_channels: ['pager'] → ['pager', 'chat']",
        ),
        (
            ("    escalation_policy_id: on-call\n", ""),
            "vanished",
            "manager",
            3,
            "routing_rules.databases.escalation_policy_id: on-call → none",
        ),
        (
            ("{first: [manager]}", "{first: [manager]}\n    level_delays_seconds: {first: 600}"),
            "later",
            "manager",
            3,
            "escalation_policies.on-call.level_delays_seconds.first: none → 600.0",
        ),
        (
            ("{first: [manager]}", "{first: [manager]}\n    level_delays_seconds: {first: 60}"),
            "earlier",
            "manager",
            3,
            "escalation_policies.on-call.level_delays_seconds.first: none → 60.0",
        ),
        (
            ("manager: {backend: console, human: true}", "manager: {backend: console, enabled: false}"),
            "vanished",
            "manager",
            3,
            "channels.manager.enabled: True → False",
        ),
    ],
)
def test_each_change_has_its_effect(
    replaced: tuple[str, str], effect: str, channel: str, count: int, cause: str, differing: Differing
) -> None:
    """And is named as its cause."""
    report = differing(replaced)
    found = {(one.effect.value, one.channel_id, one.what) for one in report.groups}
    assert (effect, channel, "first") in found, found
    group = next(one for one in report.groups if (one.effect.value, one.channel_id) == (effect, channel))
    assert group.alerts == count
    assert cause in {one.cause for one in report.groups} | set(report.changes)


def test_of_several_changes_each_difference_has_its_own_cause(differing: Differing) -> None:
    """Each change is made alone, so that one that stands beside it is not blamed."""
    report = differing(
        ("target_channels: [chat]", "target_channels: [chat, manager]"),
        ("{first: [manager]}", "{second: [manager]}"),
    )
    causes = {(one.effect.value, one.severity.value): one.cause for one in report.groups if one.what == "first"}
    assert causes["appeared", "warning"].startswith("routing_rules.everything.target_channels")
    assert causes["vanished", "critical"].startswith("escalation_policies.on-call.escalation_levels.first")


def test_what_takes_two_changes_is_said_so(differing: Differing) -> None:
    """Neither makes the difference alone: the rule that is added names a channel that the other one adds."""
    report = differing(
        ("  chat: {", "  extra: {backend: console}\n  chat: {"),
        ("  - rule_id: everything", "  - {rule_id: extra, target_channels: [extra]}\n  - rule_id: everything"),
    )
    causes = {one.cause for one in report.groups if one.channel_id == "extra"}
    assert causes == {"several changes together"}


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        ("", 0),
        ("lost", 1),
        ("lost-critical", 1),
        ("lost-emergency", 0),
        ("appeared,later", 0),
        ("later, lost-error", 1),
    ],
)
def test_a_check_fails_on_what_it_names(fail_on: str, code: int, write: Write, run: Run) -> None:
    """From a severity on, or on all."""
    history = write("alerts.json", as_lines(MONTH))
    old = write("old.yaml", CONFIGURATION)
    new = write("new.yaml", CONFIGURATION.replace("db-.*", "db-eu-.*"))
    found, out, err = run("diff", old, new, history, "--fail-on", fail_on)
    assert found == code
    assert "3 critical alerts of db-us-* would have reached nobody" in out
    assert ("must not be" in err) is bool(code)


def test_the_report_as_plain_data(write: Write, run: Run) -> None:
    """For scripts."""
    history = write("alerts.json", as_lines(MONTH))
    old = write("old.yaml", CONFIGURATION)
    new = write("new.yaml", CONFIGURATION.replace("db-.*", "db-eu-.*"))
    code, out, _ = run("diff", "--json", old, new, history)
    plain = json.loads(out)
    assert code == 0
    assert plain["alerts"] == 8
    assert plain["differences"][0] == {
        "effect": "lost",
        "severity": "critical",
        "channel_id": "pager",
        "to": None,
        "what": "first",
        "cause": plain["changes"][0],
        "tellings": 3,
        "alerts": 3,
        "clusters": "db-us-*",
        "seconds": 0.0,
        "examples": ["us1", "us2", "us3"],
        "text": "3 critical alerts of db-us-* would have reached nobody (told: pager)",
    }


def test_an_unknown_effect_is_said(write: Write, run: Run) -> None:
    """With the nearest that there is."""
    file = write("old.yaml", CONFIGURATION)
    code, _, err = run("diff", file, file, write("alerts.json", "[]"), "--fail-on", "lots-critical")
    assert code == 2
    assert "no effect is called 'lots'; did you mean 'lost'?" in err
    code, _, err = run("diff", file, file, write("alerts.json", "[]"), "--fail-on", "lost-critcal")
    assert "no severity is called 'critcal'; did you mean 'critical'?" in err


REGISTRY = discovery.load(extra=[RecordingBackend()]).registry


@settings(max_examples=40)
@given(strategies.configurations(), strategies.configurations())
def test_the_changes_lead_from_one_configuration_to_the_other(old: object, new: object) -> None:
    """Made one after another, they give what decides as the new one does."""
    before, after = (configuration_to_plain(one) for one in (old, new))  # type: ignore[arg-type]
    made = copy.deepcopy(before)
    for change in changes_between(before, after):
        change.make(made)
    assert not changes_between(made, after)


@given(strategies.configurations(), st.lists(strategies.alerts(), max_size=6))
def test_what_is_compiled_of_plain_data_decides_alike(configuration: object, alerts: list[object]) -> None:
    """A change that is made alone is compiled so; nothing but the change may make a difference."""
    plan = compile_plan(configuration, REGISTRY)  # type: ignore[arg-type]
    again, problems = recorded_plan(plan.plain, REGISTRY)
    assert not problems
    moments = list(moments_of_spans(Span(one, 100.0 * n + 100.0) for n, one in enumerate(alerts)))  # type: ignore[arg-type]
    history = History(lambda: iter(moments))
    assert replay(history, REGISTRY, plan) == replay(history, REGISTRY, again)


def _command(
    run: Run, write: Write, old: str, new: str, alerts: list[dict[str, object]], *options: str
) -> tuple[int, str]:
    history = write("alerts.json", as_lines(alerts))
    code, out, _ = run("diff", write("old.yaml", old), write("new.yaml", new), history, *options)
    return code, out


def test_what_labels_mean_is_a_part_of_a_configuration(run: Run, write: Write) -> None:
    """Another word for a severity may lose every critical alert."""
    labels = {"alertname": "Down", "cluster": "db-1", "severity": "p1"}
    posted = [{"labels": labels, "startsAt": 3600, "endsAt": 3900}]
    old, new = (f"{CONFIGURATION}\nserver: {{severity_labels: {{p1: {word}}}}}\n" for word in ("critical", "info"))
    code, out = _command(run, write, old, new, posted, "--fail-on", "lost-critical")
    assert code == 1
    assert "1 critical alert of db-1 would have reached nobody" in out
    assert "cause: server: severity_labels (p1 is critical)" in out


TWO = """
channels: {{pager: {{backend: console}}, chat: {{backend: console}}}}
routing_rules:
  - {{rule_id: first, target_channels: [chat], continue: {goes_on}}}
  - {{rule_id: {second}, target_channels: [pager]}}
"""


def test_a_rule_that_is_only_renamed_is_not_blamed(run: Run, write: Write) -> None:
    """Of a change that takes the alert away before it, and a new name, the first is the cause."""
    old, new = TWO.format(goes_on="true", second="second"), TWO.format(goes_on="false", second="other")
    _, out = _command(run, write, old, new, [fired("a", 3600.0, 3900.0)])
    assert "routing_rules.second: renamed to other" in out
    assert "cause: routing_rules.first.continue_matching: True → False" in out
    assert out.count("cause: ") == 1


def test_what_another_change_makes_good_is_not_the_cause(run: Run, write: Write) -> None:
    """Each of two changes loses the alert by itself, and one of them is made good by a third."""
    rules = "channels: {pager: {backend: console}, chat: {backend: console}}\nrouting_rules:\n"
    old = (
        rules
        + "  - {rule_id: stop, enabled: false, target_channels: [chat], continue: false}\n"
        + ("  - {rule_id: a, target_channels: [pager]}\n")
    )
    new = (
        rules
        + "  - {rule_id: stop, target_channels: [chat], continue: false}\n"
        + ("  - {rule_id: b, target_channels: [pager], priority: 200}\n")
    )
    _, out = _command(run, write, old, new, [fired("a", 3600.0, 3900.0)])
    assert "cause: routing_rules.stop.enabled: False → True" in out


def test_of_many_changes_one_that_makes_no_difference_is_not_blamed(run: Run, write: Write) -> None:
    """Those that concern the alert are tried; a removed rule that it never came to is none of them."""
    unrelated = "".join(
        f"  - {{rule_id: u{number}, conditions: {{cluster_pattern: 'u{{}}-.*'}}, target_channels: [chat]}}\n"
        for number in range(13)
    )
    top = (
        "channels: {{pager: {{backend: console}}, chat: {{backend: console}}}}\nrouting_rules:\n"
        "  - {{rule_id: top, target_channels: [chat], routes: [{{rule_id: top-db, target_channels: [{}]}}]}}\n"
    )
    gone = "  - {rule_id: unrelated, conditions: {cluster_pattern: zzz}, target_channels: [chat]}\n"
    old = top.format("pager") + gone + unrelated.replace("u{}", "old")
    new = top.format("chat") + unrelated.replace("u{}", "new")
    _, out = _command(run, write, old, new, [fired("a", 3600.0, 3900.0)])
    assert "chat would have been told instead of pager" in out
    assert "cause: routing_rules.top.routes: changed" in out


def test_an_alert_that_no_person_hears_of_any_more_is_lost(run: Run, write: Write) -> None:
    """Whatever robots still take it."""
    text = "channels: {{pager: {{backend: console}}, robot: {{backend: console, human: false}}}}\nrouting_rules:\n"
    old, new = (
        f"{text.format()}  - {{rule_id: a, target_channels: {told}}}\n" for told in ("[pager, robot]", "[robot]")
    )
    code, out = _command(run, write, old, new, [fired("a", 3600.0, 3900.0)], "--fail-on", "lost-critical")
    assert code == 1
    assert "would have reached no person, only robot (told: pager)" in out


def test_what_is_no_text_is_shown_escaped(run: Run, write: Write) -> None:
    """A lone surrogate is legal JSON, and cannot be written to a terminal."""
    new = CONFIGURATION.replace("[pager]", "[chat]")
    alert = fired("a\ud800", 3600.0, 3900.0, cluster_id="db-\ud800")
    _, out = _command(run, write, CONFIGURATION, new, [alert])
    assert "db-\\ud800" in out
    files = write("alerts.json", as_lines([alert])), write("tocsin.yaml", CONFIGURATION)
    for options in ((), ("--list",), ("--json",)):
        assert run("replay", files[0], "--config", files[1], *options)[0] == 0
