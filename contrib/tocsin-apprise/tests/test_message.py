"""What Apprise is given: plain text that nothing acts on, within the limits of whatever service it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apprise import NotifyBase, NotifyFormat, OverflowMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin import Message, Notification, NotificationTemplate
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_apprise import service as services
from tocsin_apprise.message import _cut, fitted, harmless, render

unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_firing_alert_in_words() -> None:
    message = render(make_notification(), None)
    assert message.subject == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert message.body.split("\n") == [
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


def test_a_templates_own_words_stand_and_an_alerts_do_nothing() -> None:
    template = NotificationTemplate("t", "T", "any", "@ops {severity}\n!", "<!channel> {message} {status}")
    message = render(make_notification(make_listed(message="<!channel> @ops")), template)
    assert message == Message("@ops CRITICAL !", "<!channel> <\u200b!channel> @\u200bops firing", templated=True)


def test_an_empty_template_is_the_headline() -> None:
    message = render(make_notification(), NotificationTemplate("t", "T", "any", " ", " "))
    assert message.subject == message.body == "[FIRING] CRITICAL cpu_usage on prod-web-01"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone (@here) ops@example.org @ x", "@\u200beveryone (@\u200bhere) ops@example.org @ x"),
        ("<!channel> <@U1> <#C1> 1 < 2", "<\u200b!channel> <\u200b@\u200bU1> <\u200b#C1> 1 < 2"),
        ("https://x.example/@a?b=@c @d", "https://x.example/%40a?b=%40c @\u200bd"),
        ("a\r\nb\x00\x1b\ud800\u2028", "a\nb\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_what_an_alert_says_is_shown_and_not_done(text: str, shown: str) -> None:
    assert harmless(text) == shown


def service(body: int, title: int, wanted: NotifyFormat, **more: Any) -> NotifyBase:
    """Return a service with these limits."""
    made: Any = services.opened("ntfy://127.0.0.1:1/alerts", 5.0)
    made.body_maxlen, made.title_maxlen, made.notify_format = body, title, wanted
    for name, value in more.items():
        setattr(made, name, value)
    result: NotifyBase = made
    return result


def pieces(one: NotifyBase, title: str, body: str) -> list[dict[str, Any]]:
    """Return what the service's plugin is told to send."""
    return list(one._build_send_calls(title=title, body=body, body_format=NotifyFormat.TEXT))


FORMATS = list(NotifyFormat)
TEXTS = any_text() | st.sampled_from([*HOSTILE.values(), "*" * 5000, "<" * 5000, "a b\n" * 3000, "🔔" * 3000])


@unhurried
@given(
    subject=TEXTS,
    body=TEXTS,
    limit=st.integers(60, 5000),
    title=st.sampled_from([0, 0, 30, 250]),
    wanted=st.sampled_from(FORMATS),
    shared=st.booleans(),
)
def test_any_message_fits_any_service_and_a_cut_is_seen(
    subject: str, body: str, limit: int, title: int, wanted: NotifyFormat, shared: bool
) -> None:
    one = service(limit, title, wanted, overflow_amalgamate_title=shared)
    message = Message(subject or "t", body)
    cut_title, cut_body = fitted(one, message)
    (piece,) = pieces(one, cut_title, cut_body)
    assert piece["body"].strip()
    assert len(piece["body"]) + (len(piece["title"]) if shared else 0) <= limit
    assert title <= 0 or len(piece["title"]) <= title
    whole = " ".join(message.body.split())
    kept = " ".join(cut_body.split())
    if len(kept) < len(whole) - 1 and "\ufffd" not in kept:
        assert cut_body.endswith("…")


@unhurried
@given(any_notifications())
def test_any_notification_fits_a_text_message(notification: Notification) -> None:
    one = service(160, 0, NotifyFormat.TEXT)
    (piece,) = pieces(one, *fitted(one, render(notification, None)))
    assert 0 < len(piece["body"]) <= 160


def test_what_is_split_is_left_whole() -> None:
    one = service(160, 0, NotifyFormat.TEXT, overflow_mode=OverflowMode.SPLIT)
    title, body = fitted(one, Message("t" * 300, "b" * 1000))
    assert (len(title), len(body)) == (300, 1000)
    assert len(pieces(one, title, body)) > 1


def test_cutting_takes_few_measurements() -> None:
    """Of a text as long as may be: not one for each character."""
    calls = []

    def size(text: str) -> int:
        calls.append(len(text))
        return len(text) * 2

    counted: Callable[[str], int] = size
    assert len(_cut("x" * 32_000, 20_000, counted)) == 10_000
    assert len(calls) < 20
