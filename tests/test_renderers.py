"""The renderers ``text`` and ``json``, and the fields that templates read."""

from __future__ import annotations

import json
import math
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import unhurried

from tocsin.errors import TemplateError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationLevel
from tocsin.model.fields import field_value
from tocsin.model.notification import AlertStatus, Notification, NotificationKind
from tocsin.model.severity import AlertSeverity
from tocsin.model.template import TEMPLATE_FIELDS, NotificationTemplate
from tocsin.registry import RendererRegistrar
from tocsin.testing.samples import NOW, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_plugins import json as json_renderer
from tocsin_plugins import text as text_renderer

GUIDE_BODY = """{
        "alert_type": "{severity}",
        "cluster": "{cluster_id}",
        "metric": "{metric_name}",
        "value": {current_value},
        "threshold": {threshold_value},
        "message": "{message}",
        "timestamp": {timestamp}
    }"""


def template(body: str, subject: str = "Alert: {severity}") -> NotificationTemplate:
    """Return a template of the webhook backend."""
    return NotificationTemplate("t", "T", "webhook", subject, body)


def summary(count: int = 14, **changes: Any) -> Notification:
    """Return a notification of *count* firing alerts in two clusters and one that has resolved."""
    firing = [
        make_listed(
            alert_id=f"a{index}", cluster_id=f"c{index % 2}", severity=AlertSeverity.WARNING, timestamp=NOW + index
        )
        for index in range(count)
    ]
    return make_notification(*firing, make_listed(alert_id="done", cluster_id="c2", resolved=True), **changes)


# -- fields ------------------------------------------------------------------------------------------------------


def test_every_documented_field_of_one_alert() -> None:
    notification = make_notification(level=EscalationLevel.FIRST, kind=NotificationKind.ESCALATION)
    assert {field: field_value(notification, field) for field in TEMPLATE_FIELDS} == {
        "alert_id": "manual-001",
        "cluster_id": "prod-web-01",
        "node_id": "node-7",
        "severity": "CRITICAL",
        "metric_name": "cpu_usage",
        "current_value": 85.0,
        "threshold_value": 80.0,
        "message": "High CPU usage detected",
        "timestamp": NOW,
        "status": "firing",
        "kind": "escalation",
        "level": "first",
        "alert_count": 1,
        "incident_id": "inc-1",
        "notification_id": "ntf-1",
        "channel_id": "ops",
        "first_timestamp": NOW,
        "last_timestamp": NOW,
    }


def test_the_fields_of_a_summary_cover_all_its_alerts() -> None:
    notification = make_notification(
        make_listed(alert_id="b", cluster_id="c2", severity="error", node_id=None, labels={"dc": "ams"}),
        make_listed(alert_id="a", cluster_id="c1", severity="critical", timestamp=NOW + 9, labels={"dc": "fra"}),
        make_listed(alert_id="c", cluster_id="c1", timestamp=NOW - 9, metric_name="disk", annotations={"run": "book"}),
    )
    expected = {
        "alert_id": "b",
        "severity": "CRITICAL",
        "cluster_id": "c1, c2",
        "metric_name": "cpu_usage, disk",
        "node_id": "node-7",
        "alert_count": 3,
        "first_timestamp": NOW - 9,
        "last_timestamp": NOW + 9,
        "labels.dc": "ams, fra",
        "annotations.run": "book",
        "level": "",
    }
    assert {field: field_value(notification, field) for field in expected} == expected


def test_what_is_absent_is_empty_and_an_unknown_number_is_none() -> None:
    notification = make_notification(
        make_listed(node_id=None, current_value=None, threshold_value=None, timestamp=None, labels={})
    )
    fields = ("node_id", "current_value", "threshold_value", "timestamp", "labels.x", "annotations.x")
    assert [field_value(notification, field) for field in fields] == ["", None, None, NOW, "", ""]


def test_a_field_that_does_not_exist_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(TemplateError, match="did you mean 'severity'"):
        field_value(make_notification(), "severty")


@unhurried
@given(any_notifications(), st.sampled_from(sorted(TEMPLATE_FIELDS)))
def test_every_field_of_every_notification_has_a_value(notification: Notification, field: str) -> None:
    assert isinstance(field_value(notification, field), (str, float, int, type(None)))


def test_a_notification_that_lists_nothing_still_renders() -> None:
    empty = make_notification(status=AlertStatus.FIRING, severity=AlertSeverity.INFO)
    empty = attrs.evolve(empty, alerts=())
    assert all(field_value(empty, field) in ("", None) for field in ("alert_id", "message", "current_value"))
    assert field_value(empty, "timestamp") == NOW
    assert text_renderer.render(empty, None).subject.startswith("[FIRING] INFO")
    assert json.loads(json_renderer.render(empty, None).body)["alert_count"] == 0


