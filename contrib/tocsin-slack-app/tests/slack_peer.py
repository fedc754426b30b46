"""Slack's Web API on loopback, as its documentation has it: it refuses what Slack would refuse, and keeps messages.

https://docs.slack.dev/apis/web-api: writing takes JSON, reading takes a query; the token is in the header; an answer is
200 with ``ok``, and 429 with ``Retry-After`` where there were too many calls of a method.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
from block_rules import problems_of_blocks, problems_of_text

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival
from tocsin.testing.samples import NOW

__all__ = ["CHANNEL", "TOKEN", "SlackPeer", "failed", "limited"]

TOKEN = "xoxb-2345678901-s3cretT0ken-ofTheApp"
CHANNEL = "C0123ABCD"
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*")
_TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
_SAID = {"text", "blocks", "parse", "link_names", "metadata"}
_ARGUMENTS = {
    "chat.postMessage": {"channel", "thread_ts", "reply_broadcast", "unfurl_links", "unfurl_media", *_SAID},
    "chat.update": {"channel", "ts", *_SAID},
    "chat.postEphemeral": {"channel", "user", "text", "blocks"},
    "conversations.history": {
        *("channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"),
    },
    "conversations.replies": {
        *("channel", "ts", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"),
    },
}
_READING = ("conversations.history", "conversations.replies")


@attrs.frozen
class _Unheard(Arrival):
    """A call that tells nobody anything: reading, or changing a message."""


class SlackPeer(HttpReceiver):
    """One workspace with one channel, in which an app is a member, and what was posted there."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        """All calls that came, with their arguments."""
        self.messages: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.problems: list[str] = []
        """What was wrong with what was asked for, whatever came of it."""
        self.failing: dict[str, deque[Reply]] = {}
        """How the next calls of a method are answered."""
        self.page = 1000
        self.newest_first = True
        self.clock: Callable[[], float] = lambda: NOW + 1
        self._last = 0

    # -- for tests -----------------------------------------------------------------------------------------------

    def will_fail(self, method: str, *answers: Reply | str) -> None:
        """Answer the next calls of *method* like this; a string is Slack's word for what is wrong."""
        made = [failed(answer) if isinstance(answer, str) else answer for answer in answers]
        self.failing.setdefault(method, deque()).extend(made)

    def asked(self) -> list[str]:
        """Return the methods that were called, in order."""
        return [method for method, _ in self.calls]

    @property
    def roots(self) -> list[dict[str, Any]]:
        """The messages in the channel that begin threads, or could."""
        return [message for message in self.messages if "thread_ts" not in message]

    def replies(self, ts: str) -> list[dict[str, Any]]:
        """The messages in a thread, less the first."""
        return [message for message in self.messages if message.get("thread_ts") == ts]

    def delete(self, ts: str) -> None:
        """Somebody deletes a message."""
        self.messages = [message for message in self.messages if message["ts"] != ts]

    # -- what Slack does -----------------------------------------------------------------------------------------

    def take(self, request: Received) -> Reply:
        """Answer one call."""
        method, arguments, problem = self._read(request)
        if problem:
            return failed(problem)
        waiting = self.failing.get(method)
        if waiting:
            return waiting.popleft()
        wrong = list(self._problems(method, arguments))
        self.problems += wrong
        if wrong:
            return failed(
                wrong[0].partition(" ")[0], response_metadata={"messages": [f"[ERROR] {one}" for one in wrong]}
            )
        found: Reply = getattr(self, "_" + method.replace(".", "_"))(arguments)
        return found

    def _read(self, request: Received) -> tuple[str, dict[str, Any], str]:
        url = urlsplit(request.target)
        method = url.path.removeprefix("/api/")
        if not url.path.startswith("/api/") or method not in _ARGUMENTS:
            return method, {}, "unknown_method"
        reading = method in _READING
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return method, {}, "invalid_auth" if "authorization" in request.headers else "not_authed"
        if reading is not (request.method == "GET"):
            return method, {}, "invalid_post_type"
        if reading:
            arguments: dict[str, Any] = dict(parse_qsl(url.query, strict_parsing=True))
        elif request.headers.get("content-type") == "application/json; charset=utf-8":
            arguments = json.loads(request.body.decode("utf-8"))
        else:
            return method, {}, "invalid_post_type"
        with self._lock:
            self.calls.append((method, arguments))
        return method, arguments, ""

    def _problems(self, method: str, arguments: dict[str, Any]) -> Iterator[str]:
        yield from (f"invalid_arg_name {name}" for name in sorted(set(arguments) - _ARGUMENTS[method]))
        if arguments.get("channel") != CHANNEL:
            yield "channel_not_found"
        if method in _READING:
            return
        if arguments.get("parse", "none") != "none" or arguments.get("link_names"):
            yield "invalid_arguments parse and link_names could mention somebody"
        if "blocks" in arguments:
            yield from (f"invalid_blocks {problem}" for problem in problems_of_blocks(arguments["blocks"]))
        if method == "chat.update" and len(arguments.get("text", "").encode()) > 4000:
            yield "msg_too_long"
        if "text" in arguments:
            yield from (f"no_text {problem}" for problem in problems_of_text(arguments["text"], 4000, "text"))
        elif "blocks" not in arguments:
            yield "no_text"
        if "metadata" in arguments:
            yield from _problems_of_metadata(arguments["metadata"])
        for name in ("ts", "thread_ts"):
            if name in arguments and not _TS.fullmatch(str(arguments[name])):
                yield f"invalid_arguments {name}"

    def _chat_postMessage(self, arguments: dict[str, Any]) -> Reply:  # noqa: N802  Slack's name
        message = {"type": "message", "ts": self._next_ts(), "bot_id": "B1", "app_id": "A1"}
        kept = ("text", "blocks", "metadata", "thread_ts")
        message |= {name: arguments[name] for name in kept if name in arguments}
        if arguments.get("reply_broadcast"):
            message["subtype"] = "thread_broadcast"
        with self._lock:
            self.messages.append(message)
        return done(channel=CHANNEL, ts=message["ts"], message=message)

    def _chat_update(self, arguments: dict[str, Any]) -> Reply:
        for message in self.messages:
            if message["ts"] == arguments.get("ts"):
                if "text" in arguments and "blocks" not in arguments:
                    message.pop("blocks", None)
                message.update({name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments})
                return done(channel=CHANNEL, ts=message["ts"], text=message["text"])
        return failed("message_not_found")

    def _chat_postEphemeral(self, arguments: dict[str, Any]) -> Reply:  # noqa: N802  Slack's name
        with self._lock:
            self.whispers.append(arguments)
        return done(message_ts=self._next_ts())

    def _conversations_history(self, arguments: dict[str, Any]) -> Reply:
        shown = [one for one in self.messages if "thread_ts" not in one or one.get("subtype") == "thread_broadcast"]
        return self._paged(shown[::-1] if self.newest_first else shown, arguments)

    def _conversations_replies(self, arguments: dict[str, Any]) -> Reply:
        ts = arguments.get("ts")
        if not any(message["ts"] == ts for message in self.messages):
            return failed("thread_not_found")
        return self._paged([one for one in self.messages if ts in (one["ts"], one.get("thread_ts"))], arguments)

    def _paged(self, messages: list[dict[str, Any]], arguments: dict[str, Any]) -> Reply:
        if arguments.get("include_all_metadata") != "true":
            messages = [{name: value for name, value in one.items() if name != "metadata"} for one in messages]
        oldest, latest = float(arguments.get("oldest", 0)), float(arguments.get("latest", "inf"))
        found = [one for one in messages if oldest <= float(one["ts"]) <= latest or one["ts"] == arguments.get("ts")]
        start = int(arguments.get("cursor", "0"))
        size = min(self.page, int(arguments.get("limit", 100)))
        more = start + size < len(found)
        cursor = {"next_cursor": str(start + size) if more else ""}
        return done(messages=found[start : start + size], has_more=more, response_metadata=cursor)

    def _next_ts(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, int(self.clock() * 1_000_000))
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    # -- what the contract needs ---------------------------------------------------------------------------------

    def reply(self, request: Received, answer: Answer) -> Any:
        """Answer in Slack's words."""
        if answer is Answer.REFUSES:
            sent = f"{request.target} {dict(request.headers)} {request.body[:2000]!r}"
            return failed("invalid_arguments", response_metadata={"messages": [f"[ERROR] {sent}"]})
        if answer is Answer.THROTTLES:
            return limited(RETRY_AFTER_SECONDS)
        if answer is Answer.FAILS:
            return failed("service_unavailable")
        return super().reply(request, answer)

    def arrival(self, request: Received) -> Arrival:
        """Return what people come to see of a call."""
        if "chat.postMessage" not in request.target:
            return _Unheard("")
        document = request.json()
        shown = [document.get("text", ""), *_shown(document.get("blocks", []))]
        payload = document.get("metadata", {}).get("event_payload", {})
        return Arrival("\n".join(shown), payload.get("notification_id"), payload.get("incident_id"))

    def arrived(self, arrival: Arrival) -> None:
        """Note a message; whatever else is asked tells nobody anything."""
        if not isinstance(arrival, _Unheard):
            super().arrived(arrival)


