"""What Telegram is sent: HTML that it takes, whatever an alert says, and no longer than it may be."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from telegram_peer import problem_of_text, seen

from tocsin import AlertSeverity, EscalationLevel, Notification, NotificationKind, NotificationTemplate
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_telegram.markup import TEXT, escaped, fitting
from tocsin_telegram.message import render

unhurried = settings(deadline=None, max_examples=40)
OWN = NotificationTemplate(
    "t",
    "T",
    "telegram",
    "{severity}: {metric_name}",
    '<i>{message}</i> <a href="https://x/?q={labels.service}">more</a>',
)


def units(text: str) -> int:
    """The length of what is seen of a text."""
    return len(seen(text).encode("utf-16-le")) // 2


# -- the form ----------------------------------------------------------------------------------------------------


def test_a_single_alert_line_by_line() -> None:
    assert render(make_notification(), None).body.split("\n") == [
        "🔴 <b>[FIRING] CRITICAL cpu_usage on prod-web-01</b>",
        "High CPU usage detected",
        "<b>Status</b>: FIRING",
        "<b>Severity</b>: CRITICAL",
        "<b>Cluster</b>: prod-web-01",
        "<b>Node</b>: node-7",
        "<b>Metric</b>: cpu_usage",
        "<b>Value</b>: 85",
        "<b>Threshold</b>: 80",
        "<b>Since</b>: 2023-11-14T22:13:20.000Z",
        "<b>labels</b>: service=web",
        "<b>runbook</b>: https://wiki.example/cpu",
        "<i>manual-001 · inc-1</i>",
    ]


def test_a_summary_lists_its_alerts_and_counts_the_rest() -> None:
    listed = [make_listed(alert_id=f"a{n}", cluster_id=f"c{n}", message="m" * 5000) for n in range(32)]
    lines = render(make_notification(*listed, level=EscalationLevel.FIRST), None).body.split("\n")
    assert "32 alerts in 32 clusters" in lines[0]
    assert lines[1] == "<b>Nobody has acknowledged it: escalation level first</b>"
    assert sum(line.startswith("• [FIRING]") for line in lines) == 20
    assert lines[-2:] == ["• … and 12 more", "<i>inc-1</i>"]


def test_every_severity_has_a_sign_of_its_own_and_a_resolution_is_green() -> None:
    signs = {render(make_notification(make_listed(severity=one)), None).body[0] for one in AlertSeverity}
    assert len(signs | {"🟢"}) == 6
    over = render(make_notification(make_listed(resolved=True)), None).body
    assert over.startswith("🟢 <b>[RESOLVED]")


def test_a_heartbeat_is_calm_and_a_test_says_so() -> None:
    assert render(make_notification(kind=NotificationKind.HEARTBEAT), None).body.startswith(
        "🟢 <b>[HEARTBEAT] tocsin is alive</b>"
    )
    assert render(make_notification(test=True), None).body.startswith("🔴 <b>[TEST] [FIRING]")


def test_a_digest_that_lists_nothing_any_more_is_still_a_message() -> None:
    empty = attrs.evolve(make_notification(), alerts=(), incident_id="")
    assert problem_of_text(render(empty, None).body) == ""


# -- markup ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("<b>a</b> & \"b\" 'c'", "&lt;b&gt;a&lt;/b&gt; &amp; &quot;b&quot; &#39;c&#39;"),
        ("&lt;", "&amp;lt;"),
        ("@ops_bot (@a) ops@example.org @ x", "@\u200bops_bot (@\u200ba) ops@example.org @ x"),
        ("https://x.example/@a?b=@c @d", "https://x.example/%40a?b=%40c @\u200bd"),
        ("https://@ops_bot/x https://u:p@x.example/", "https://@\u200bops_bot/x https://u:p@x.example/"),
        ("a\r\nb\x00\x1b\ud800", "a\nb\ufffd\ufffd\ufffd"),
    ],
)
def test_what_an_alert_says_is_shown_and_not_done(text: str, harmless: str) -> None:
    assert escaped(text) == harmless


@pytest.mark.parametrize(
    "html",
    [
        "plain",
        "<b>a <i>b</i></b>",
        '<a href="https://x/?a=1&b=2">c</a>',
        '<span class="tg-spoiler">d</span><tg-spoiler>e</tg-spoiler>',
        "<pre><code class='language-python'>f</code></pre>",
        "<blockquote expandable>g</blockquote>",
        "1 &lt; 2 &#128276; & more",
    ],
)
def test_markup_that_telegram_takes_stands(html: str) -> None:
    assert problem_of_text(html) == ""
    assert fitting(html) == html


@pytest.mark.parametrize(
    "html",
    [
        "<b>open",
        "a</b>",
        "<b><i>crossed</b></i>",
        "<h1>unknown</h1>",
        "1 < 2",
        "<>",
        "a <br> b",
        "<!--a-->",
    ],
)
def test_markup_that_telegram_would_refuse_is_shown_as_text(html: str) -> None:
    assert problem_of_text(html) != ""
    assert seen(fitting(html)) == html


def test_a_long_text_is_cut_to_what_is_seen_and_its_tags_are_closed() -> None:
    html = "<b>" + "&amp;" * 10 + '<a href="https://x">' + "🔔" * 4096 + "</a></b>"
    cut = fitting(html)
    assert cut == "<b>" + "&amp;" * 10 + '<a href="https://x">' + "🔔" * 2042 + "…</a></b>"
    assert units(cut) == 4095


def test_what_is_not_seen_does_not_count() -> None:
    html = "<b>x</b>" * TEXT
    assert fitting(html) == html


@unhurried
@given(
    st.lists(any_text() | st.sampled_from(["<b>", "</b>", "<i>", "</i>", "&amp;", "<a href='x'>", "</a>"])).map("".join)
)
@example("<b>" * 5000)
@example("<" * 5000)
def test_any_markup_becomes_markup_that_telegram_takes(html: str) -> None:
    found = fitting(html.encode("utf-8", "replace").decode() + ".")
    assert problem_of_text(found) == ""


# -- templates ---------------------------------------------------------------------------------------------------


def test_a_templates_own_markup_stands_and_an_alerts_does_not() -> None:
    listed = make_listed(message="<b>a</b> @all", labels={"service": '"><b>'})
    message = render(make_notification(listed), OWN)
    assert message.body == (
        "<b>CRITICAL: cpu_usage</b>\n"
        '<i>&lt;b&gt;a&lt;/b&gt; @\u200ball</i> <a href="https://x/?q=&quot;&gt;&lt;b&gt;">more</a>'
    )
    assert (message.subject, message.templated) == ("CRITICAL: cpu_usage", True)
    assert problem_of_text(message.body) == ""


def test_an_empty_template_is_the_headline() -> None:
    message = render(make_notification(), NotificationTemplate("t", "T", "telegram", " ", " \n "))
    assert message.body == "🔴 <b>[FIRING] CRITICAL cpu_usage on prod-web-01</b>"


def test_a_template_that_is_json_is_ordinary_text() -> None:
    message = render(make_notification(), NotificationTemplate("t", "T", "telegram", "", '{"a": "{message}"}'))
    assert seen(message.body) == '{"a": "High CPU usage detected"}'


# -- limits ------------------------------------------------------------------------------------------------------


@unhurried
@given(any_notifications())
def test_any_notification_is_one_that_telegram_takes(notification: Notification) -> None:
    assert problem_of_text(render(notification, None).body) == ""


@unhurried
@given(any_notifications())
def test_any_notification_in_a_users_template_is_one_that_telegram_takes(notification: Notification) -> None:
    assert problem_of_text(render(notification, OWN).body) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_leave_room_for_the_message(name: str) -> None:
    labels = {f"l{number}": HOSTILE[name] for number in range(5)}
    html = render(make_notification(make_listed(message="what is wrong", labels=labels, annotations=labels)), None).body
    assert problem_of_text(html) == ""
    assert html.split("\n")[1] == "what is wrong"
