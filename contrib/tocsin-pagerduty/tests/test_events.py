"""Events: what stands where, within PagerDuty's published format and limits, whatever an alert says."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from events_api import KEY, problems_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import AlertSeverity, AlertStatus, Message, Notification, NotificationKind
from tocsin.http import json_content
from tocsin.testing.samples import HOSTILE, hostile_alert, make_alert, make_listed, make_notification, of_each_kind
from tocsin_pagerduty.event import event
from tocsin_pagerduty.settings import PagerDutyConfig

CONFIG = PagerDutyConfig(routing_key=KEY)
LARGEST = 512_000


def said(subject: str, body: str = "", content_type: str = "text/plain", *, templated: bool = False) -> Message:
    """Return a renderer's message."""
    return Message(subject, body, content_type, templated=templated)


def made(*listed: Any, config: PagerDutyConfig = CONFIG, **changes: Any) -> dict[str, Any]:
    """Return the event for a notification, which PagerDuty would take."""
    changes.setdefault("message", said("[FIRING] CRITICAL cpu_usage on prod-web-01"))
    return checked(make_notification(*listed, **changes), config)


def checked(notification: Notification, config: PagerDutyConfig = CONFIG) -> dict[str, Any]:
    """Return the event for *notification*, which is in form and within the limits."""
    document = event(notification, config)
    content = json_content(document)
    assert len(content) <= LARGEST
    assert problems_of(document) == []
    return document


def test_one_alert() -> None:
    listed = make_listed(generator_url="https://prometheus.example/graph?g0=up")
    assert made(listed) == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "inc-1",
        "client": "tocsin",
        "links": [
            {"href": "https://prometheus.example/graph?g0=up", "text": "cpu_usage: prometheus.example"},
            {"href": "https://wiki.example/cpu", "text": "runbook: wiki.example"},
        ],
        "payload": {
            "summary": "[FIRING] CRITICAL cpu_usage on prod-web-01",
            "source": "node-7",
            "severity": "critical",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "component": "node-7",
            "group": "prod-web-01",
            "class": "cpu_usage",
            "custom_details": {
                "status": "firing",
                "severity": "critical",
                "kind": "firing",
                "num_firing": 1,
                "num_resolved": 0,
                "incident_id": "inc-1",
                "notification_id": "ntf-1",
                "channel_id": "ops",
                "message": "High CPU usage detected",
                "alert_id": "manual-001",
                "cluster_id": "prod-web-01",
                "node_id": "node-7",
                "metric_name": "cpu_usage",
                "since": "2023-11-14T22:13:20.000Z",
                "generator_url": "https://prometheus.example/graph?g0=up",
                "current_value": 85.0,
                "threshold_value": 80.0,
                "labels": {"service": "web"},
                "annotations": {"runbook": "https://wiki.example/cpu"},
            },
        },
    }


def test_several_alerts_have_what_is_equal_in_all_of_them() -> None:
    other = make_listed(alert_id="b", cluster_id="c2", node_id="node-8", labels={"service": "web", "az": "1"})
    payload = made(make_listed(), other)["payload"]
    assert payload["source"] == "c2, prod-web-01"
    assert (payload.get("component"), payload.get("group"), payload["class"]) == (None, None, "cpu_usage")
    details = payload["custom_details"]
    assert details["labels"] == {"service": "web"}
    assert [one["alert_id"] for one in details["alerts"]] == ["manual-001", "b"]
    assert details["num_firing"] == 2
    assert "alerts_left_out" not in details


def test_an_alert_without_node_or_cluster_has_a_source_all_the_same() -> None:
    assert made(make_listed(node_id=None))["payload"]["source"] == "prod-web-01"
    assert made(make_listed(node_id=None, cluster_id=" "))["payload"]["source"] == "tocsin"


def test_a_notification_without_alerts_is_an_event_all_the_same() -> None:
    notification = attrs.evolve(make_notification(message=said("s")), alerts=())
    assert checked(notification)["payload"]["source"] == "tocsin"


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [("info", "info"), ("warning", "warning"), ("error", "error"), ("critical", "critical"), ("emergency", "critical")],
)
def test_every_severity_has_one_of_theirs(severity: str, theirs: str) -> None:
    assert made(make_listed(severity=severity))["payload"]["severity"] == theirs


