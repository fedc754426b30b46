"""What is shown: within Slack's limits whatever an alert says, and nothing in it is done."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from block_rules import problems_of_blocks, problems_of_text, units
from hypothesis import given, settings
from slack_channel import a_firing, an_end, incident, more, rendered

from tocsin import (
    AlertSeverity,
    AlertStatus,
    EscalationLevel,
    Notification,
    NotificationKind,
    NotificationTemplate,
)
from tocsin.testing.samples import HOSTILE, hostile_alert, make_listed, make_notification, of_each_kind
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_slack_app.blocks import event, standing
from tocsin_slack_app.buttons import PAGE, Target, page_link, target_in, without
from tocsin_slack_app.mrkdwn import escaped, fitting, linked, pieces

TARGET = Target("inc-1", ("manual-001",))
PAGE_URL = "https://alerts.example.org/a/{alert_id}?incident={incident_id}"


def problems(document: dict[str, Any]) -> list[str]:
    """Return why Slack would refuse a message."""
    found = [*problems_of_blocks(document["blocks"]), *problems_of_text(document["text"], 1000, "text")]
    whole = sum(units(text) for text in shown(document))
    return found if whole <= 9_500 else [*found, f"{whole} characters in all"]


def shown(value: Any) -> list[str]:
    """Return every text that is shown."""
    if isinstance(value, dict):
        kept = [item for name, item in value.items() if name not in ("value", "type", "action_id", "block_id")]
        return [text for item in kept for text in shown(item)]
    if isinstance(value, list):
        return [text for item in value for text in shown(item)]
    return [value] if isinstance(value, str) else []


def buttons(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the buttons of a message, by their text."""
    found = [block["elements"] for block in document["blocks"] if block["type"] == "actions"]
    return {element["text"]["text"]: element for elements in found for element in elements}


# -- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_shown_within_the_limits(kind: str) -> None:
    listed = attrs.evolve(make_listed(), alert=hostile_alert(HOSTILE[kind], "Marked"))
    several = make_notification(*[listed] * 30, incidents=(incident(99, 50, common_metric=HOSTILE[kind]),))
    for notification in (make_notification(listed), several):
        assert problems(standing(rendered(notification), TARGET, PAGE_URL)) == []
        assert problems(event(rendered(notification))) == []


@settings(max_examples=30, deadline=None)
@given(any_notifications(), any_text())
def test_any_notification_is_shown_within_the_limits(notification: Notification, text: str) -> None:
    template = NotificationTemplate("t", "T", "any", "{metric_name} {status}", "*{severity}* {message} {alert_id}")
    widest = incident(10_000, 9_999, common_metric=text, affected_clusters=frozenset({text, "a"}))
    widest = attrs.evolve(widest, aggregation_id=notification.incident_id)
    for changes in ({}, {"incidents": (widest,)}):
        changed = attrs.evolve(notification, **changes)  # type: ignore[arg-type]  # a tuple of incidents
        for form in (None, template):
            assert problems(standing(rendered(changed, form), Target(text or "x", (text,)), PAGE_URL)) == []
            assert problems(event(rendered(changed, form))) == []


@settings(max_examples=100, deadline=None)
@given(any_text())
def test_escaped_text_holds_nothing_that_slack_acts_on(text: str) -> None:
    for limit in (5, 50):
        cut = fitting(escaped(text), limit)
        assert units(cut) <= limit
        assert list(problems_of_text(cut, limit, "x")) == [] or not cut.strip()
    assert list(problems_of_text(linked(f"{text}https://a.example/{text}", 3000), 10**6, "x")) == []
    parts = pieces(escaped(text), 20, 3)
    assert len(parts) <= 3
    assert all(list(problems_of_text(part, 20, "x")) == [] for part in parts)
    if text.strip() and len(escaped(text)) < 20:
        assert "".join(parts).split() == escaped(text).split()


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    assert fitting("abcdef", 4) == "abc…"
    assert fitting("ab&amp;", 6) == "ab…"
    assert pieces("one\ntwo\nthree", 8, 2) == ["one\ntwo", "three"]
    assert pieces("x" * 30, 10, 2) == ["x" * 10, "x" * 9 + "…"]
    assert pieces(" \n ", 10, 2) == []


