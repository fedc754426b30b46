"""``tocsin graph``: everything is drawn, whatever a name holds, and the path of an alert stands out."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from tests.lab.asking.conftest import Run

from tocsin import (
    AlertRoutingRule,
    Configuration,
    EscalationPolicy,
    PerformanceAlert,
    Registry,
    create_console_channel,
    discovery,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.lab.graph.drawing import draw
from tocsin.lab.graph.mermaid import mermaid
from tocsin.lab.graph.svg import svg
from tocsin.lab.graph.texts import cut, width
from tocsin.lab.standpoint import first_standpoint
from tocsin.testing import strategies
from tocsin.testing.recording import RecordingBackend

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    'x"]; click r0 "javascript:alert(1)"',
    "</text><script>alert(1)</script>",
    "end",
    "style a:#b;c:#d;",
    "`md` **bold** $$y$$ \\n",
    "%%{init: {}}%%",
    "#quot; &amp; ]]>",
    "a\nb\r\x00\x1b[31m",
    "\u202e日本語\ud800",
    "-->|x|",
    "subgraph x",
)
LINE = re.compile(
    r"flowchart LR"
    r"|  (alert|[rcp]\d+)(\[\"L\"\]|\(\[\"L\"\]\)|\[\[\"L\"\]\])"
    r"|  (alert|[rcp]\d+) (-->|==>|-\.->)(\|\"L\"\|)? [rcp]\d+"
    r"|  classDef [a-z]+ [a-z0-9#:,-]+"
    r"|  class [rcp0-9,]+ (rule|channel|policy|off|on)"
)
LABEL = re.compile(r'"((?:[^\W_]|[ .,_\-+*/=()!?%\']|#\d+;|<br/>)*)"')


@functools.cache
def registry() -> Registry:
    """The bundled plugins and a backend."""
    return discovery.load(extra=[RecordingBackend()]).registry


def plan_of(config: Configuration) -> Plan:
    """Compile a configuration."""
    return compile_plan(config, registry())


def named(*names: str) -> Configuration:
    """Return a configuration with a channel, a rule and a policy of each name."""
    return Configuration(
        channels={name: create_console_channel(name) for name in names},
        routing_rules=tuple(
            AlertRoutingRule(
                name,
                name=f"{name}!",
                conditions={"metric_name": [name]},
                target_channels=[name],
                escalation_policy_id=name,
            )
            for name in names
        ),
        escalation_policies={name: EscalationPolicy(name, escalation_levels={"first": [name]}) for name in names},
    )


def read(text: str) -> str:
    """Return a label of Mermaid's as its reader sees it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text).replace("\u200b", "")


def labels(text: str) -> list[str]:
    """Return the labels of a flowchart as their readers see them."""
    return [read(line) for found in LABEL.findall(text) for line in found.split("<br/>")]


def texts(document: str) -> list[str]:
    """Return the texts of a drawing, tooltips included."""
    root = ElementTree.fromstring(document)
    return [line for element in root.iter() if element.text for line in element.text.split("\n")]


# -- whatever a name holds -------------------------------------------------------------------------------------------


def test_no_name_breaks_a_flowchart() -> None:
    drawn = mermaid(draw(plan_of(named(*HOSTILE))))
    for line in drawn.splitlines():
        assert LINE.fullmatch(LABEL.sub('"L"', line)), line
    ordinary = mermaid(draw(plan_of(named(*(f"n{place}" for place in range(len(HOSTILE)))))))
    assert len(drawn.splitlines()) == len(ordinary.splitlines())
    assert 'x"]; click r0 "javascript:alert(1)"' in labels(drawn)


