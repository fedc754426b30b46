"""The bundled matchers, renderers, aggregators and the scheduler keep the contracts of their kinds."""

from __future__ import annotations

from typing import ClassVar

from tocsin.testing.contracts import AggregatorContract, MatcherContract, RendererContract, SchedulerContract
from tocsin.testing.samples import make_alert


class TestSeverity(MatcherContract):
    matcher = "severity"
    examples = (
        ("critical", make_alert(severity="critical"), True),
        (["info", "error"], make_alert(severity="critical"), False),
    )
    refused = ("critcal", [], None, [3])


class TestClusterPattern(MatcherContract):
    matcher = "cluster_pattern"
    examples = (("prod-.*", make_alert(cluster_id="prod-1"), True), ("prod", make_alert(cluster_id="prod-1"), False))
    refused = ("(", [], 7)


class TestMetricName(MatcherContract):
    matcher = "metric_name"
    examples = ((["cpu", "disk"], make_alert(metric_name="cpu"), True), ("c.*", make_alert(metric_name="cpu"), False))
    refused = ([], 5, None)


class TestNodeId(MatcherContract):
    matcher = "node_id"
    examples = (("", make_alert(node_id=None), True), ("n1", make_alert(node_id="n2"), False))
    refused = ([], 17)


class TestLabels(MatcherContract):
    matcher = "labels"
    examples = (
        ({"team": ["db", "web"]}, make_alert(labels={"team": "db"}), True),
        ({"team": "db"}, make_alert(labels={}), False),
    )
    refused = ("team=db", {}, {"team": []})


class TestMatchers(MatcherContract):
    matcher = "matchers"
    examples = (
        (['team=~"d.*"'], make_alert(labels={"team": "db"}), True),
        ('team!="db"', make_alert(labels={"team": "db"}), False),
    )
    refused = ("team", [], "")


class TestText(RendererContract):
    renderer = "text"


class TestJson(RendererContract):
    renderer = "json"


class TestSlack(RendererContract):
    renderer = "slack"


class TestWindow(AggregatorContract):
    aggregator = "window"
    several_settings = ({}, {"window_seconds": 0, "resolve_seconds": 0, "burst": 1, "repeat_interval_seconds": 0.5})


class TestGrouping(AggregatorContract):
    aggregator = "grouping"
    several_settings: ClassVar = (
        {},
        {"group_by": ["cluster_id", "service"], "group_wait_seconds": 0, "repeat_interval_seconds": None},
        {"group_by": ["..."], "group_interval_seconds": 0.001},
        {"group_by": ["service"], "labels_alone": True},
    )


class TestNone(AggregatorContract):
    aggregator = "none"
    several_settings = ({}, {"repeat_interval_seconds": 60})


class TestLevels(SchedulerContract):
    scheduler = "levels"