def test_notes_are_left_out_whole() -> None:
    """No link is cut in two."""
    notes = {f"runbook{number:02}": f"https://wiki.example/{'x' * 300}/{number}" for number in range(30)}
    document = event(rendered(make_notification(make_listed(annotations=notes))))
    (text,) = [text for text in shown(document) if "runbook00" in text]
    assert text.endswith("/4>\n…")
    assert problems(document) == []


# -- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://wiki.example/a?b=c&d=e#f", "<https://wiki.example/a?b=c&amp;d=e#f>"),
        (
            "see https://wiki.example/x, and (https://a.example).",
            "see <https://wiki.example/x>, and (<https://a.example>).",
        ),
        ("https://wiki.example/ü", "<https://wiki.example/%C3%BC>"),
        ("https://wiki.example/%20", "<https://wiki.example/%20>"),
        ("https://wiki.example/\ud800\u202e\x07", "<https://wiki.example/?%E2%80%AE%07>"),
        ("<https://evil.example|bank>", "&lt;<https://evil.example>|bank&gt;"),
        ("https://a.example> <!channel>", "<https://a.example>&gt; &lt;!channel&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://a.example/" + "x" * 300, "https://a.example/" + "x" * 300),
    ],
)
def test_an_address_is_a_link_that_shows_where_it_leads(text: str, form: str) -> None:
    """One that is too long to be shown whole is none."""
    assert linked(text, 200) == form


def test_what_turns_or_hides_text_is_replaced() -> None:
    assert escaped("a\u202eb\x07\x1b[0m\ud800c\r\nd") == "a\ufffdb\ufffd\ufffd[0m\ufffdc\nd"


def test_an_incident_of_several_alerts_is_shown_with_its_latest() -> None:
    document = standing(more(), TARGET, None)
    texts = shown(document)
    assert texts[0].startswith("🔴 [FIRING] CRITICAL cpu_usage: 2 alerts in 2 clusters")
    assert "*Alerts*\n2: 2 firing" in texts
    assert "*Latest*" in texts
    assert "*Cluster*\nprod-web-02" in texts


def test_a_partial_end_leaves_the_incident_firing() -> None:
    """While the event in the thread says what has ended."""
    ended = an_end(incidents=(incident(2, 1),), still_firing=1, told_severity=AlertSeverity.EMERGENCY)
    assert shown(standing(ended, TARGET, None))[0].startswith("🔴 [FIRING] CRITICAL cpu_usage: 2 alerts")
    assert shown(event(ended))[0].startswith("🟢 [RESOLVED]")


def test_what_only_the_channel_knows_counts_where_the_incident_is_not_told() -> None:
    partial = an_end(incidents=(), still_firing=1, told_severity=AlertSeverity.EMERGENCY)
    assert shown(standing(partial, TARGET, None))[0].startswith("🟣")


def test_a_level_and_a_test_are_said() -> None:
    level = a_firing(kind=NotificationKind.ESCALATION, level=EscalationLevel.SECOND)
    assert "Nobody has acknowledged it: escalation level second" in " ".join(shown(event(level)))
    assert "[TEST]" in shown(standing(a_firing(test=True), TARGET, None))[0]


def test_every_kind_has_its_sign() -> None:
    signs = {name: shown(event(rendered(one)))[0][0] for name, one in of_each_kind("m").items()}
    assert signs == {
        **dict.fromkeys(["firing", "escalation", "repeat", "test", "digest"], "🔴"),
        "more": "🟣",
        "resolved": "🟢",
        "heartbeat": "🟢",
    }


def test_a_template_has_its_words_and_the_buttons_stay() -> None:
    template = NotificationTemplate("t", "T", "any", "{status}: <look>", "*{severity}* {message} <https://a.example|x>")
    listed = make_listed(message="<!channel> & co")
    document = standing(rendered(make_notification(listed), template), TARGET, None)
    texts = shown(document)
    assert texts[0] == "🔴 firing: <look>"
    assert "*CRITICAL* &lt;!channel&gt; &amp; co <https://a.example|x>" in texts
    assert set(buttons(document)) == {"Acknowledge", "Resolve"}


def test_a_template_without_words_says_what_it_is_about() -> None:
    template = NotificationTemplate("t", "T", "any", " {status}"[:0], " ")
    message = rendered(make_notification(), template).message
    assert message is not None
    assert message.body.startswith("[FIRING]")