def test_no_name_breaks_a_drawing() -> None:
    document = svg(draw(plan_of(named(*HOSTILE))))
    root = ElementTree.fromstring(document)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds == {"svg", "title", "desc", "style", "rect", "text", "path", "g"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert "</text><script>alert(1)</script>: </text><script>alert(1)</script>!" in texts(document)
    assert "\\u202e日本語\\ud800: \\u202e日本語\\ud800!" in texts(document)


def test_a_drawing_can_be_read_aloud() -> None:
    root = ElementTree.fromstring(svg(draw(plan_of(named("a", "b")))))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "title summary")
    ids = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    assert ids == {"title": "Routing", "summary": "2 rules, 2 channels and 2 escalation policies."}


def test_texts_are_measured_and_cut() -> None:
    assert [width("ab"), width("日本"), width("e\u0301")] == [2, 4, 1]
    assert [cut("abcd", 4), cut("abcde", 4), cut("日本語", 4)] == ["abcd", "abc…", "日…"]


# -- everything is there ---------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(config=strategies.configurations())
def test_every_rule_channel_and_level_is_drawn(config: Configuration) -> None:
    drawing = draw(plan_of(config))
    wanted = [*config.channels, *(rule.rule_id for rule in config.routing_rules), *config.escalation_policies]
    named_channels = {name for rule in config.routing_rules for name in rule.target_channels}
    flowchart, document = mermaid(drawing), svg(drawing)
    for found in (labels(flowchart), texts(document)):
        assert {*wanted, *named_channels} <= set(found)
    levels = [
        f"{level.value}, after" for policy in config.escalation_policies.values() for level in policy.escalation_levels
    ]
    for level in levels:
        assert any(label.startswith(level) for label in labels(flowchart))
        assert any(text.startswith(level) for text in texts(document))
    arrows = re.findall(r"^  r\d+ (?:-->|-\.->) c\d+$", flowchart, re.MULTILINE)
    catch_all = config.catch_all_channel is not None
    assert len(arrows) == sum(len(rule.target_channels) for rule in config.routing_rules) + catch_all


def test_a_rule_says_what_it_does() -> None:
    config = Configuration(
        channels={"a": create_console_channel("a", rate_limit_per_minute=3, fallback="b", fallback_after_seconds=90)},
        receivers={"team": ["a"]},
        routing_rules=(
            AlertRoutingRule(
                "top",
                conditions={"severity": ["error", "critical"], "labels": {"team": "db"}},
                receiver="team",
                routes=(AlertRoutingRule("low", mute_time_intervals=["nights"]),),
                priority=2,
            ),
            AlertRoutingRule(
                "off", enabled=False, target_channels=["a"], routes=(AlertRoutingRule("under"),), priority=1
            ),
        ),
    )
    drawing = draw(plan_of(config))
    assert [(rule.name, rule.depth, rule.off, rule.channels) for rule in drawing.rules] == [
        ("off", 0, True, ("a",)),
        ("under", 1, True, ("a",)),
        ("top", 0, False, ("a",)),
        ("low", 1, False, ("a",)),
    ]
    assert drawing.rules[2].lines == (
        "severity: error or critical",
        "labels: team=db",
        "tells: a",
        "receiver team",
        "then the next is asked",
    )
    assert drawing.rules[3].lines == (
        "all that the rule above takes",
        "tells, as above: a",
        "silent in nights",
        "stops here",
    )
    assert drawing.rules[3].inherits
    assert drawing.channels[0].lines == ("console, read by a person", "at most 3 a minute", "fallback b after 1m30s")
    assert (drawing.channels[1].lines, drawing.channels[1].off) == (("does not exist",), True)


def test_a_drawing_grows_with_what_is_drawn_and_no_faster() -> None:
    def many(count: int) -> Configuration:
        rules = tuple(
            AlertRoutingRule(f"r{n}", conditions={"metric_name": [f"m{n}"]}, target_channels=[f"c{n % 50}"])
            for n in range(count)
        )
        return Configuration(
            channels={f"c{n}": create_console_channel(f"c{n}") for n in range(50)}, routing_rules=rules
        )

    for form in (mermaid, svg):
        small, large = (len(form(draw(plan_of(many(count))))) for count in (1000, 2000))
        assert large < 2.1 * small
        assert small < 1000 * 1000


