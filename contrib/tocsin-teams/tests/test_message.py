"""What Teams is sent: an Adaptive Card, whatever an alert says, small enough."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams_peer import blocks_of, links_of, problems_of, runs_of

from tocsin import AlertSeverity, EscalationLevel, Notification, NotificationKind, NotificationTemplate
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_teams.cards import MESSAGE_BYTES
from tocsin_teams.markup import escaped, fitting, shown
from tocsin_teams.message import payload, render

unhurried = settings(deadline=None, max_examples=40)
TEXT = NotificationTemplate("t", "T", "teams", "{severity}: {metric_name}", "**{message}**\n\n- a\n- b\nat {timestamp}")


def sent(notification: Notification, template: NotificationTemplate | None = None) -> Any:
    """Return what arrives at Teams."""
    content = payload(attrs.evolve(notification, message=render(notification, template)))
    assert len(content) <= MESSAGE_BYTES
    return json.loads(content.decode("utf-8"))


def card_of(document: Any) -> Any:
    """Return the card in a message."""
    return document["attachments"][0]["content"]


def style(document: Any) -> str:
    """Return the style of the headline's container."""
    found: str = card_of(document)["body"][0]["style"]
    return found


# -- the form ----------------------------------------------------------------------------------------------------


def test_a_single_alert_line_by_line() -> None:
    document = sent(make_notification())
    assert runs_of(document) == [
        "[FIRING] CRITICAL cpu_usage on prod-web-01",
        "High CPU usage detected",
        "Status: FIRING",
        "Severity: CRITICAL",
        "Cluster: prod-web-01",
        "Node: node-7",
        "Metric: cpu_usage",
        "Value: 85",
        "Threshold: 80",
        "Since: 2023-11-14T22:13:20.000Z",
        "labels: service=web",
        "runbook: https://wiki.example/cpu",
        "manual-001 · inc-1",
    ]
    assert style(document) == "attention"
    assert card_of(document)["fallbackText"] == r"\[FIRING\] CRITICAL cpu\_usage on prod-web-01"


def test_a_summary_lists_its_alerts_and_counts_the_rest() -> None:
    listed = [make_listed(alert_id=f"a{n}", cluster_id=f"c{n}", message="m" * 5000) for n in range(32)]
    lines = runs_of(sent(make_notification(*listed, level=EscalationLevel.FIRST)))
    assert "32 alerts in 32 clusters" in lines[0]
    assert lines[1] == "Nobody has acknowledged it: escalation level first"
    assert sum(line.startswith("• [FIRING]") for line in lines) == 20
    assert lines[-2:] == ["• … and 12 more", "inc-1"]


def test_what_has_resolved_and_heartbeats_look_good() -> None:
    styles = {style(sent(make_notification(make_listed(severity=one)))) for one in AlertSeverity}
    assert styles == {"accent", "warning", "attention"}
    over = sent(make_notification(make_listed(resolved=True)))
    assert (style(over), runs_of(over)[0][:10]) == ("good", "[RESOLVED]")
    beat = sent(make_notification(kind=NotificationKind.HEARTBEAT))
    assert (style(beat), runs_of(beat)[0]) == ("good", "[HEARTBEAT] tocsin is alive")
    assert runs_of(sent(make_notification(test=True)))[0].startswith("[TEST] [FIRING]")


def test_a_digest_that_lists_nothing_any_more_is_still_a_message() -> None:
    document = sent(attrs.evolve(make_notification(), alerts=(), incident_id=""))
    assert problems_of(document) == []
    assert len(runs_of(document)) == 1


def test_a_message_of_many_lines_is_cut() -> None:
    lines = runs_of(sent(make_notification(make_listed(message="\n\n".join(f"line {n}" for n in range(100))))))
    assert lines[1:42] == [*(f"line {n}" for n in range(40)), "…"]


# -- markup ------------------------------------------------------------------------------------------------------


@unhurried
@given(any_notifications())
def test_no_alerts_text_stands_where_markdown_is_read(notification: Notification) -> None:
    assert blocks_of(sent(notification)) == []


def test_in_text_runs_nothing_is_changed() -> None:
    text = "*a* [b](https://evil.example) <at>c</at> {{DATE(2017-02-14T06:00:00Z)}} \\ d"
    assert runs_of(sent(make_notification(make_listed(message=text))))[1] == text