def test_severities_may_be_called_otherwise() -> None:
    config = PagerDutyConfig(routing_key=KEY, severities={"warning": "info"})
    assert made(make_listed(severity="warning"), config=config)["payload"]["severity"] == "info"
    assert made(make_listed(severity="error"), config=config)["payload"]["severity"] == "error"


def test_a_milder_alert_that_follows_makes_the_incident_no_milder() -> None:
    told: dict[str, Any] = {"told_severity": AlertSeverity.CRITICAL, "kind": NotificationKind.MORE}
    assert made(make_listed(severity="warning"), **told)["payload"]["severity"] == "critical"
    assert made(make_listed(severity="emergency"), **told)["payload"]["severity"] == "critical"


def test_the_incident_ends_once_nothing_of_it_fires_that_was_told() -> None:
    ended = make_listed(resolved=True)
    assert made(ended, still_firing=0)["event_action"] == "resolve"
    part = made(ended, still_firing=2, message=said("[RESOLVED] CRITICAL cpu_usage"))
    assert part["event_action"] == "trigger"
    assert part["payload"]["summary"] == "2 still firing; [RESOLVED] CRITICAL cpu_usage"
    assert part["payload"]["custom_details"]["resolved"] == "2023-11-14T22:14:20.000Z"


def test_what_fires_beside_what_ended_keeps_it_open() -> None:
    assert made(make_listed(), make_listed(alert_id="b", resolved=True))["event_action"] == "trigger"


@pytest.mark.parametrize("name", of_each_kind("x"))
def test_every_kind_is_an_event_of_its_incident(name: str) -> None:
    notification = of_each_kind("x")[name]
    assert checked(notification)["dedup_key"] == notification.incident_id
    assert checked(notification)["payload"]["custom_details"].get("level") == (
        "final" if name == "escalation" else None
    )


def test_a_test_says_so_whatever_its_template() -> None:
    for subject in ("[TEST] [FIRING] INFO tocsin_test", "Down!"):
        summary = made(test=True, message=said(subject))["payload"]["summary"]
        assert summary.count("[TEST]") == 1
        assert summary.startswith("[TEST] ")


def test_a_summary_is_never_missing() -> None:
    for message in (None, said(" \n ")):
        assert made(message=message)["payload"]["summary"] == "[FIRING] CRITICAL alert"


def test_a_long_summary_is_cut_visibly_and_counted_as_the_strictest_would() -> None:
    summary = made(message=said("😀" * 2000))["payload"]["summary"]
    assert summary == "😀" * 511 + "…"
    assert made(message=said("x" * 1024))["payload"]["summary"] == "x" * 1024


def test_a_key_that_pagerduty_would_not_take_is_a_digest_of_the_incident() -> None:
    keys = {made(incident_id=name)["dedup_key"] for name in ("x" * 256, "y" * 256, "", "a b", "\ud800")}
    assert len(keys) == 5
    assert all(len(key) == 64 for key in keys)
    assert made(incident_id="x" * 255)["dedup_key"] == "x" * 255


def test_a_time_outside_of_the_calendar_is_left_out() -> None:
    assert "timestamp" not in made(created_at=1e18)["payload"]


def test_the_link_of_the_notification_comes_first() -> None:
    listed = make_listed(generator_url="https://prometheus.example/graph")
    assert made(listed, link="https://alerts.example/alerts/a")["links"][0] == {
        "href": "https://alerts.example/alerts/a",
        "text": "tocsin: alerts.example",
    }


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "ftp://x/", "https://", "http:///x", "https://exa mple/", "https://example/\u202e"),
        *("https://[::1/", "https://x/\n", "//x", "https://example/" + "x" * 1024, ""),
    ],
)
def test_what_pagerduty_would_not_take_for_a_link_is_none(url: str) -> None:
    assert "links" not in made(make_listed(generator_url=url, annotations={"runbook": url}))


def test_there_are_at_most_ten_links_each_once_and_each_says_where_it_leads() -> None:
    notes = {f"n{n:02}": f"https://x.example/{n % 13}" for n in range(40)}
    links = made(make_listed(annotations=notes))["links"]
    assert len(links) == len({link["href"] for link in links}) == 10
    (link,) = made(make_listed(annotations={"your bank": "https://evil.example/x"}))["links"]
    assert link["text"] == "your bank: evil.example"


def test_a_client_may_be_named_and_linked() -> None:
    config = PagerDutyConfig(routing_key=KEY, client="eu", client_url="https://tocsin.example/")
    document = made(config=config)
    assert (document["client"], document["client_url"]) == ("eu", "https://tocsin.example/")
    assert "client" not in made(config=PagerDutyConfig(routing_key=KEY, client=""))


