"""What Discord is sent: a headline and an embed, whatever an alert says, within Discord's limits."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from discord_peer import problems_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import AlertSeverity, EscalationLevel, Notification, NotificationKind, NotificationTemplate
from tocsin.http import json_content
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_discord.limits import within_limits
from tocsin_discord.markup import escaped, fitting, shown
from tocsin_discord.message import CALM_COLOR, payload, render

unhurried = settings(deadline=None, max_examples=40)
TEXT = NotificationTemplate("t", "T", "discord", "{severity}: {metric_name}", "**{message}** at {timestamp}")


def rendered(notification: Notification, template: NotificationTemplate | None = None) -> Notification:
    """Return *notification* with the message that the core would give it."""
    return attrs.evolve(notification, message=render(notification, template))


def sent(notification: Notification, template: NotificationTemplate | None = None) -> dict[str, Any]:
    """Return what arrives at Discord."""
    document: dict[str, Any] = json.loads(json_content(payload(rendered(notification, template))))
    return document


# -- the form ----------------------------------------------------------------------------------------------------


def test_a_single_alert_is_a_headline_and_an_embed() -> None:
    document = sent(make_notification())
    assert document["content"] == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert document["allowed_mentions"] == {"parse": []}
    (embed,) = document["embeds"]
    assert embed["color"] == 0xD40E0D
    assert embed["description"] == (
        "High CPU usage detected\n**labels**: service=web\n**runbook**: https://wiki.example/cpu"
    )
    assert [(field["name"], field["value"]) for field in embed["fields"]] == [
        ("Status", "FIRING"),
        ("Severity", "CRITICAL"),
        ("Cluster", "prod-web-01"),
        ("Node", "node-7"),
        ("Metric", "cpu_usage"),
        ("Value", "85"),
        ("Threshold", "80"),
        ("Since", "2023-11-14T22:13:20.000Z"),
    ]
    assert embed["footer"] == {"text": "manual-001 · inc-1"}


def test_a_summary_lists_its_alerts_and_counts_the_rest() -> None:
    listed = [make_listed(alert_id=f"a{n}", cluster_id=f"c{n}", message="m" * 5000) for n in range(32)]
    document = sent(make_notification(*listed, level=EscalationLevel.FIRST))
    description = document["embeds"][0]["description"]
    assert "32 alerts in 32 clusters" in document["content"]
    assert description.startswith("**Nobody has acknowledged it: escalation level first**\n")
    assert description.count("• [FIRING]") == 20
    assert description.endswith("• … and 12 more")


def test_every_severity_has_a_color_of_its_own_and_a_resolution_is_green() -> None:
    firing = {
        sent(make_notification(make_listed(severity=severity)))["embeds"][0]["color"] for severity in AlertSeverity
    }
    assert len(firing | {CALM_COLOR}) == 6
    document = sent(make_notification(make_listed(resolved=True)))
    assert document["embeds"][0]["color"] == CALM_COLOR
    assert document["content"].startswith("[RESOLVED]")


def test_a_heartbeat_is_calm_and_a_test_says_so() -> None:
    beat = sent(make_notification(kind=NotificationKind.HEARTBEAT))
    assert (beat["content"], beat["embeds"][0]["color"]) == ("[HEARTBEAT] tocsin is alive", CALM_COLOR)
    assert sent(make_notification(test=True))["content"].startswith("[TEST] [FIRING]")


def test_a_digest_that_lists_nothing_any_more_is_still_a_message() -> None:
    document = sent(attrs.evolve(make_notification(), alerts=(), incident_id=""))
    assert set(document) == {"content", "allowed_mentions"}


def test_a_blank_annotation_is_left_out() -> None:
    document = sent(make_notification(make_listed(labels={}, annotations={"a": " ", "b": "c"})))
    assert document["embeds"][0]["description"] == "High CPU usage detected\n**b**: c"


# -- markup ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("cpu_usage_total > 80 - a #1 (b) [c]", "cpu_usage_total > 80 - a #1 (b) [c]"),
        ("at 12:30:45 or 10.0.0.1:80", "at 12:30:45 or 10.0.0.1:80"),
        ("*a* _b_ __c__ `d`", r"\*a\* \_b\_ \_\_c\_\_ \`d\`"),
        ("~~a~~ ~b ||c|| |d", r"\~\~a\~\~ ~b \|\|c\|\| |d"),
        ("[safe](https://evil.example/)", r"[safe]\(https://evil.example/)"),
        ("(a)", r"\(a)"),
        ("# a\n-# b\n> c\n - >>> d", "\\# a\n-\\# b\n\\> c\n - \\>>> d"),
        ("<t:1> a < b <https://x.example>", r"\<t:1> a < b \<https://x.example>"),
        (":bell: x:1:y", r"\:bell: x:1:y"),
        ("back\\slash", "back\\\\slash"),
        ("https://x.example/a_b_*c*?d=~~e~~ _f_", r"https://x.example/a_b\_\*c\*?d=\~\~e\~\~ \_f\_"),
        ("@everyone @HERE <@1> <@&2> <@!3>", "@\u200beveryone @\u200bHERE \\<@\u200b1> \\<@\u200b&2> \\<@\u200b!3>"),
        ("ops@example.org https://x.example/@12", "ops@example.org https://x.example/@12"),
        ("a\r\nb\x00\x1b\ud800", "a\nb\ufffd\ufffd\ufffd"),
    ],
)
def test_what_an_alert_says_is_shown_and_not_done(text: str, harmless: str) -> None:
    assert escaped(text) == harmless


@unhurried
@given(any_text(), st.integers(2, 400))
def test_a_cut_text_ends_in_an_ellipsis_that_nothing_escapes(text: str, limit: int) -> None:
    cut = shown(text, limit)
    assert len(cut.encode("utf-16-le")) // 2 <= limit
    assert cut == escaped(text) or cut.endswith("…")
    before = cut.removesuffix("…")
    assert cut == escaped(text) or (len(before) - len(before.rstrip("\\"))) % 2 == 0
    assert fitting(cut, limit) == cut


@pytest.mark.parametrize("text", [":" * 100_000, "_" * 100_000, "a:" * 50_000, "\\" * 100_000, "http://" * 20_000])
def test_no_text_takes_long_to_escape(text: str) -> None:
    """What is cut off is not looked at."""
    assert len(shown(text, 100)) <= 100


# -- templates ---------------------------------------------------------------------------------------------------


def test_a_templates_own_markup_stands_and_an_alerts_does_not() -> None:
    document = sent(make_notification(make_listed(message="*a* @everyone")), TEXT)
    assert document["content"] == "CRITICAL: cpu_usage"
    assert document["embeds"] == [
        {"color": 0xD40E0D, "description": "**\\*a\\* @\u200beveryone** at 2023-11-14T22:13:20.000Z"}
    ]


def test_an_empty_template_is_the_headline() -> None:
    document = sent(make_notification(), NotificationTemplate("t", "T", "discord", " ", " \n "))
    assert document == {"content": "[FIRING] CRITICAL cpu_usage on prod-web-01", "allowed_mentions": {"parse": []}}


def test_a_template_that_is_a_json_object_is_the_message_and_nobody_is_mentioned() -> None:
    template = NotificationTemplate("t", "T", "discord", "S", '{"content": "{message}", "tts": true}')
    document = sent(make_notification(make_listed(message='"<@1>" ' + "x" * 3000)), template)
    assert document["content"].startswith('"\\<@\u200b1>" xxx')
    assert (len(document["content"]), document["tts"]) == (2000, True)
    assert document["allowed_mentions"] == {"parse": []}


def test_a_template_may_allow_mentions_of_its_own() -> None:
    body = '{"content": "<@&7> {message}", "allowed_mentions": {"roles": ["7"]}}'
    document = sent(make_notification(), NotificationTemplate("t", "T", "discord", "S", body))
    assert document == {"content": "<@&7> High CPU usage detected", "allowed_mentions": {"roles": ["7"]}}


def test_a_template_that_is_a_json_list_is_ordinary_text() -> None:
    document = sent(make_notification(), NotificationTemplate("t", "T", "discord", "S", "[{current_value}]"))
    assert document["embeds"][0]["description"] == "[85.0]"


# -- limits ------------------------------------------------------------------------------------------------------


@unhurried
@given(any_notifications())
def test_any_notification_is_one_that_discord_takes(notification: Notification) -> None:
    assert problems_of(sent(notification)) == []


@unhurried
@given(any_notifications())
def test_any_notification_in_a_users_template_is_one_that_discord_takes(notification: Notification) -> None:
    assert problems_of(sent(notification, TEXT)) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_leave_room_for_the_message(name: str) -> None:
    labels = {f"l{number}": HOSTILE[name] for number in range(5)}
    listed = make_listed(message="what is wrong", labels=labels, annotations=labels)
    document = sent(make_notification(listed))
    assert problems_of(document) == []
    assert document["embeds"][0]["description"].startswith("what is wrong\n")


def test_a_message_of_the_users_own_is_cut_where_it_is_too_long() -> None:
    long = "x" * 9000
    embed = {
        "title": long,
        "description": long,
        "author": {"name": long},
        "footer": {"text": long},
        "fields": [{"name": long, "value": long}] * 30,
    }
    document = within_limits({"content": long, "embeds": [dict(embed) for _ in range(12)]})
    assert problems_of(document) == []
    assert len(document["embeds"]) == 10
    assert document["content"] == "x" * 1999 + "…"
    assert document["embeds"][0]["title"] == "x" * 255 + "…"


def test_of_many_fields_the_first_stay() -> None:
    fields = [{"name": f"f{number}", "value": "x"} for number in range(30)]
    assert within_limits({"embeds": [{"fields": fields}]}) == {"embeds": [{"fields": fields[:25]}]}


def test_of_several_embeds_the_last_gives_way_first() -> None:
    document = within_limits({"embeds": [{"description": "a" * 4000}, {"description": "b" * 4000}]})
    assert [len(embed["description"]) for embed in document["embeds"]] == [4000, 2000]


@pytest.mark.parametrize(
    "document", [{"content": 1}, {"embeds": "x"}, {"embeds": [1]}, {"embeds": [{"fields": {"a": 1}, "footer": "x"}]}]
)
def test_what_has_another_form_is_left_for_discord_to_refuse(document: dict[str, Any]) -> None:
    assert within_limits(document) == document