def test_an_annotation_that_is_a_url_leads_there_and_shows_where() -> None:
    notes = {
        "runbook": "https://wiki.example:8443/cpu?a=(1)&b=%20#c",
        "words": "see https://wiki.example/cpu",
        "script": "javascript:alert(1)",
        "long": "https://wiki.example/" + "x" * 2000,
        "broken": "https://wiki.example/\u202ecpu",
        "percent": "https://wiki.example/100%",
        "host": "https://wiki..example/",
        "port": "https://wiki.example:99999/",
        "none": "https://",
    }
    document = sent(make_notification(make_listed(annotations=notes)))
    assert links_of(document) == {notes["runbook"]: notes["runbook"]}


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("*a* _b_ `c` ~d~ cpu_usage", r"\*a\* \_b\_ \`c\` \~d\~ cpu\_usage"),
        ("[a](https://evil.example)", "\\[a\\]\u200b(https://evil.example)"),
        ("![a](x)", "!\\[a\\]\u200b(x)"),
        ("{{DATE(2017-02-14T06:00:00Z)}} {x}", "{\u200b{DATE(2017-02-14T06:00:00Z)}} {x}"),
        ("<at>a</at> <attic> a < b", "<\u200bat>a<\u200b/at> <attic> a < b"),
        ("back\\slash", "back\\\\slash"),
        ("a\r\nb\x00\x1b\ud800", "a\nb\ufffd\ufffd\ufffd"),
    ],
)
def test_in_text_blocks_what_an_alert_says_is_shown_and_not_done(text: str, harmless: str) -> None:
    assert escaped(text) == harmless


@unhurried
@given(any_text(), st.integers(2, 400))
def test_a_cut_text_ends_in_an_ellipsis_that_nothing_escapes(text: str, limit: int) -> None:
    cut = shown(text, limit)
    assert len(cut.encode("utf-16-le")) // 2 <= limit
    before = cut.removesuffix("…")
    assert cut == escaped(text) or (cut.endswith("…") and (len(before) - len(before.rstrip("\\"))) % 2 == 0)
    assert fitting(cut, limit) == cut


# -- templates ---------------------------------------------------------------------------------------------------


def test_a_templates_own_markup_stands_and_an_alerts_does_not() -> None:
    document = sent(make_notification(make_listed(message="*a*\nb")), TEXT)
    assert problems_of(document) == []
    assert blocks_of(document) == [
        r"CRITICAL: cpu\_usage",
        r"**\*a\*",
        "b**",
        "- a\r- b",
        "at 2023-11-14T22:13:20.000Z",
    ]


def test_an_empty_template_is_the_headline() -> None:
    document = sent(make_notification(), NotificationTemplate("t", "T", "teams", " ", " \n "))
    assert problems_of(document) == []
    assert blocks_of(document) == [r"\[FIRING\] CRITICAL cpu\_usage on prod-web-01"]


def test_a_template_may_be_a_card_or_a_whole_message() -> None:
    body = '{"type": "AdaptiveCard", "version": "1.0", "body": [{"type": "TextBlock", "text": "{message}"}]}'
    document = sent(make_notification(), NotificationTemplate("t", "T", "teams", "S", body))
    assert blocks_of(document) == ["High CPU usage detected"]
    assert problems_of(document) == []
    whole = sent(make_notification(), NotificationTemplate("t", "T", "teams", "S", json.dumps(document)))
    assert whole == document


def test_a_card_of_the_users_own_that_is_too_large_gives_way_to_ours() -> None:
    body = json.dumps({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "{message} " + "x" * 30_000}]})
    document = sent(make_notification(), NotificationTemplate("t", "T", "teams", "S", body))
    assert runs_of(document)[1] == "High CPU usage detected"


def test_a_template_that_is_a_json_list_is_ordinary_text() -> None:
    document = sent(make_notification(), NotificationTemplate("t", "T", "teams", "S", "[{current_value}]"))
    assert blocks_of(document) == ["S", "[85.0]"]


# -- limits ------------------------------------------------------------------------------------------------------


@unhurried
@given(any_notifications(), st.sampled_from([None, TEXT]))
def test_any_notification_is_one_that_teams_takes(
    notification: Notification, template: NotificationTemplate | None
) -> None:
    assert problems_of(sent(notification, template)) == []


@pytest.mark.parametrize("text", ["€" * 10_000, "🔔" * 10_000, '"' * 10_000, "\\" * 10_000, "a\n" * 10_000])
@pytest.mark.parametrize("template", [None, NotificationTemplate("t", "T", "teams", "{message}", "{message}\n" * 99)])
def test_what_is_large_is_cut_where_it_no_longer_fits(text: str, template: NotificationTemplate | None) -> None:
    notes = {f"n{number:02}": text for number in range(40)}
    document = sent(make_notification(make_listed(message=text, annotations=notes)), template)
    assert problems_of(document) == []
    assert runs_of(document)[-1] == "…"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_leave_room_for_the_message(name: str) -> None:
    labels = {f"l{number}": HOSTILE[name] for number in range(5)}
    document = sent(make_notification(make_listed(message="what is wrong", labels=labels, annotations=labels)))
    assert problems_of(document) == []
    assert runs_of(document)[1] == "what is wrong"