# -- templates ---------------------------------------------------------------------------------------------------


def test_a_template_of_text_is_summary_and_message() -> None:
    payload = made(message=said("Down!", "line\none", templated=True))["payload"]
    assert payload["summary"] == "Down!"
    assert payload["custom_details"]["message"] == "line\none"
    assert payload["custom_details"]["incident_id"] == "inc-1"


def test_a_template_that_is_a_json_object_is_the_details() -> None:
    payload = made(message=said("Down!", '{"team": "db", "n": [1]}', "application/json", templated=True))["payload"]
    assert payload["custom_details"] == {"team": "db", "n": [1]}


@pytest.mark.parametrize("body", ['["x"]', '{"x": "' + "y" * 400_000 + '"}'])
def test_a_template_that_is_a_list_or_too_large_is_a_text(body: str) -> None:
    payload = made(message=said("Down!", body, "application/json", templated=True))["payload"]
    assert payload["custom_details"]["message"].startswith(body[:1000])


# -- limits ------------------------------------------------------------------------------------------------------


def test_of_many_large_alerts_those_are_listed_that_find_room_and_the_others_counted() -> None:
    listed = [
        make_listed(alert_id=f"a{n}", message="x" * 8000, labels={"service": "web", "n": str(n)}) for n in range(250)
    ]
    details = made(*listed)["payload"]["custom_details"]
    assert 20 < len(details["alerts"]) < 250
    assert details["alerts_left_out"] == 250 - len(details["alerts"])
    assert details["labels"] == {"service": "web"}


def test_an_alert_that_is_too_large_is_told_without_its_labels() -> None:
    listed = make_listed(labels={f"l{n}": "y" * 8000 for n in range(100)}, message="m" * 9000)
    details = made(listed)["payload"]["custom_details"]
    assert details["left_out"] == "labels and annotations: they are too large"
    assert "labels" not in details
    assert details["message"] == "m" * 999 + "…"
    assert made(listed, listed)["payload"]["custom_details"]["alerts"][1]["left_out"]


def test_labels_that_are_equal_in_all_and_too_large_are_left_out() -> None:
    listed = [make_listed(alert_id=f"a{n}", labels={f"l{m}": "y" * 8000 for m in range(100)}) for n in range(3)]
    details = made(*listed)["payload"]["custom_details"]
    assert "labels" not in details
    assert len(details["alerts"]) == 3


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_within_form_and_limits(name: str) -> None:
    alert = hostile_alert(HOSTILE[name], "Mark")
    one = attrs.evolve(make_listed(), alert=alert)
    for listed in ([one], [one] * 250):
        document = made(*listed, message=said(HOSTILE[name], HOSTILE[name]))
        assert "Mark" in str(document["payload"]["custom_details"])
        made(*listed, message=said(HOSTILE[name], HOSTILE[name] * 20, templated=True))


def test_what_hides_or_reorders_text_is_shown_as_a_replacement() -> None:
    details = made(make_listed(message="a\x00b\u202ec\r\nd"))["payload"]["custom_details"]
    assert details["message"] == "a\ufffdb\ufffdc\nd"


def test_what_no_json_number_says_is_null() -> None:
    listed = make_listed(current_value=float("nan"), threshold_value=10**300)
    assert b'"current_value": null' in json_content(made(listed))


_TEXTS = st.text(st.characters(), max_size=40) | st.builds(
    lambda piece, times: piece * times, st.text(st.characters(), min_size=1, max_size=3), st.integers(1, 5000)
)


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(_TEXTS, min_size=6, max_size=6),
    count=st.sampled_from([1, 2, 250]),
    status=st.sampled_from(AlertStatus),
    templated=st.booleans(),
)
def test_any_notification_is_an_event_that_pagerduty_takes(
    texts: list[str], count: int, status: AlertStatus, templated: bool
) -> None:
    subject, body, cluster, metric, text, incident = texts
    alert = make_alert(
        cluster_id=cluster,
        metric_name=metric,
        message=text,
        node_id=text,
        labels={text: body},
        annotations={body: text},
    )
    listed = attrs.evolve(make_listed(resolved=status is AlertStatus.RESOLVED), alert=alert)
    made(*[listed] * count, message=said(subject, body, templated=templated), incident_id=incident)
