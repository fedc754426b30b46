"""``tocsin.wording``: notifications in words, and texts cut to length."""

from __future__ import annotations

import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import unhurried

from tocsin import wording
from tocsin.model.escalation import EscalationLevel
from tocsin.model.notification import ListedAlert, Notification, NotificationKind
from tocsin.testing.samples import make_alert, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text


def units(text: str) -> int:
    """Count as the standard defines it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# -- words -------------------------------------------------------------------------------------------------------


def test_the_facts_of_one_alert_are_what_is_known_of_it() -> None:
    assert wording.facts(make_notification()) == (
        ("Status", "FIRING"),
        ("Severity", "CRITICAL"),
        ("Cluster", "prod-web-01"),
        ("Node", "node-7"),
        ("Metric", "cpu_usage"),
        ("Value", "85"),
        ("Threshold", "80"),
        ("Since", "2023-11-14T22:13:20.000Z"),
    )


@pytest.mark.parametrize("listed", [(), (make_listed(), make_listed(alert_id="b"))])
def test_a_link_is_the_last_fact(listed: tuple[ListedAlert, ...]) -> None:
    link = "https://alerts.example/alerts/a"
    assert wording.facts(make_notification(*listed, link=link))[-1] == ("Link", link)


def test_what_is_not_known_or_blank_is_no_fact() -> None:
    listed = make_listed(resolved=True, cluster_id=" ", node_id=None, current_value=None, threshold_value=None)
    assert [name for name, _ in wording.facts(make_notification(listed))] == [
        "Status",
        "Severity",
        "Metric",
        "Since",
        "Resolved",
    ]


def test_the_facts_of_several_alerts_are_their_figures() -> None:
    listed = [make_listed(alert_id="a", cluster_id="c1"), make_listed(alert_id="b", cluster_id="c2", resolved=True)]
    assert dict(wording.facts(make_notification(*listed))) == {
        "Alerts": "2: 1 firing, 1 resolved",
        "Severities": "2 critical",
        "Clusters": "c1, c2",
        "First": "2023-11-14T22:13:20.000Z",
        "Last": "2023-11-14T22:13:20.000Z",
    }


def test_a_digest_that_lists_nothing_any_more_has_no_facts() -> None:
    assert wording.facts(attrs.evolve(make_notification(), alerts=())) == ()


def test_a_heartbeat_does_not_look_like_something_wrong() -> None:
    beat = make_notification(kind=NotificationKind.HEARTBEAT)
    assert wording.headline(beat) == "[HEARTBEAT] tocsin is alive"
    assert wording.facts(beat) == (("Sent", "2023-11-14T22:13:20.000Z"),)


def test_a_level_that_came_due_is_said() -> None:
    assert wording.level_line(make_notification()) == ""
    told = make_notification(level=EscalationLevel.FIRST)
    assert wording.level_line(told) == "Nobody has acknowledged it: escalation level first"


def test_labels_stand_on_one_line_in_order() -> None:
    assert wording.labels_line(make_alert(labels={"b": "2", "a": "1"})) == "a=1, b=2"
    assert wording.labels_line(make_alert(labels={})) == ""


@pytest.mark.parametrize(
    ("notification", "line"),
    [
        (make_notification(), "manual-001 · inc-1"),
        (make_notification(make_listed(alert_id="a\nb")), "a b · inc-1"),
        (make_notification(incident_id=" "), "manual-001"),
        (make_notification(make_listed(), make_listed(alert_id="b")), "inc-1"),
    ],
)
def test_ids_stand_on_one_line(notification: Notification, line: str) -> None:
    assert wording.ids_line(notification) == line


@unhurried
@given(any_notifications())
def test_no_fact_is_blank_and_no_headline_has_a_second_line(notification: Notification) -> None:
    assert all(name and value.strip() for name, value in wording.facts(notification))
    assert wording.headline(notification).splitlines() == [wording.headline(notification)]


# -- lengths -----------------------------------------------------------------------------------------------------


@unhurried
@given(any_text(), st.integers(0, 400))
def test_a_prefix_is_the_longest_that_fits(text: str, limit: int) -> None:
    start = wording.prefix(text, limit)
    assert text.startswith(start)
    assert units(start) <= limit
    assert start == text or units(text[: len(start) + 1]) > limit


@unhurried
@given(any_text(), st.integers(1, 400))
def test_a_text_is_shortened_only_where_it_is_too_long(text: str, limit: int) -> None:
    cut = wording.shortened(text, limit)
    assert units(cut) <= limit
    assert (cut == text) is (units(text) <= limit)
    assert cut == text or cut.endswith("…")


def test_an_emoji_is_two_units_long() -> None:
    assert [wording.utf16_length(text) for text in ("", "a", "🔔", "\ud800")] == [0, 1, 2, 1]


@unhurried
@given(any_text())
def test_what_is_legible_hides_and_turns_nothing(text: str) -> None:
    found = wording.legible(text)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", found
    )
    assert wording.legible(found) == found


def test_what_is_legible_stays() -> None:
    assert (
        wording.legible("a\r\nb\tc\rd \u202etxt ê 👩\u200d🚒 \x1b[2J")
        == "a\nb\tc\ufffdd \ufffdtxt ê 👩\u200d🚒 \ufffd[2J"
    )
