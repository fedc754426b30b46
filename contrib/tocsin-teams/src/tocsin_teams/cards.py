"""A notification as an Adaptive Card, small enough for Teams.

The card's form is https://adaptivecards.io/explorer/AdaptiveCard.html in version 1.2, which every client of Teams
shows, in the envelope that a workflow's webhook takes:
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import AlertSeverity, AlertStatus, Notification, NotificationKind, PerformanceAlert, wording
from tocsin.http import json_content
from tocsin_teams.markup import fitting, shown

__all__ = ["MESSAGE_BYTES", "STYLES", "card", "enveloped", "templated_card"]

Element = dict[str, Any]

MESSAGE_BYTES: Final = 28 * 1024
"""What a message may be, everything in it counted: https://learn.microsoft.com/en-us/connectors/teams/."""

_OWN_BYTES: Final = 24 * 1024
"""What our own cards may be: the limit is called approximate, and a workflow adds something to a message."""

_CALM: Final = "good"
STYLES: Final = {
    AlertSeverity.INFO: "accent",
    AlertSeverity.WARNING: "warning",
    AlertSeverity.ERROR: "attention",
    AlertSeverity.CRITICAL: "attention",
    AlertSeverity.EMERGENCY: "attention",
}
"""The style of the container that the headline stands in; a card has no colours of its own."""

_HEADLINE: Final = 512
_MESSAGE: Final = 2000
_MESSAGE_LINES: Final = 40
_FACT: Final = 256
_LINE: Final = 200
_NOTE: Final = 1000
_PARAGRAPH: Final = 4000
_URL: Final = re.compile(
    r"""https?://(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}(?::[1-5]?[0-9]{1,4})?
        (?:[/?\#](?:[A-Za-z0-9\-._~:/?\#@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?""",
    re.VERBOSE,
)
"""What leads somewhere when it is chosen, for text runs make no links by themselves. Nothing looser: a card with an
address that Teams cannot read might not be posted."""

_LIST_ITEM: Final = re.compile(r"\s*([-*+]|\d{1,9}[.)])\s")


def card(notification: Notification) -> Element:
    """Return the card for *notification*: all that alerts say stands in text runs, where nothing is markup."""
    headline = wording.headline(notification)
    return _card(
        notification, _runs(_bold(wording.legible(headline), _HEADLINE, size="Medium")), _details(notification)
    )


def templated_card(notification: Notification, subject: str, body: str) -> Element:
    """Return a card with the text of a template, which is Markdown; each line is a paragraph or a list's item."""
    head = _block(fitting(subject, _HEADLINE), weight="Bolder", size="Medium")
    return _card(notification, head, (_block(fitting(text, _PARAGRAPH)) for text in _paragraphs(body)))


def enveloped(content: Element) -> Element:
    """Return a message whose attachment is the card *content*."""
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _card(notification: Notification, head: Element, details: Iterable[Element]) -> Element:
    calm = notification.status is AlertStatus.RESOLVED or notification.kind is NotificationKind.HEARTBEAT
    style = _CALM if calm else STYLES[notification.severity]
    made: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": shown(wording.headline(notification), _HEADLINE),
        "msteams": {"width": "Full"},
        "body": [{"type": "Container", "style": style, "bleed": True, "items": [head]}],
    }
    made["body"] += _fitting_elements(details, _OWN_BYTES - len(json_content(enveloped(made))))
    return made


def _fitting_elements(elements: Iterable[Element], room: int) -> Iterator[Element]:
    """Give as many of *elements* as there is *room* for, in bytes, and an ellipsis in place of the others."""
    ellipsis = _runs(_run("…"))
    left = room - len(json_content(ellipsis)) - 1
    for element in elements:
        left -= len(json_content(element)) + 2
        if left < 0:
            yield ellipsis
            return
        yield element


def _details(notification: Notification) -> Iterator[Element]:
    if notification.level is not None:
        yield _runs(_bold(wording.level_line(notification), _LINE))
    if notification.single:
        yield from _lines(notification.alerts[0].alert.message)
    for name, value in wording.facts(notification):
        yield _named(name, value, _FACT)
    if notification.single:
        yield from _notes(notification.alerts[0].alert)
    else:
        yield from (_runs(_run(f"• {_short(line, _LINE)}")) for line in wording.shown_alerts(notification))
    ids = wording.ids_line(notification)
    if ids:
        yield _runs({**_run(_short(ids, _HEADLINE)), "isSubtle": True, "size": "Small"})


def _lines(text: str) -> Iterator[Element]:
    lines = [line for line in _short(text, _MESSAGE).split("\n") if line.strip()]
    yield from (_runs(_run(line)) for line in lines[:_MESSAGE_LINES])
    if len(lines) > _MESSAGE_LINES:
        yield _runs(_run("…"))


def _notes(alert: PerformanceAlert) -> Iterator[Element]:
    if alert.labels:
        yield _named("labels", wording.labels_line(alert), _NOTE)
    for name, value in sorted(alert.annotations.items()):
        if value.strip():
            yield _named(name, value, _NOTE)


def _named(name: str, value: str, limit: int) -> Element:
    text = _short(wording.one_line(value), limit)
    link = {"selectAction": {"type": "Action.OpenUrl", "url": text}} if _URL.fullmatch(text) else {}
    return _runs(_bold(f"{_short(name, _LINE)}: ", _HEADLINE), {**_run(text), **link})


def _short(text: str, limit: int) -> str:
    return wording.shortened(wording.legible(wording.prefix(text, 2 * limit + 4)), limit)


def _runs(*runs: Element) -> Element:
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": list(runs)}


def _run(text: str) -> Element:
    return {"type": "TextRun", "text": text}


def _bold(text: str, limit: int, **more: str) -> Element:
    return {**_run(wording.shortened(text, limit)), "weight": "Bolder", **more}


def _block(text: str, **more: str) -> Element:
    return {"type": "TextBlock", "text": text, "wrap": True, "spacing": "Small", **more}


def _paragraphs(body: str) -> Iterator[str]:
    """Yield the lines of *body* that are not blank, and what is a list in one: a new line begins an item only there."""
    items: list[str] = []
    for line in filter(str.strip, body.replace("\r\n", "\n").split("\n")):
        if _LIST_ITEM.match(line):
            items.append(line)
            continue
        if items:
            yield "\r".join(items)
            items = []
        yield line
    if items:
        yield "\r".join(items)
