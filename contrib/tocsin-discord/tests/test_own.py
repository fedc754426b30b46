"""Messages of the user's own: whatever an alert says or lacks, Discord takes them and shows what was said."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from discord_peer import problems_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin import Notification, NotificationTemplate
from tocsin.http import json_content
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_discord.limits import within_limits
from tocsin_discord.message import payload, render

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

FULL = json.dumps(
    {
        "content": "{message}",
        "username": "{labels.team}",
        "avatar_url": "{annotations.picture}",
        "embeds": [
            {
                "title": "{metric_name}",
                "url": "{annotations.runbook}",
                "description": "{annotations.summary}",
                "timestamp": "{annotations.when}",
                "author": {"name": "{labels.owner}", "url": "https://wiki.example/{labels.owner}?a=1&b=*_"},
                "footer": {"text": "{alert_id}", "icon_url": "{annotations.picture}"},
                "image": {"url": "{annotations.graph}"},
                "thumbnail": {"url": "https://g.example/{labels.pod}.png"},
                "fields": [
                    {"name": "Absent", "value": "{labels.absent}"},
                    {"name": "{labels.absent}", "value": "{node_id}"},
                    {"name": "Value", "value": "{current_value}", "inline": True},
                    {"name": "Bare", "value": "BARE"},
                ],
            }
        ],
    }
).replace('"BARE"', "{threshold_value}")


def sent(body: str, notification: Notification) -> dict[str, Any]:
    """Return what arrives at Discord of a template that is the message *body*."""
    message = render(notification, NotificationTemplate("t", "T", "discord", "", body))
    document: dict[str, Any] = json.loads(json_content(payload(attrs.evolve(notification, message=message))))
    return document


def alert(**changes: Any) -> Notification:
    return make_notification(make_listed(**changes))


# -- what is empty -----------------------------------------------------------------------------------------------


def test_what_an_alert_lacks_is_left_out() -> None:
    document = sent(FULL, alert(labels={}, annotations={}, current_value=None))
    assert problems_of(document) == []
    assert document == {
        "allowed_mentions": {"parse": []},
        "content": "High CPU usage detected",
        "embeds": [
            {
                "title": "cpu_usage",
                "footer": {"text": "manual-001"},
                "thumbnail": {"url": "https://g.example/.png"},
                "fields": [{"name": "\u200b", "value": "node-7"}, {"name": "Bare", "value": "80"}],
            }
        ],
    }


def test_a_message_of_which_nothing_is_left_is_the_headline() -> None:
    body = '{"content": " {labels.absent} ", "embeds": [{"title": "{labels.absent}", "color": 1}, {}]}'
    document = sent(body, alert())
    assert problems_of(document) == []
    assert document["content"] == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert document["embeds"] == []


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("url", ["", " ", "x", "javascript:alert(1)", "https://", "ftp://x/y", None, 1, "http://" + "x" * 2048]),
        ("timestamp", ["", "yesterday", 1_700_000_000, None]),
        ("color", [-1, 0x1000000, 1.5, "red", True, None]),
        ("title", ["", " \n\t\u3000", None]),
        ("footer", [{"text": ""}, {"icon_url": "https://x.example/y"}]),
        ("image", [{"url": ""}, {}]),
    ],
)
def test_what_discord_would_refuse_is_left_out(member: str, values: list[Any]) -> None:
    for value in values:
        assert within_limits({"embeds": [{"description": "d", member: value}]}) == {"embeds": [{"description": "d"}]}


@pytest.mark.parametrize("name", ["", " ", "my Discord bot", "CLYDE"])
def test_a_name_that_discord_forbids_is_the_webhooks_own(name: str) -> None:
    assert within_limits({"content": "x", "username": name}) == {"content": "x"}


def test_a_number_is_a_text_where_discord_takes_texts() -> None:
    fields = [{"name": 1, "value": 85.0}, {"name": "n", "value": None}]
    assert within_limits({"embeds": [{"fields": fields}]}) == {"embeds": [{"fields": [{"name": "1", "value": "85"}]}]}


def test_empty_fields_take_no_place_of_the_25() -> None:
    fields = [*[{"name": "n", "value": ""}] * 5, *[{"name": "n", "value": "x"}] * 25]
    (embed,) = within_limits({"embeds": [{"fields": fields}]})["embeds"]
    assert embed["fields"] == [{"name": "n", "value": "x"}] * 25


def test_an_embed_whose_fields_all_give_way_is_left_out() -> None:
    fields = [{"name": "n" * 256, "value": "v" * 1024}] * 5
    document = within_limits({"embeds": [{"fields": fields, "title": "a"}, {"fields": fields}]})
    assert problems_of(document) == []


@unhurried
@given(any_notifications())
def test_discord_takes_a_full_message_about_any_notification(notification: Notification) -> None:
    assert problems_of(sent(FULL, notification)) == []


SAID = st.one_of(any_text(), st.sampled_from([*HOSTILE.values(), "", " ", "x" * 9000, "https://x.example/y"]))


@unhurried
@given(st.lists(SAID, min_size=8, max_size=8))
def test_discord_takes_a_full_message_whatever_is_said(said: list[str]) -> None:
    labels = {"team": said[0], "owner": said[1], "pod": said[2]}
    annotations = dict(zip(("picture", "runbook", "summary", "graph"), said[3:7], strict=True))
    assert problems_of(sent(FULL, alert(labels=labels, annotations=annotations, message=said[7] or "m"))) == []


# -- what is escaped ---------------------------------------------------------------------------------------------


def test_markup_is_escaped_where_it_is_read_and_nowhere_else() -> None:
    said = "*a* _b_"
    labels = {"team": said, "owner": said, "pod": "a b_c*d"}
    annotations = {"runbook": "https://x.example/_a_*b*?c=[d]", "summary": said, "graph": "https://x.example/a"}
    document = sent(FULL, alert(labels=labels, annotations=annotations, message=said, metric_name=said, alert_id=said))
    (embed,) = document["embeds"]
    escaped = r"\*a\* \_b\_"
    assert (document["content"], embed["title"], embed["description"]) == (escaped,) * 3
    assert (document["username"], embed["author"]["name"], embed["footer"]["text"]) == (said,) * 3
    assert embed["url"] == "https://x.example/_a_*b*?c=%5Bd%5D"
    assert embed["author"]["url"] == "https://wiki.example/*a*%20_b_?a=1&b=*_"
    assert embed["thumbnail"]["url"] == "https://g.example/a%20b_c*d.png"


def test_a_key_that_an_alert_names_is_a_key() -> None:
    document = sent('{"content": "x", "{labels.service}": {message}}', alert(message="*m*"))
    assert document["web"] == "*m*"


def test_what_looks_like_a_hole_is_text() -> None:
    document = sent('{"content": "\ufdd07\ufdd1 {message}"}', alert(message="\ufdd00\ufdd1"))
    assert document["content"].startswith("\ufdd07\ufdd1 ")
    assert "High CPU" not in document["content"]
