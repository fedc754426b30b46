"""Time intervals and inhibition rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tocsin import TimeInterval
from tocsin_server.convert import Conversion, NotAlertmanagerError

Convert = Callable[..., Conversion]
ROUTE = "route: {receiver: a}\nreceivers: [{name: a}]\n"


def intervals(convert: Convert, interval: str) -> list[dict[str, Any]]:
    """What becomes of the time interval ``t``, which is one interval."""
    found = convert(f"{ROUTE}time_intervals:\n- name: t\n  time_intervals: [{interval}]\n")
    assert found.carried_over
    named: list[dict[str, Any]] = found.configuration["time_intervals"]["t"]
    return named


@pytest.mark.parametrize(
    ("interval", "written"),
    [
        ("{}", {}),
        (
            "{times: [{start_time: 09:00, end_time: 17:00}, {start_time: '20:00', end_time: '24:00'}]}",
            {"times": [{"start_time": "09:00", "end_time": "17:00"}, {"start_time": "20:00", "end_time": "24:00"}]},
        ),
        ("{weekdays: ['Monday:Friday', sunday]}", {"weekdays": ["monday:friday", "sunday"]}),
        ("{days_of_month: [1:5, -3:-1, '31']}", {"days_of_month": ["1:5", "-3:-1", "31"]}),
        ("{months: [January:march, 12, 5:6]}", {"months": ["january:march", "12", "5:6"]}),
        ("{years: [2026, 2027:2028]}", {"years": ["2026", "2027:2028"]}),
        ("{location: Europe/Berlin}", {"location": "Europe/Berlin"}),
        ("{location: ''}", {}),
        ("{months: [0:3, 11:13]}", {"months": ["1:3", "11:12"]}),
        ("{years: [-5:2026, 9999:12345]}", {"years": ["1:2026", "9999"]}),
        ("{weekdays: null}", {}),
    ],
)
def test_an_interval_is_carried_over(convert: Convert, interval: str, written: dict[str, Any]) -> None:
    assert intervals(convert, interval) == [written]


@pytest.mark.parametrize(
    "interval", ["{months: [13]}", "{years: [0]}", "{weekdays: []}", "{times: [], months: [1]}", ""]
)
def test_an_interval_that_never_comes_stays_one(convert: Convert, interval: str) -> None:
    """A rule that is active in it stays silent, as there."""
    (written,) = intervals(convert, interval)
    assert not TimeInterval.parse(written).contains(0.0)
    assert TimeInterval.parse(written).next_edge(0.0) is None


def test_both_names_of_the_list_are_read(convert: Convert) -> None:
    text = f"{ROUTE}mute_time_intervals: [{{name: old}}]\ntime_intervals: [{{name: new, time_intervals: [{{}}]}}]\n"
    assert convert(text).configuration["time_intervals"] == {"old": [{"years": ["1"]}], "new": [{}]}


def test_the_machines_own_zone_is_not_carried_over(convert: Convert) -> None:
    text = f"{ROUTE}time_intervals:\n- name: t\n  time_intervals:\n  - location: Local\n"
    found = convert(text, loads=False)
    assert [str(remark) for remark in found.remarks] == [
        "6: error: the location Local is the machine's own, which tocsin refuses: name the zone"
    ]
    with pytest.raises(Exception, match="Local"):
        convert(text)


@pytest.mark.parametrize(
    "interval",
    [
        *("{weekdays: [friday:monday]}", "{weekdays: [funday]}", "{days_of_month: [0]}", "{days_of_month: ['-1:1']}"),
        *(
            "{months: [march:january]}",
            "{months: [foo]}",
            "{months: [1_0]}",
            "{months: [1:2:3]}",
            "{years: [x]}",
            "{years: [2:1]}",
        ),
        *("{times: [{start_time: 9:00, end_time: 17:00}]}", "{times: [{start_time: 17:00, end_time: 09:00}]}"),
        *("{times: [{start_time: 17:00}]}", "{location: Nowhere/None}", "{seasons: [spring]}", "{times: {}}", "[]"),
    ],
)
def test_what_is_no_interval_is_refused(
    convert: Convert, refused_by_amtool: Callable[[str], bool], interval: str
) -> None:
    text = f"{ROUTE}time_intervals:\n- name: t\n  time_intervals:\n  - {interval}\n"
    with pytest.raises(NotAlertmanagerError) as caught:
        convert(text)
    assert caught.value.line == 6
    assert refused_by_amtool(text)


def test_inhibition_rules_in_their_old_and_new_form(convert: Convert) -> None:
    text = f"""\
{ROUTE}inhibit_rules:
- source_match: {{severity: critical}}
  target_match_re: {{severity: 'warning|info'}}
  equal: [alertname, severity, cluster_id]
- name: node-down
  source_matchers: [alertname="NodeDown", 'job=~"node.*"']
  target_matchers: [alertname!="NodeDown"]
- source_matchers: []
  target_matchers: [a=b]
"""
    assert convert(text).configuration["inhibition_rules"] == [
        {
            "source_matchers": ['"labels.severity"="critical"'],
            "target_matchers": ['"labels.severity"=~"warning|info"'],
            "equal": ["alertname", "labels.severity", "labels.cluster_id"],
        },
        {
            "name": "node-down",
            "source_matchers": ['alertname="NodeDown"', r'job=~"node[^\n]*"'],
            "target_matchers": ['alertname!="NodeDown"'],
        },
        {"source_matchers": ['alert_id=~".*"'], "target_matchers": ['a="b"']},
    ]