def _shown(value: Any) -> Iterator[str]:
    """Yield what of blocks is shown: not what a button holds for the app alone."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in ("type", "value", "action_id", "block_id", "style"):
                yield from _shown(item)
    elif isinstance(value, list):
        for item in value:
            yield from _shown(item)
    elif isinstance(value, str):
        yield value


def _problems_of_metadata(metadata: Any) -> Iterator[str]:
    if metadata == {}:
        return
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        yield "invalid_metadata_format"
        return
    if not isinstance(metadata["event_type"], str) or not isinstance(metadata["event_payload"], dict):
        yield "invalid_metadata_format"
        return
    flat = all(isinstance(value, (str, int, float, bool)) for value in metadata["event_payload"].values())
    if not flat or not _EVENT_TYPE.fullmatch(metadata["event_type"]):
        yield "invalid_metadata_schema"
    if len(json.dumps(metadata)) > 3000:
        yield "metadata_too_large"


def done(**fields: Any) -> Reply:
    """Return an answer of a call that was carried out."""
    return Reply(200, json.dumps({"ok": True, **fields}).encode(), _JSON)


def failed(error: str, **fields: Any) -> Reply:
    """Return an answer of a call that was not."""
    return Reply(200, json.dumps({"ok": False, "error": error, **fields}).encode(), _JSON)


def limited(seconds: int) -> Reply:
    """Return the answer of one call too many."""
    headers: Mapping[str, str] = {**_JSON, "Retry-After": str(seconds)}
    return Reply(429, json.dumps({"ok": False, "error": "ratelimited"}).encode(), headers)
