"""The Bot API on loopback, as its documentation describes sendMessage: it refuses what Telegram would refuse.

https://core.telegram.org/bots/api#making-requests, #sendmessage and #html-style. Texts are measured after their
entities were read, in UTF-16 units.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival

__all__ = ["CHAT", "TOKEN", "TelegramPeer", "problem_of_text", "seen"]

TOKEN = "123456789:s3cretXXXX-XXXXtoken_35"
CHAT = -1001234567890
_JSON = {"Content-Type": "application/json"}
_PARAMETERS = {
    *("chat_id", "message_thread_id", "text", "parse_mode", "entities", "link_preview_options"),
    *("disable_notification", "protect_content", "reply_markup"),
}
_TAGS = {
    *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji"),
    *("code", "pre", "blockquote"),
}
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class TelegramPeer(HttpReceiver):
    """Takes what is right with a message's number, and refuses the rest as Telegram words it."""

    def __init__(self) -> None:
        super().__init__()
        self.chats: set[int | str] = {CHAT}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The parameters of all calls."""
        return [request.json() for request in self.requests]

    def take(self, request: Received) -> Reply:
        """Answer as Telegram does."""
        if request.method != "POST" or not request.target.startswith("/bot") or request.target.count("/") != 2:
            return failed(404, "Not Found")
        if request.target != f"/bot{TOKEN}/sendMessage":
            return failed(401, "Unauthorized")
        if request.headers.get("content-type") != "application/json":
            return failed(400, "Bad Request: message text is empty")
        document = json.loads(request.body.decode("utf-8"))
        problem = next(self._problems(document), None)
        if problem is not None:
            return failed(400, f"Bad Request: {problem}")
        result = {"message_id": 42, "date": 0, "chat": {"id": document["chat_id"]}, "text": seen(document["text"])}
        return Reply(200, json.dumps({"ok": True, "result": result}).encode(), _JSON)

    def _problems(self, document: dict[str, Any]) -> Iterator[str]:
        yield from (f"unknown parameter {name}" for name in set(document) - _PARAMETERS)
        if document.get("chat_id") not in self.chats:
            yield "chat not found"
        thread = document.get("message_thread_id")
        if thread is not None and (not isinstance(thread, int) or thread < 1):
            yield "message thread not found"
        if document.get("parse_mode") != "HTML":
            yield "unsupported parse_mode"
        if not isinstance(document.get("disable_notification", False), bool):
            yield "disable_notification"
        problem = problem_of_text(document.get("text"))
        if problem:
            yield problem

    def reply(self, request: Received, answer: Answer) -> Any:
        """Say when to come back in both places."""
        if answer is Answer.THROTTLES:
            return limited(RETRY_AFTER_SECONDS)
        return super().reply(request, answer)

    def arrival(self, request: Received) -> Arrival:
        """Return the text as Telegram reads it, with its markup."""
        return Arrival(request.json()["text"])


def failed(code: int, description: str, **parameters: Any) -> Reply:
    """Return an error as the Bot API answers it."""
    document = {"ok": False, "error_code": code, "description": description}
    more = {"parameters": parameters} if parameters else {}
    return Reply(code, json.dumps({**document, **more}).encode(), _JSON)


def limited(seconds: int) -> Reply:
    """Return a limit's answer."""
    reply = failed(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
    return Reply(reply.status, reply.body, {**reply.headers, "Retry-After": str(seconds)})


class _Reader(HTMLParser):
    """Reads Telegram's HTML, in which only four entities have names."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.problem = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.problem = self.problem or f'can\'t parse entities: Unsupported start tag "{tag}"'
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problem = self.problem or "can't parse entities: Unmatched end tag"

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self.problem = self.problem or "can't parse entities: Unsupported start tag"
        self.text += data

    def handle_entityref(self, name: str) -> None:
        self.text += _ENTITIES.get(name, f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.text += chr(int(name[1:], 16) if name[0] in "xX" else int(name))

    def handle_comment(self, data: str) -> None:
        self.problem = self.problem or "can't parse entities: Unsupported start tag"

    def handle_decl(self, decl: str) -> None:
        self.problem = self.problem or "can't parse entities: Unsupported start tag"


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open:
        reader.problem = reader.problem or "can't parse entities: Can't find end tag"
    return reader


def seen(text: str) -> str:
    """Return what a reader sees of *text*."""
    return _read(text).text


def problem_of_text(text: Any) -> str:
    """Return why Telegram would refuse a text; empty where it takes it."""
    if not isinstance(text, str):
        return "message text is empty"
    reader = _read(text)
    if reader.problem:
        return reader.problem
    if not reader.text.strip():
        return "message text is empty"
    return "message is too long" if len(reader.text.encode("utf-16-le")) // 2 > 4096 else ""