# -- the path of an alert --------------------------------------------------------------------------------------------


def path_of(config: Configuration, **fields: Any) -> Any:
    """Draw the path of an alert."""
    given: dict[str, Any] = {"alert_id": "a", "cluster_id": "x", "severity": "critical", "metric_name": "cpu", **fields}
    alert, plan = PerformanceAlert(**given), plan_of(config)
    return draw(plan, alert, first_standpoint(plan, registry(), 1_700_000_000.0).explain(alert))


def test_the_path_stands_out_and_not_by_colour_alone() -> None:
    drawing = path_of(named("cpu", "disk"))
    assert [rule.on for rule in drawing.rules] == [True, False]
    flowchart = mermaid(drawing)
    assert re.findall(r"^  (\S+) ==> (\S+)$", flowchart, re.MULTILINE) == [("alert", "r0"), ("r0", "c0"), ("r0", "p0")]
    assert "  class r0,c0,p0 on" in flowchart
    assert {"applies", "notify: routed", "later, by level first"} <= set(labels(flowchart))
    document = svg(drawing)
    assert 'class="rule on"' in document
    assert 'class="rule aside"' in document
    assert 'class="tells on"' in document
    assert "Routing of the critical alert a" in texts(document)
    assert any("by cpu; cpu: notify: routed" in text for text in texts(document))


def test_where_a_gate_is_shut_the_path_ends() -> None:
    config = named("cpu")
    config = config.with_channel(create_console_channel("cpu", "emergency"))
    (channel,) = (drawing := path_of(config)).channels
    assert (channel.on, channel.near, channel.lines[0]) == (False, True, "skip: below_min_severity")
    assert 'class="tells near"' in svg(drawing)


def test_what_no_rule_takes_goes_to_the_catch_all() -> None:
    config = Configuration(channels={"a": create_console_channel("a")}, catch_all_channel="a")
    assert "alert ==> r0" in mermaid(path_of(config))
    assert "r0 ==> c0" in mermaid(path_of(config))


# -- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_mermaid_or_what_the_ending_says(run: Run, config: Path, tmp_path: Path) -> None:
    code, out, err = run("graph", "--config", config)
    assert (code, err) == (0, "")
    assert out.startswith("flowchart LR\n")
    drawing = tmp_path / "routing.svg"
    assert run("graph", "--config", config, "-o", drawing) == (0, "", "")
    ElementTree.fromstring(drawing.read_text(encoding="utf-8"))
    assert run("graph", "--config", config, "--format", "svg")[1] == drawing.read_text(encoding="utf-8")
    text = tmp_path / "routing.mmd"
    assert run("graph", "--config", config, "-o", text)[0] == 0
    assert text.read_text(encoding="utf-8") == out


def test_the_command_draws_the_path_of_an_alert(run: Run, config: Path, tmp_path: Path) -> None:
    out = run("graph", "--config", config, "--label", "severity=critical", "--label", "cluster_id=prod-1")[1]
    assert re.findall(r"^  (\S+) ==> (r\d+)$", out, re.MULTILINE) == [("alert", "r0"), ("r0", "r1"), ("r0", "r2")]
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps({"severity": "critical", "cluster_id": "prod-1", "alert_id": "a", "metric_name": ""}))
    assert "the critical alert a" in run("graph", "--config", config, "--alert", alert)[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--format", "png"), 2, "'png' is not one of"),
        (("--label", "severity=hgih"), 2, "unknown severity 'hgih'"),
        (("-o", "nowhere/x.svg"), 1, "nowhere/x.svg: cannot write it: No such file or directory"),
    ],
)
def test_mistakes_are_told(run: Run, config: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    found, out, err = run("graph", "--config", config, *arguments)
    assert (found, out) == (code, "")
    assert said in err


def test_a_wrong_configuration_is_told_as_check_tells_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("chanels: {}\n")
    assert run("graph", "--config", path) == (2, "", run("check", path)[2])
    assert run("graph")[0] == 2
