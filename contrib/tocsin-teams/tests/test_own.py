"""Cards of the user's own: what an alert says is escaped where Teams reads Markdown, and an address stays one."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams_peer import problems_of

from tocsin import NotificationTemplate
from tocsin.testing.samples import HOSTILE, make_listed, make_notification
from tocsin.testing.strategies import any_text
from tocsin_teams.message import payload, render

SAID = "*a* _b_ [c](d)"
MARKED = r"\*a\* \_b\_ \[c\]" + "\u200b(d)"


def sent(document: Any, **changes: Any) -> Any:
    """Return the card that arrives of a template that is *document*."""
    notification = make_notification(make_listed(**changes))
    template = NotificationTemplate("t", "T", "teams", "S", json.dumps(document))
    message = render(notification, template)
    whole = json.loads(payload(attrs.evolve(notification, message=message)).decode("utf-8"))
    return whole["attachments"][0]["content"]


def card(*body: Any, **members: Any) -> Any:
    return {"type": "AdaptiveCard", "version": "1.2", "body": list(body), **members}


def opens(url: str) -> Any:
    return {"type": "Action.OpenUrl", "title": "Open {message}", "url": url}


def test_only_what_is_read_as_markdown_is_escaped() -> None:
    run = {"type": "TextRun", "text": "{message}"}
    facts = {"type": "FactSet", "facts": [{"title": "{message}", "value": "{message}"}]}
    submit = {"type": "Action.Submit", "title": "{message}", "data": {"text": "{message}"}}
    text = {"type": "TextBlock", "text": "**{message}**", "id": "{message}"}
    found = sent(
        card(text, {"type": "RichTextBlock", "inlines": [run]}, facts, actions=[submit], fallbackText="{message}"),
        message=SAID,
    )
    assert found["body"] == [
        {**text, "text": f"**{MARKED}**", "id": SAID},
        {"type": "RichTextBlock", "inlines": [{**run, "text": SAID}]},
        {"type": "FactSet", "facts": [{"title": MARKED, "value": MARKED}]},
    ]
    assert found["actions"] == [{**submit, "title": SAID, "data": {"text": SAID}}]
    assert found["fallbackText"] == MARKED


@pytest.mark.parametrize(
    ("url", "runbook", "led"),
    [
        ("{annotations.runbook}", "https://x.example/_a_/*b*~c?d=[e]#f", "https://x.example/_a_/*b*~c?d=%5Be%5D#f"),
        ("https://x.example/?q={annotations.runbook}&_x_=1", "a b\\_c", "https://x.example/?q=a%20b%5C_c&_x_=1"),
        ("{annotations.runbook}", "https://x.example/%20a", "https://x.example/%20a"),
    ],
)
def test_an_address_has_no_backslash(url: str, runbook: str, led: str) -> None:
    picture = {"type": "Image", "url": url, "selectAction": opens(url)}
    found = sent(card(picture, actions=[opens(url)]), annotations={"runbook": runbook})
    assert found["body"][0]["url"] == found["body"][0]["selectAction"]["url"] == found["actions"][0]["url"] == led


@pytest.mark.parametrize("runbook", ["", " ", "none", "javascript:alert(1)", "file:///etc/passwd"])
def test_what_leads_nowhere_is_left_out(runbook: str) -> None:
    """A workflow says yes, and Teams does not show a card with an address that is none."""
    url = "{annotations.runbook}"
    text = {"type": "TextBlock", "text": "x", "wrap": True}
    found = sent(
        card({**text, "selectAction": opens(url)}, {"type": "Image", "url": url}, text, actions=[opens(url)]),
        annotations={"runbook": runbook},
    )
    assert found["body"] == [text, text]
    assert found["actions"] == []


def test_what_looks_like_a_hole_is_text() -> None:
    found = sent(card({"type": "TextBlock", "text": "\ufdd07\ufdd1 {message}"}), message="\ufdd00\ufdd1")
    assert found["body"][0]["text"].startswith("\ufdd07\ufdd1 ")


@settings(deadline=None, max_examples=60)
@given(st.one_of(any_text(), st.sampled_from(list(HOSTILE.values()))))
def test_whatever_is_said_teams_takes_the_card(said: str) -> None:
    run = {"type": "TextRun", "text": "{message}", "selectAction": {"type": "Action.OpenUrl", "url": "{labels.x}"}}
    document = card({"type": "TextBlock", "text": "{message}"}, {"type": "RichTextBlock", "inlines": [run]})
    content = sent(document, message=said or "m", labels={"x": said})
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    assert problems_of({"type": "message", "attachments": [attachment]}) == []
