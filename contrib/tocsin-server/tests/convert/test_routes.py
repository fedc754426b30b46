"""The tree of routes: what is inherited, the timers, and what names something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tocsin_server.convert import Conversion

Convert = Callable[..., Conversion]
TREE = """\
route:
  receiver: a
  group_by: [alertname, cluster]
  group_wait: 10s
  routes:
  - matchers: [team="db"]
    receiver: b
    group_by: ['...']
    group_interval: 1m30s
    continue: true
    mute_time_intervals: [nights, nights]
    routes:
    - match: {env: prod}
      group_by: []
      repeat_interval: 1d
  - matchers: ['team=~"web.*"']
    active_time_intervals: [nights]
receivers: [{name: a}, {name: b}]
time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: 22:00, end_time: 24:00}]}]
"""


def grouping(*group_by: str, wait: float = 10, interval: float = 300, repeat: float | None = 14400) -> dict[str, Any]:
    """The aggregation of a rule."""
    return {
        "strategy": "grouping",
        "group_by": list(group_by),
        "group_wait_seconds": wait,
        "group_interval_seconds": interval,
        "repeat_interval_seconds": repeat,
    }


def test_a_rule_says_what_it_inherits(convert: Convert) -> None:
    """Receiver, labels and timers, but no time intervals."""
    found = convert(TREE)
    assert found.configuration["routing_rules"] == [
        {
            "rule_id": "route",
            "receiver": "a",
            "aggregation": grouping("alertname", "cluster"),
            "routes": [
                {
                    "rule_id": "route.1",
                    "conditions": {"matchers": ['team="db"']},
                    "receiver": "b",
                    "continue": True,
                    "aggregation": grouping("...", interval=90),
                    "mute_time_intervals": ["nights"],
                    "routes": [
                        {
                            "rule_id": "route.1.1",
                            "conditions": {"matchers": ['env="prod"']},
                            "receiver": "b",
                            "aggregation": grouping(interval=90, repeat=86400),
                        }
                    ],
                },
                {
                    "rule_id": "route.2",
                    "conditions": {"matchers": [r'team=~"web[^\n]*"']},
                    "receiver": "a",
                    "aggregation": grouping("alertname", "cluster"),
                    "active_time_intervals": ["nights"],
                },
            ],
        }
    ]
    assert [remark.line for remark in found.remarks] == [6]
    assert "is grouped once for all of them" in found.remarks[0].text


def test_by_default_the_timers_are_alertmanagers(convert: Convert) -> None:
    found = convert("route: {receiver: a}\nreceivers: [{name: a}]\n")
    assert found.configuration["routing_rules"][0]["aggregation"] == grouping(wait=30)
    assert found.configuration["server"]["resolve_timeout_seconds"] == 300
    assert found.remarks == ()


def test_continue_is_not_remarked_where_all_group_alike(convert: Convert) -> None:
    text = "route: {receiver: a, routes: [{continue: true}, {receiver: b}]}\nreceivers: [{name: a}, {name: b}]\n"
    assert convert(text).remarks == ()


def test_labels_that_are_fields_too_are_grouped_as_labels(convert: Convert) -> None:
    routes = "[{group_by: [team]}, {group_by: [labels.team]}]"
    text = f"route: {{receiver: a, group_by: [severity], routes: {routes}}}\nreceivers: [{{name: a}}]\n"
    rule = convert(text).configuration["routing_rules"][0]
    assert rule["aggregation"]["labels_alone"] is True
    assert rule["aggregation"]["group_by"] == ["severity"]
    assert ["labels_alone" in route["aggregation"] for route in rule["routes"]] == [False, True]


@pytest.mark.parametrize(
    ("timers", "aggregation", "remarks"),
    [
        ("group_wait: 0s", grouping(wait=0), []),
        ("group_wait: 1h30m", grouping(wait=5400), []),
        ("group_interval: 500ms", grouping(wait=30, interval=0.5), []),
        ("repeat_interval: 1w2d", grouping(wait=30, repeat=9 * 86400), []),
        (
            "repeat_interval: 10y",
            grouping(wait=30, repeat=None),
            ["3: repeat_interval is longer than a year, the longest there is: nobody is reminded"],
        ),
        (
            "group_interval: 2y",
            grouping(wait=30, interval=366 * 86400),
            ["3: group_interval is cut to a year, the longest there is"],
        ),
    ],
)
def test_timers(convert: Convert, timers: str, aggregation: dict[str, Any], remarks: list[str]) -> None:
    found = convert(f"route:\n  receiver: a\n  {timers}\nreceivers: [{{name: a}}]\n")
    assert found.configuration["routing_rules"][0]["aggregation"] == aggregation
    assert [str(remark) for remark in found.remarks] == remarks


def test_what_the_daemon_needs_to_know(convert: Convert) -> None:
    text = "global: {resolve_timeout: 10m}\nroute: {receiver: a}\nreceivers: [{name: a}]\n"
    assert convert(text).configuration["server"]["resolve_timeout_seconds"] == 600


def test_what_has_no_counterpart_is_remarked(convert: Convert) -> None:
    text = """\
global: {resolve_timeout: 0s, victorops_api_key: s3cret}
templates: [a.tmpl, b.tmpl]
tracing: {endpoint: x}
route:
  receiver: a
  labels: {x: y}
receivers:
- name: a
  labels: {x: y}
---
more: documents
"""
    assert [str(remark) for remark in convert(text).remarks] == [
        "1: global.victorops_api_key is for receivers that have no backend, and is left out",
        "1: resolve_timeout is not zero in tocsin: five minutes are used",
        "2: templates[0] are Go templates, which are not carried over: tocsin's own are used",
        "2: templates[1] are Go templates, which are not carried over: tocsin's own are used",
        "3: tracing has no counterpart, and is left out",
        "6: labels of a route have no counterpart, and are left out",
        "9: labels of a receiver have no counterpart, and are left out",
        "10: only the first document of the file counts, as in Alertmanager",
    ]


def test_texts_stay_as_they_are_written(convert: Convert) -> None:
    """YAML would make numbers, booleans and dates of them; aliases and merged keys are followed."""
    text = """\
route:
  receiver: 010
  routes:
  - match: &m {a: yes, b: 1e3, c: 2020-01-01, d: ~, e: 'x${y}'}
  - match: {<<: *m, a: no}
    receiver: "on"
receivers: [{name: 010}, {name: on}, {name: '${x}'}]
"""
    found = convert(text)
    (rule,) = found.configuration["routing_rules"]
    assert [route["receiver"] for route in rule["routes"]] == ["010", "on"]
    first = ['a="yes"', 'b="1e3"', 'c="2020-01-01"', 'd=""', 'e="x${y}"']
    assert rule["routes"][0]["conditions"]["matchers"] == first
    assert set(rule["routes"][1]["conditions"]["matchers"]) == {'a="no"', *first[1:]}
    assert list(found.configuration["receivers"]) == ["010", "on", "${x}"]


def test_a_tree_that_is_deeper_than_tocsin_reads_is_not_carried_over(convert: Convert) -> None:
    def tree(depth: int) -> str:
        return "{receiver: a" + ", routes: [{continue: false" * depth + "}]" * depth + "}"

    assert convert(f"route: {tree(45)}\nreceivers: [{{name: a}}]\n").carried_over
    found = convert(f"route: {tree(60)}\nreceivers: [{{name: a}}]\n", loads=False)
    assert [str(remark) for remark in found.remarks] == [
        "1: error: routes stand in one another more deeply than tocsin reads: bring them closer to the root"
    ]