# -- buttons -----------------------------------------------------------------------------------------------------


def test_buttons_say_what_they_are_about_and_what_they_will_do() -> None:
    document = standing(a_firing(), Target("inc-1", ("a", "b")), PAGE_URL)
    found = buttons(document)
    assert list(found) == ["Acknowledge", "Resolve", "Open in tocsin"]
    assert Target.read(found["Acknowledge"]["value"]) == Target("inc-1")
    assert Target.read(found["Resolve"]["value"]) == Target("inc-1", ("a", "b"))
    assert found["Resolve"]["confirm"]["text"]["text"].startswith("2 alerts:")
    assert found["Open in tocsin"]["url"] == "https://alerts.example.org/a/manual-001?incident=inc-1"
    assert target_in(document) == Target("inc-1", ("a", "b"))


@pytest.mark.parametrize("alerts", [None, (), ("x" * 2000,), tuple(map(str, range(101)))])
def test_where_the_alerts_are_not_known_or_too_many_they_are_not_resolved_by_a_button(
    alerts: tuple[str, ...] | None,
) -> None:
    document = standing(a_firing(), Target("inc-1", alerts), None)
    assert list(buttons(document)) == ["Acknowledge"]
    assert target_in(document) == Target("inc-1")


def test_a_note_that_says_the_same_as_the_alert_is_left_out() -> None:
    listed = make_listed(
        message="the disk is full", annotations={"summary": " the disk is full\n", "runbook": "x", "e": " "}
    )
    texts = " ".join(shown(event(rendered(make_notification(listed)))))
    assert "*runbook*: x" in texts
    assert "*summary*" not in texts
    assert "*e*" not in texts


def test_what_is_acknowledged_is_not_asked_for_again() -> None:
    document = standing(a_firing(incidents=(incident(acknowledged=True),)), TARGET, None)
    assert list(buttons(document)) == ["Resolve"]
    assert "✅ Acknowledged" in shown(document)


def test_a_button_that_does_not_fit_is_left_out() -> None:
    assert buttons(standing(a_firing(incident_id="x" * 3000), Target("x" * 3000, ("a",)), None)) == {}
    assert page_link("https://a.example/{alert_id}", "i", "ü" * 600) is None
    assert page_link("https://a.example/{alert_id}", "i", "a/b?c \ud800") == "https://a.example/a%2Fb%3Fc%20%3F"
    assert page_link("https://a.example/all", "i", "a") == "https://a.example/all"
    assert page_link(None, "i", "a") is None


@pytest.mark.parametrize("ids", [("a",), ("\ud800", "<!channel>"), ('"', "\\", "ü", "\x00")])
def test_any_id_comes_back_from_a_button(ids: tuple[str, ...]) -> None:
    value = Target("inc-1", ids).value(listing=True)
    assert value is not None
    assert value.isascii()
    assert Target.read(value) == Target("inc-1", ids)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, "", "{", "[]", "{}", '{"incident": 1}', '{"incident": ""}', '{"incident": "i", "alerts": "a"}'),
        *('{"incident": "i", "alerts": [1]}', '{"incident": "i", "alerts": [""]}', "[" * 1999, " " * 3000),
        '{"incident": "i", "alerts": [' + ",".join(['"a"'] * 101) + "]}",
    ],
)
def test_what_no_button_holds_is_no_target(value: object) -> None:
    assert Target.read(value) is None


def test_blocks_less_a_button() -> None:
    blocks = standing(a_firing(incidents=(incident(acknowledged=True),)), TARGET, PAGE_URL)["blocks"]
    left = without(blocks, "tocsin_resolve")
    assert [one["action_id"] for one in left[-1]["elements"]] == [PAGE]
    assert all(block.get("block_id") != "tocsin_state" for block in left)
    assert without(blocks, "tocsin_resolve", PAGE)[-1]["type"] == "context"
    assert without([{"type": "actions", "block_id": "tocsin_actions", "elements": 7}]) == []


def test_a_status_of_no_alerts_is_shown() -> None:
    """A digest of which nothing is left."""
    empty = attrs.evolve(make_notification(), alerts=(), status=AlertStatus.RESOLVED, kind=NotificationKind.DIGEST)
    assert problems(event(rendered(empty))) == []
    assert problems(standing(rendered(empty), None, PAGE_URL)) == []
