"""Services on loopback, as their documentation describes publishing: they refuse what the real ones would refuse."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import Arrival

__all__ = ["NTFY_PASSWORD", "TOKEN", "GotifyPeer", "JsonPeer", "MattermostPeer", "NtfyPeer", "Peer", "RocketPeer"]

NTFY_PASSWORD = "s3cretPassw0rd"
TOKEN = "Abcdefgh1234567"
_JSON = {"Content-Type": "application/json"}


class Peer(HttpReceiver):
    """What all of them have."""

    @property
    def host(self) -> str:
        """Its address, as Apprise's URLs have it."""
        return self.url.removeprefix("http://")

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [request.json() for request in self.requests]


class NtfyPeer(Peer):
    """ntfy, with a user and a password: https://docs.ntfy.sh/publish/#publish-as-json."""

    def take(self, request: Received) -> Reply:
        credentials = base64.b64encode(f"ops:{NTFY_PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {credentials}":
            return failed(401, 40101, "unauthorized")
        document = request.json()
        problem = next(_problems(request, document), None)
        if problem is not None:
            return failed(400, 40024, problem)
        return Reply(200, json.dumps({"id": "x", "event": "message", "topic": document["topic"]}).encode(), _JSON)

    def arrival(self, request: Received) -> Arrival:
        document = request.json()
        return Arrival(f"{document.get('title', '')}\n{document.get('message', '')}")


def failed(code: int, number: int, problem: str) -> Reply:
    """Return an error as ntfy answers it."""
    return Reply(code, json.dumps({"code": number, "http": code, "error": problem}).encode(), _JSON)


def _problems(request: Received, document: dict[str, Any]) -> Iterator[str]:
    if request.method != "POST" or request.target != "/":
        yield "page not found"
    if document.get("topic") != "alerts":
        yield "topic invalid"
    if not isinstance(document.get("message"), str) or not document["message"]:
        yield "message"
    if not isinstance(document.get("title", ""), str) or "\n" in document.get("title", ""):
        yield "title"


class JsonPeer(Peer):
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


class GotifyPeer(Peer):
    """Gotify: https://gotify.net/api-docs#/message/createMessage."""

    def take(self, request: Received) -> Reply:
        assert request.target == "/message"
        if request.headers.get("x-gotify-key") != TOKEN:
            return Reply(401, b'{"error":"Unauthorized","errorCode":401}', _JSON)
        document = request.json()
        assert isinstance(document["message"], str)
        assert isinstance(document["priority"], int)
        return Reply(200, b'{"id":1}', _JSON)


class MattermostPeer(Peer):
    """Mattermost's incoming webhooks: https://developers.mattermost.com/integrate/webhooks/incoming/."""

    def take(self, request: Received) -> Reply:
        if request.target != f"/hooks/{TOKEN}":
            return Reply(404, b'{"id":"web.incoming_webhook.invalid.app_error"}', _JSON)
        text = request.json()["text"]
        assert isinstance(text, str)
        assert 0 < len(text) <= 16_383
        return Reply(200, b"ok")


class RocketPeer(Peer):
    """Rocket.Chat's incoming webhooks: https://docs.rocket.chat/docs/integrations."""

    def take(self, request: Received) -> Reply:
        assert request.target.startswith("/hooks/")
        document = request.json()
        assert isinstance(document["text"], str)
        assert len(document["text"]) <= 5000
        return Reply(200, b'{"success":true}', _JSON)
