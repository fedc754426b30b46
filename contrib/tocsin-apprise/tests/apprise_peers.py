"""Services on loopback, as their documentation describes publishing: they refuse what the real ones would refuse."""

from __future__ import annotations

import base64
import json
from typing import Any

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import Arrival

__all__ = ["NTFY_PASSWORD", "NtfyPeer", "JsonPeer"]

NTFY_PASSWORD = "s3cretPassw0rd"
_JSON = {"Content-Type": "application/json"}


class NtfyPeer(HttpReceiver):
    """https://docs.ntfy.sh/publish/#publish-as-json, with a user and a password."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was published."""
        return [request.json() for request in self.requests]

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def take(self, request: Received) -> Reply:
        """Answer as ntfy does."""
        credentials = base64.b64encode(f"ops:{NTFY_PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {credentials}":
            return failed(401, 40101, "unauthorized")
        document = request.json()
        problem = next(iter(_problems(request, document)), None)
        if problem is not None:
            return failed(400, 40024, problem)
        return Reply(200, json.dumps({"id": "x", "event": "message", "topic": document["topic"]}).encode(), _JSON)

    def arrival(self, request: Received) -> Arrival:
        document = request.json()
        return Arrival(f"{document.get('title', '')}\n{document.get('message', '')}")


def failed(code: int, number: int, problem: str) -> Reply:
    """Return an error as ntfy answers it."""
    return Reply(code, json.dumps({"code": number, "http": code, "error": problem}).encode(), _JSON)


def _problems(request: Received, document: dict[str, Any]) -> Any:
    if request.method != "POST" or request.target != "/":
        yield "page not found"
    if document.get("topic") != "alerts":
        yield "topic invalid"
    if not isinstance(document.get("message"), str) or len(document["message"].encode()) > 4096 * 8:
        yield "message too large"
    if not isinstance(document.get("title", ""), str) or "\n" in document.get("title", ""):
        yield "title"


class JsonPeer(HttpReceiver):
    """What takes Apprise's own JSON: https://appriseit.com/services/json/."""

    def take(self, request: Received) -> Reply:
        document = request.json()
        assert set(document) == {"version", "title", "message", "attachments", "type"}
        assert document["attachments"] == []
        assert document["type"] in {"info", "success", "warning", "failure"}
        return Reply(200)

    def arrival(self, request: Received) -> Arrival:
        document = request.json()
        return Arrival(f"{document['title']}\n{document['message']}")

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")