# -- text --------------------------------------------------------------------------------------------------------


def test_a_single_alert_as_text() -> None:
    message = text_renderer.render(make_notification(), None)
    assert message.subject == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert message.content_type == "text/plain; charset=utf-8"
    assert not message.templated
    assert message.body.split("\n") == [
        "[FIRING] CRITICAL cpu_usage on prod-web-01",
        "High CPU usage detected",
        "value 85, threshold 80",
        "since 2023-11-14T22:13:20.000Z",
        "node: node-7",
        "labels: service=web",
        "runbook: https://wiki.example/cpu",
        "alert: manual-001",
        "incident: inc-1",
    ]


def test_what_an_alert_lacks_is_left_out() -> None:
    bare = make_listed(
        cluster_id="",
        node_id=None,
        metric_name="",
        current_value=None,
        threshold_value=None,
        message="",
        labels={},
        annotations={},
    )
    assert text_renderer.render(make_notification(bare), None).body.split("\n") == [
        "[FIRING] CRITICAL alert",
        "since 2023-11-14T22:13:20.000Z",
        "alert: manual-001",
        "incident: inc-1",
    ]


def test_a_resolution_says_so_first_and_never_looks_like_a_firing() -> None:
    message = text_renderer.render(make_notification(make_listed(resolved=True)), None)
    assert message.subject == "[RESOLVED] CRITICAL cpu_usage on prod-web-01"
    assert "fired 2023-11-14T22:13:20.000Z, resolved 2023-11-14T22:14:20.000Z" in message.body
    assert "FIRING" not in message.subject + message.body


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": NotificationKind.ESCALATION, "level": EscalationLevel.SECOND}, "(escalation: second)"),
        ({"kind": NotificationKind.ESCALATION}, "(escalation)"),
        ({"kind": NotificationKind.REPEAT}, "(repeat: still firing)"),
        ({"kind": NotificationKind.DIGEST}, "(digest)"),
        ({"kind": NotificationKind.MORE}, ""),
        ({"test": True}, "[TEST] [FIRING]"),
    ],
)
def test_the_occasion_is_in_the_subject(changes: dict[str, Any], said: str) -> None:
    assert said in text_renderer.render(make_notification(**changes), None).subject


def test_an_escalation_says_that_nobody_answered() -> None:
    body = text_renderer.render(make_notification(level=EscalationLevel.FINAL), None).body
    assert "Nobody has acknowledged it: escalation level final" in body


def test_a_summary_as_text() -> None:
    lines = text_renderer.render(summary(2), None).body.split("\n")
    assert lines == [
        "[FIRING] WARNING cpu_usage: 3 alerts, 1 resolved, in 3 clusters",
        "3 alerts: 2 firing, 1 resolved",
        "severities: 1 critical, 2 warning",
        "clusters: c0, c1, c2",
        "first 2023-11-14T22:13:20.000Z, last 2023-11-14T22:13:20.000Z",
        "- [FIRING] WARNING cpu_usage on c0: High CPU usage detected (value 85, threshold 80)",
        "- [FIRING] WARNING cpu_usage on c1: High CPU usage detected (value 85, threshold 80)",
        "- [RESOLVED] CRITICAL cpu_usage on c2: High CPU usage detected (value 85, threshold 80)",
        "incident: inc-1",
    ]


def test_of_a_long_summary_twenty_are_listed_and_the_others_counted() -> None:
    lines = text_renderer.render(summary(31), None).body.split("\n")
    assert len([line for line in lines if line.startswith("- [")]) == 20
    assert "- … and 12 more" in lines


def test_of_many_clusters_ten_are_named() -> None:
    notification = make_notification(
        *(make_listed(alert_id=f"{n}", cluster_id=f"c{n:03}", metric_name=f"m{n % 2}") for n in range(200))
    )
    body = text_renderer.render(notification, None).body
    assert "2 metrics: 200 alerts in 200 clusters" in body
    assert "c009, … and 190 more" in body


@unhurried
@given(any_notifications())
def test_any_notification_as_text_begins_with_its_status_and_severity(notification: Notification) -> None:
    message = text_renderer.render(notification, None)
    alive = notification.kind is NotificationKind.HEARTBEAT
    told = f"[{notification.status.value.upper()}] {notification.severity.value.upper()}"
    start = "[HEARTBEAT] tocsin is alive" if alive else told
    assert message.subject.removeprefix("[TEST] ").startswith(start)
    assert message.body.startswith(message.subject)
    assert len(message.subject.splitlines()) == 1


def test_a_users_template_makes_subject_and_body() -> None:
    message = text_renderer.render(
        make_notification(make_listed(message="two\nlines")),
        template("{status}: {current_value} at {timestamp} { odd } {labels.service}", "{message}"),
    )
    assert message.subject == "two lines"
    assert message.body == "firing: 85 at 2023-11-14T22:13:20.000Z { odd } web"
    assert message.templated


