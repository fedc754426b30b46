"""A webhook of Workflows on loopback: it refuses what is no message with an Adaptive Card, or is too large.

https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using and, for
cards, https://adaptivecards.io/explorer/: elements, members and values of version 1.2, as far as tocsin uses them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import Arrival

__all__ = ["TOKEN", "TeamsPeer", "blocks_of", "links_of", "problems_of", "runs_of", "texts_of"]

TOKEN = "s3cret-XXXXsignatureXXXX"
_TARGET = f"/workflows/0a1b2c3d/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig={TOKEN}"
_LARGEST = 28 * 1024

Check: TypeAlias = Callable[[Any], bool]


def _one_of(*known: str) -> Check:
    return lambda value: value in known


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _opens_url(value: Any) -> bool:
    return set(value) == {"type", "url"} and value["type"] == "Action.OpenUrl" and value["url"].startswith("http")


_WEIGHT: Final = _one_of("Lighter", "Default", "Bolder")
_SIZE: Final = _one_of("Small", "Default", "Medium", "Large", "ExtraLarge")
_SPACING: Final = _one_of("None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding")
_STYLE: Final = _one_of("default", "emphasis", "good", "attention", "warning", "accent")
_ELEMENTS: Final[Mapping[str, tuple[set[str], Mapping[str, Check]]]] = {
    "AdaptiveCard": (
        {"version"},
        {
            "$schema": _text,
            "version": _one_of("1.0", "1.1", "1.2"),
            "fallbackText": _text,
            "msteams": lambda value: value == {"width": "Full"},
            "body": _list,
        },
    ),
    "Container": ({"items"}, {"items": _list, "style": _STYLE, "bleed": _boolean, "spacing": _SPACING}),
    "TextBlock": ({"text"}, {"text": _text, "wrap": _boolean, "weight": _WEIGHT, "size": _SIZE, "spacing": _SPACING}),
    "RichTextBlock": ({"inlines"}, {"inlines": _list, "spacing": _SPACING}),
    "TextRun": (
        {"text"},
        {"text": _text, "weight": _WEIGHT, "size": _SIZE, "isSubtle": _boolean, "selectAction": _opens_url},
    ),
}
"""By type the members that an element must have, and those that it may have."""

_CHILDREN: Final = {"body": {"Container", "TextBlock", "RichTextBlock"}, "inlines": {"TextRun"}}
_CHILDREN["items"] = _CHILDREN["body"]


class TeamsPeer(HttpReceiver):
    """Takes what is right with 202, as a workflow does that answers before it posts."""

    @property
    def webhook(self) -> str:
        """The webhook's address."""
        return f"{self.url}{_TARGET}"

    def take(self, request: Received) -> Reply:
        """Answer as Workflows does."""
        if request.method != "POST" or request.target != _TARGET:
            return _refusal(401, "DirectApiAuthorizationRequired")
        if len(request.body) > _LARGEST:
            return _refusal(413, "RequestEntityTooLarge")
        if request.headers.get("content-type") != "application/json; charset=utf-8":
            return _refusal(400, "content-type")
        problems = problems_of(_decoded(request.body))
        return _refusal(400, "; ".join(problems)) if problems else Reply(202, b"")

    def arrival(self, request: Received) -> Arrival:
        """Return what stands in the card."""
        return Arrival("\n".join(texts_of(_decoded(request.body))))


def _refusal(status: int, problem: str) -> Reply:
    body = json.dumps({"error": {"code": problem, "message": problem}})
    return Reply(status, body.encode(), {"Content-Type": "application/json; charset=utf-8"})


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except ValueError:
        return None


def problems_of(document: Any) -> list[str]:
    """Return what is wrong with a message."""
    if not isinstance(document, dict) or document.get("type") != "message":
        return ["the type is not message"]
    attachments = document.get("attachments")
    if not isinstance(attachments, list) or len(attachments) != 1:
        return ["there is not one attachment"]
    if attachments[0].get("contentType") != "application/vnd.microsoft.card.adaptive":
        return ["it is no Adaptive Card"]
    return list(_problems(attachments[0].get("content"), {"AdaptiveCard"}))


def _problems(element: Any, allowed: set[str]) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        yield f"{kind!r} cannot stand here"
        return
    required, members = _ELEMENTS[kind]
    yield from (f"{kind} has no {name}" for name in sorted(required - set(element)))
    for name, value in element.items():
        if name == "type":
            continue
        if name not in members or not members[name](value):
            yield f"{kind}.{name} is {value!r:.60}"
        elif name in _CHILDREN:
            for child in value:
                yield from _problems(child, _CHILDREN[name])


def _elements(document: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        if document.get("type") == kind:
            yield document
        for value in document.values():
            yield from _elements(value, kind)
    elif isinstance(document, list):
        for value in document:
            yield from _elements(value, kind)


def runs_of(document: Any) -> list[str]:
    """Return the texts of a message in which nothing is markup, one for each line."""
    return ["".join(run["text"] for run in block["inlines"]) for block in _elements(document, "RichTextBlock")]


def blocks_of(document: Any) -> list[str]:
    """Return the texts of a message that are Markdown."""
    return [block["text"] for block in _elements(document, "TextBlock")]


def links_of(document: Any) -> dict[str, str]:
    """Return by their texts the addresses that text runs lead to."""
    return {run["text"]: run["selectAction"]["url"] for run in _elements(document, "TextRun") if "selectAction" in run}


def texts_of(document: Any) -> list[str]:
    """Return all texts of a message."""
    return [*blocks_of(document), *runs_of(document)]
