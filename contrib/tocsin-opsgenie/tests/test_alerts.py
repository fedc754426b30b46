"""What an alert of Opsgenie is made of, within the published format and limits, whatever an alert of tocsin says."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from alert_api import KEY, problems_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import AlertSeverity, Message, Notification, NotificationKind
from tocsin.testing.samples import HOSTILE, hostile_alert, make_alert, make_listed, make_notification, of_each_kind
from tocsin_opsgenie import alerts
from tocsin_opsgenie.settings import OpsgenieConfig, Responder

CONFIG = OpsgenieConfig(api_key=KEY)


def said(subject: str = "[FIRING] CRITICAL cpu_usage on prod-web-01", body: str = "It is hot.") -> Message:
    """Return a renderer's message."""
    return Message(subject, body)


def made(*listed: Any, config: OpsgenieConfig = CONFIG, **changes: Any) -> dict[str, Any]:
    """Return the alert for a notification, which Opsgenie would take."""
    return checked(make_notification(*listed, **{"message": said(), **changes}), config)


def checked(notification: Notification, config: OpsgenieConfig = CONFIG) -> dict[str, Any]:
    """Return the alert for *notification*, which is in form and within the limits, as are the updates of it."""
    document = alerts.new_alert(notification, config)
    assert problems_of("POST", "alerts", document) == []
    assert problems_of("POST", "notes", {"note": alerts.note(notification)}) == []
    assert problems_of("PUT", "message", {"message": alerts.message(notification)}) == []
    assert problems_of("PUT", "description", {"description": alerts.description(notification)}) == []
    return document


def test_one_alert() -> None:
    assert made(make_listed(generator_url="https://prometheus.example/g")) == {
        "message": "[FIRING] CRITICAL cpu_usage on prod-web-01",
        "alias": "inc-1",
        "description": "It is hot.",
        "details": {
            "incident_id": "inc-1",
            "notification_id": "ntf-1",
            "severity": "critical",
            "alert_id": "manual-001",
            "cluster_id": "prod-web-01",
            "node_id": "node-7",
            "metric_name": "cpu_usage",
            "current_value": "85",
            "threshold_value": "80",
            "since": "2023-11-14T22:13:20.000Z",
            "generator_url": "https://prometheus.example/g",
            "service": "web",
        },
        "source": "tocsin",
        "priority": "P1",
        "entity": "prod-web-01",
    }


def test_of_several_alerts_the_details_have_what_is_equal_in_all() -> None:
    other = make_listed(alert_id="b", cluster_id="c2", labels={"service": "web", "az": "1"})
    document = made(make_listed(), other)
    assert document["entity"] == "c2, prod-web-01"
    assert {"alert_id", "cluster_id", "az"} & document["details"].keys() == set()
    assert (document["details"]["service"], document["details"]["metric_name"]) == ("web", "cpu_usage")


def test_a_notification_without_alerts_is_an_alert_all_the_same() -> None:
    notification = attrs.evolve(make_notification(message=said()), alerts=())
    assert "entity" not in checked(notification)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(85.0, "85"), (1234567.5, "1234567.5"), (0.1, "0.1"), (10**300, "1e+300"), (float("inf"), "inf")],
)
def test_values_are_shown_as_people_write_them(value: float, shown: str) -> None:
    assert made(make_listed(current_value=value))["details"]["current_value"] == shown


def test_a_label_does_not_take_the_place_of_a_field() -> None:
    assert made(make_listed(labels={"incident_id": "forged"}))["details"]["incident_id"] == "inc-1"


@pytest.mark.parametrize(
    ("severity", "priority"),
    [("info", "P5"), ("warning", "P3"), ("error", "P2"), ("critical", "P1"), ("emergency", "P1")],
)
def test_every_severity_has_a_priority(severity: str, priority: str) -> None:
    assert made(make_listed(severity=severity))["priority"] == priority


def test_priorities_may_be_others_or_one_for_all() -> None:
    one = OpsgenieConfig(api_key=KEY, priority="P4", priorities={"error": "P1"})
    some = OpsgenieConfig(api_key=KEY, priorities={"error": "P1"})
    error, info = make_listed(severity="error"), make_listed(severity="info")
    assert [made(listed, config=config)["priority"] for config in (one, some) for listed in (error, info)] == [
        *("P4", "P4"),
        *("P1", "P5"),
    ]


def test_a_milder_alert_that_follows_makes_the_incident_no_milder() -> None:
    told: dict[str, Any] = {"told_severity": AlertSeverity.CRITICAL, "kind": NotificationKind.MORE}
    assert made(make_listed(severity="warning"), **told)["priority"] == "P1"


