"""Discord on loopback, as its documentation describes webhooks: it refuses what Discord would refuse.

https://discord.com/developers/docs/resources/webhook#execute-webhook and
https://discord.com/developers/docs/resources/message#embed-object. Limits are counted in UTF-16 units.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival

__all__ = ["THREAD", "TOKEN", "DiscordPeer", "problems_of"]

TOKEN = "s3cret-XXXXtokenXXXX"
THREAD = "1122334455667788990"
_PATH = f"/api/webhooks/223344/{TOKEN}"
_JSON = {"Content-Type": "application/json"}
_USER_AGENT = re.compile(r"DiscordBot \(https://\S+, [0-9]+(\.[0-9]+)+\)")
_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
_MESSAGE = {"content", "username", "avatar_url", "tts", "embeds", "allowed_mentions", "components", "flags", "poll"}
_EMBED = {"title", "description", "url", "timestamp", "color", "footer", "image", "thumbnail", "author", "fields"}


class DiscordPeer(HttpReceiver):
    """Takes what is right with a message's id, and refuses the rest as Discord words it."""

    @property
    def webhook(self) -> str:
        """The webhook's address."""
        return f"{self.url}{_PATH}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The bodies of all requests."""
        return [request.json() for request in self.requests]

    def take(self, request: Received) -> Reply:
        """Answer as Discord does."""
        target = urlsplit(request.target)
        query = {name: values[-1] for name, values in parse_qs(target.query).items()}
        if request.method != "POST" or target.path != _PATH:
            return _refusal(404, 10015, "Unknown Webhook", [])
        if query.get("thread_id", THREAD) != THREAD:
            return _refusal(400, 10003, "Unknown Channel", [])
        problems = [*_problems_of_headers(request), *problems_of(_decoded(request))]
        if problems:
            return _refusal(400, 50035, "Invalid Form Body", problems)
        if query.get("wait") not in ("1", "true", "True"):
            return Reply(204, b"")
        return Reply(200, json.dumps({"id": "1111222233334444", "type": 0}).encode(), _JSON)

    def reply(self, request: Received, answer: Answer) -> Any:
        """Throttle with a time in the body too."""
        if answer is Answer.THROTTLES:
            body = {"message": "You are being rate limited.", "retry_after": RETRY_AFTER_SECONDS - 0.4, "global": False}
            headers = {**_JSON, "Retry-After": str(RETRY_AFTER_SECONDS)}
            return Reply(429, json.dumps(body).encode(), headers)
        return super().reply(request, answer)

    def arrival(self, request: Received) -> Arrival:
        """Return what Discord reads as Markdown, with what is escaped there kept apart from the rest.

        Of a footer nothing is acted on, so it may have any text.
        """
        text = "\n".join(_marked_texts(_decoded(request)))
        return Arrival(_ESCAPED.sub("\u2060\\1\u2060", text))


def _decoded(request: Received) -> Any:
    try:
        return json.loads(request.body.decode("utf-8"))
    except ValueError:
        return None


def _refusal(status: int, code: int, message: str, problems: list[str]) -> Reply:
    return Reply(status, json.dumps({"code": code, "message": message, "errors": problems}).encode(), _JSON)


def _problems_of_headers(request: Received) -> Iterator[str]:
    if request.headers.get("content-type") != "application/json":
        yield "content-type"
    if not _USER_AGENT.fullmatch(request.headers.get("user-agent", "")):
        yield "user-agent"


def problems_of(document: Any) -> list[str]:
    """Return what Discord would refuse in a message."""
    return list(_problems(document)) if isinstance(document, dict) else ["it is no object"]


def _problems(document: dict[str, Any]) -> Iterator[str]:
    yield from (f"unknown {name}" for name in set(document) - _MESSAGE)
    embeds = document.get("embeds", [])
    if not document.get("content", "").strip() and not embeds:
        yield "50006: Cannot send an empty message"
    yield from _text(document, "content", 2000, required=False)
    yield from _text(document, "username", 80, required=False)
    if re.search("clyde|discord", document.get("username", ""), re.IGNORECASE):
        yield "username"
    if not isinstance(embeds, list) or len(embeds) > 10:
        yield "embeds"
        return
    for embed in embeds:
        yield from _problems_of_embed(embed)
    if sum(_units(text.strip()) for embed in embeds for text in _counted(embed)) > 6000:
        yield "embeds: more than 6000 characters"


def _problems_of_embed(embed: dict[str, Any]) -> Iterator[str]:
    yield from (f"unknown embed.{name}" for name in set(embed) - _EMBED)
    if not list(_counted(embed)):
        yield "the embed is empty"
    color = embed.get("color", 0)
    if not isinstance(color, int) or not 0 <= color <= 0xFFFFFF:
        yield "color"
    yield from _text(embed, "title", 256, required=False)
    yield from _text(embed, "description", 4096, required=False)
    if "footer" in embed:
        yield from _text(embed["footer"], "text", 2048)
    if "author" in embed:
        yield from _text(embed["author"], "name", 256)
    fields = embed.get("fields", [])
    if not isinstance(fields, list) or len(fields) > 25:
        yield "fields"
    for field in fields:
        yield from _text(field, "name", 256)
        yield from _text(field, "value", 1024)
        if not isinstance(field.get("inline", False), bool):
            yield "inline"


def _text(holder: dict[str, Any], name: str, limit: int, *, required: bool = True) -> Iterator[str]:
    """A text that is there is not blank and not too long; blanks at its ends do not count."""
    if name not in holder:
        if required:
            yield f"{name} is required"
        return
    text = holder[name]
    if not isinstance(text, str) or not text.strip() or _units(text.strip()) > limit:
        yield f"{name} must be between 1 and {limit} in length"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _counted(embed: dict[str, Any]) -> Iterator[str]:
    yield from (embed[name] for name in ("title", "description") if name in embed)
    if "footer" in embed:
        yield embed["footer"]["text"]
    if "author" in embed:
        yield embed["author"]["name"]
    for field in embed.get("fields", []):
        yield from (field["name"], field["value"])


def _marked_texts(document: Any) -> Iterator[str]:
    yield document.get("content", "")
    for embed in document.get("embeds", []):
        yield from (embed.get(name, "") for name in ("title", "description"))
        for field in embed.get("fields", []):
            yield from (field["name"], field["value"])