# -- json --------------------------------------------------------------------------------------------------------


def test_a_single_alert_as_json() -> None:
    message = json_renderer.render(make_notification(), None)
    assert (message.content_type, message.templated) == ("application/json", False)
    alert = {
        "alert_id": "manual-001",
        "cluster_id": "prod-web-01",
        "node_id": "node-7",
        "severity": "critical",
        "metric_name": "cpu_usage",
        "current_value": 85.0,
        "threshold_value": 80.0,
        "message": "High CPU usage detected",
        "timestamp": NOW,
        "labels": {"service": "web"},
        "annotations": {"runbook": "https://wiki.example/cpu"},
        "generator_url": "",
    }
    assert json.loads(message.body) == {
        **alert,
        "status": "firing",
        "kind": "firing",
        "level": None,
        "incident_id": "inc-1",
        "notification_id": "ntf-1",
        "channel_id": "ops",
        "test": False,
        "alert_count": 1,
        "summary": {
            "count": 1,
            "firing": 1,
            "resolved": 0,
            "clusters": ["prod-web-01"],
            "severities": {"critical": 1},
            "first": NOW,
            "last": NOW,
        },
        "alerts": [{**alert, "status": "firing", "episode": 1, "fired_at": NOW, "resolved_at": None}],
    }


def test_a_summary_as_json_has_every_member() -> None:
    document = json.loads(json_renderer.render(summary(200, level=EscalationLevel.FIRST), None).body)
    assert (document["alert_count"], document["severity"], document["level"]) == (201, "warning", "first")
    assert document["summary"]["clusters"] == ["c0", "c1", "c2"]
    assert document["summary"]["severities"] == {"critical": 1, "warning": 200}
    assert len(document["alerts"]) == 201
    assert document["alerts"][-1]["resolved_at"] == NOW + 60


def test_a_number_that_json_cannot_say_is_null() -> None:
    notification = make_notification(make_listed(current_value=math.nan, threshold_value=-math.inf))
    document = json.loads(json_renderer.render(notification, None).body)
    assert (document["current_value"], document["alerts"][0]["threshold_value"]) == (None, None)


def _strictly(constant: str) -> object:
    raise AssertionError(f"{constant} is no JSON")


@unhurried
@given(any_notifications())
def test_any_notification_is_valid_json(notification: Notification) -> None:
    body = json_renderer.render(notification, None).body.encode("utf-8")
    document = json.loads(body, parse_constant=_strictly)
    assert document["status"] == notification.status.value
    assert [member["status"] for member in document["alerts"]] == [listed.status for listed in notification.alerts]


@pytest.mark.parametrize("message", ['a "quoted" word', "two\nlines\tand a tab", "C:\\temp\\", "{severity}", '"}'])
def test_the_guides_json_template_is_valid_whatever_the_message(message: str) -> None:
    rendered = json_renderer.render(make_notification(make_listed(message=message)), template(GUIDE_BODY))
    assert (rendered.content_type, rendered.templated) == ("application/json", True)
    assert rendered.subject == "Alert: CRITICAL"
    assert json.loads(rendered.body) == {
        "alert_type": "CRITICAL",
        "cluster": "prod-web-01",
        "metric": "cpu_usage",
        "value": 85.0,
        "threshold": 80.0,
        "message": message,
        "timestamp": NOW,
    }


@unhurried
@given(any_notifications())
def test_the_guides_json_template_is_valid_for_any_notification(notification: Notification) -> None:
    rendered = json_renderer.render(notification, template(GUIDE_BODY))
    json.loads(rendered.body.encode("utf-8"), parse_constant=_strictly)


@unhurried
@given(any_text())
def test_a_template_that_is_no_json_makes_plain_text(message: str) -> None:
    rendered = json_renderer.render(make_notification(make_listed(message=message)), template("say {message}"))
    assert rendered.content_type.startswith("text/plain")
    assert rendered.body == f"say {message}"


def test_the_documented_members_are_the_ones_that_are_sent() -> None:
    described = json_renderer.__doc__ or ""
    document = json_renderer.document(make_notification())
    members = {*document, *document["summary"], *document["alerts"][0], *attrs.fields_dict(PerformanceAlert)}
    assert [member for member in sorted(members) if f"``{member}``" not in described] == []


def test_the_plugins_register_their_renderers() -> None:
    registrar = RendererRegistrar()
    text_renderer.tocsin_register_renderers(registrar)
    json_renderer.tocsin_register_renderers(registrar)
    registrar.commit()
    renders = {name: registration.spec.render for name, registration in registrar.frozen().items()}
    assert renders == {"json": json_renderer.render, "text": text_renderer.render}