def test_tags_and_responders_are_put_on_it() -> None:
    responders = (Responder(type="team", name="NetOps"), Responder(type="user", username="ada@example.org"))
    config = OpsgenieConfig(api_key=KEY, tags=("a", "b"), responders=responders)
    document = made(config=config)
    assert document["tags"] == ["a", "b"]
    assert document["responders"] == [
        {"type": "team", "name": "NetOps"},
        {"type": "user", "username": "ada@example.org"},
    ]


@pytest.mark.parametrize("name", of_each_kind("x"))
def test_every_kind_is_within_the_limits(name: str) -> None:
    notification = of_each_kind("x")[name]
    assert checked(notification)["alias"] == notification.incident_id


def test_a_test_says_so_whatever_its_template() -> None:
    for subject in ("[TEST] [FIRING] INFO tocsin_test", "Down!"):
        text = made(test=True, message=said(subject))["message"]
        assert text.count("[TEST]") == 1
        assert text.startswith("[TEST] ")


def test_a_message_is_never_missing() -> None:
    for message in (None, said(" \n ", " ")):
        assert made(message=message)["message"] == "[FIRING] CRITICAL alert"


def test_what_is_too_long_is_cut_visibly_and_counted_as_the_strictest_would() -> None:
    document = made(message=said("😀" * 200, "y" * 20_000))
    assert document["message"] == "😀" * 64 + "…"
    assert document["description"] == "y" * 14_999 + "…"
    assert len(alerts.note(make_notification(message=said("x", "y" * 30_000)))) == 25_000


def test_details_that_find_no_room_are_counted() -> None:
    details = made(make_listed(labels={f"label{n:02}": "z" * 2000 for n in range(20)}))["details"]
    assert details["label00"] == "z" * 999 + "…"
    listed = sum(name.startswith("label") for name in details)
    assert 5 < listed < 8
    assert details["left_out"] == str(20 - listed)


def test_that_details_are_left_out_finds_room_too() -> None:
    details = made(make_listed(labels={f"{n:04}": "1234" for n in range(2000)}))["details"]
    assert int(details["left_out"]) > 1000


def test_an_alias_that_no_url_can_hold_is_a_digest_of_the_incident() -> None:
    names = ("x" * 513, "y" * 513, "", "..", "a/b", "a?b", "a b", "\ud800", "ß")
    made_of = {alerts.alias(name) for name in names}
    assert len(made_of) == len(names)
    assert all(len(alias) == 64 for alias in made_of)
    assert alerts.alias("inc_0123456789abcdef01234567") == "inc_0123456789abcdef01234567"


def test_a_note_says_how_much_still_fires() -> None:
    part = make_notification(make_listed(resolved=True), message=said("s", "[RESOLVED] b"), still_firing=2)
    assert alerts.note(part) == "2 still firing.\n[RESOLVED] b"
    assert alerts.note(attrs.evolve(part, still_firing=0)) == "[RESOLVED] b"


def test_markup_is_shown_and_not_done() -> None:
    hostile = "<script>x</script> <!-- --> <?x a < b <3 &lt;i&gt;"
    document = made(make_listed(labels={"x": hostile}), message=said(hostile, hostile))
    for text in (document["message"], document["description"], document["details"]["x"]):
        assert text == "‹script>x‹/script> ‹!-- --> ‹?x a < b <3 &lt;i&gt;"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_within_form_and_limits(name: str) -> None:
    one = attrs.evolve(make_listed(), alert=hostile_alert(HOSTILE[name], "Mark"))
    for listed in ([one], [one] * 250):
        assert "Mark" in str(made(*listed, message=said(HOSTILE[name], HOSTILE[name]))["details"])


_TEXTS = st.text(st.characters(), max_size=40) | st.builds(
    lambda piece, times: piece * times, st.text(st.characters(), min_size=1, max_size=3), st.integers(1, 9000)
)


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(_TEXTS, min_size=6, max_size=6),
    count=st.sampled_from([1, 2, 250]),
    resolved=st.booleans(),
    value=st.none() | st.floats() | st.integers(-(10**300), 10**300),
)
def test_any_notification_is_an_alert_that_opsgenie_takes(
    texts: list[str], count: int, resolved: bool, value: float | None
) -> None:
    subject, body, cluster, metric, text, incident = texts
    alert = make_alert(
        cluster_id=cluster,
        metric_name=metric,
        message=text,
        node_id=text,
        labels={text: body, body: text},
        current_value=value,
    )
    listed = attrs.evolve(make_listed(resolved=resolved), alert=alert)
    made(*[listed] * count, message=said(subject, body or "x"), incident_id=incident)
