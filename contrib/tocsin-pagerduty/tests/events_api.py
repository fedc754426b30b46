"""PagerDuty's Events API v2 on loopback: it checks each event against what is published, and keeps the alerts.

The form is that of https://developer.pagerduty.com/docs/send-alert-event and of the OpenAPI document in
https://github.com/PagerDuty/api-schema; the limits are those of
https://developer.pagerduty.com/docs/events-api-v2-overview.
"""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply, strings_of
from tocsin.testing.receiver import Arrival

__all__ = ["KEY", "EventsApi", "problems_of"]

KEY = "0123456789abcdef0123456789ABCDEF"
_LARGEST = 512_000

_TEXT = {"type": "string", "minLength": 1, "maxLength": 1024}
_SCHEMA = {
    "type": "object",
    "required": ["routing_key", "event_action", "dedup_key"],
    "additionalProperties": False,
    "properties": {
        "routing_key": {"type": "string"},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "client": _TEXT,
        "client_url": {"type": "string", "pattern": "^https?://"},
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["href"],
                "additionalProperties": False,
                "properties": {"href": {"type": "string", "pattern": "^https?://[!-~]+$"}, "text": _TEXT},
            },
        },
        "payload": {
            "type": "object",
            "required": ["summary", "source", "severity"],
            "additionalProperties": False,
            "properties": {
                "summary": _TEXT,
                "source": _TEXT,
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
                "component": _TEXT,
                "group": _TEXT,
                "class": _TEXT,
                "custom_details": {"type": "object"},
            },
        },
    },
    "if": {"properties": {"event_action": {"const": "trigger"}}},
    "then": {"required": ["payload"]},
}
_VALIDATOR = Draft202012Validator(_SCHEMA, format_checker=FormatChecker())


def problems_of(event: Any) -> list[str]:
    """Return what PagerDuty would find wrong with *event*; units of UTF-16 are counted, the strictest reading."""
    problems = [f"{'.'.join(map(str, error.path))}: {error.message:.200}" for error in _VALIDATOR.iter_errors(event)]
    for where, text, limit in (
        ("summary", event.get("payload", {}).get("summary", ""), 1024),
        ("dedup_key", event.get("dedup_key", ""), 255),
    ):
        if len(text.encode("utf-16-le", "surrogatepass")) // 2 > limit:
            problems.append(f"{where} is longer than {limit}")
    return problems


class EventsApi(HttpReceiver):
    """Takes events under :data:`KEY`. ``open`` has the alerts that are open, with the events that they took."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, list[dict[str, Any]]] = {}
        self.opened_alerts: list[str] = []
        self.refused: list[str] = []

    @property
    def endpoint(self) -> str:
        """Where events go."""
        return f"{self.url}/v2/enqueue"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that came."""
        return [request.json() for request in self.requests]

    def take(self, request: Received) -> Reply:
        """Answer as PagerDuty does."""
        problems = self._problems(request)
        if problems:
            self.refused += problems
            return _reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": problems})
        event = request.json()
        self._apply(event)
        return _reply(202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})

    def arrival(self, request: Received) -> Arrival:
        """Return an event as PagerDuty shows it."""
        event = request.json()
        ends = event.get("event_action") == "resolve"
        return Arrival("\n".join(strings_of(event)), incident=event.get("dedup_key"), ends=ends)

    def _problems(self, request: Received) -> list[str]:
        if (request.method, request.target) != ("POST", "/v2/enqueue"):
            return [f"no such endpoint: {request.method} {request.target}"]
        if not request.headers.get("content-type", "").startswith("application/json"):
            return ["not JSON"]
        if len(request.body) > _LARGEST:
            return ["larger than 512 KB"]
        event = json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)
        found = problems_of(event)
        return [*found, *([] if event.get("routing_key") == KEY else ["unknown routing_key"])]

    def _apply(self, event: dict[str, Any]) -> None:
        key = event["dedup_key"]
        if event["event_action"] == "resolve":
            self.open.pop(key, None)
        elif event["event_action"] == "trigger":
            if key not in self.open:
                self.opened_alerts.append(key)
            self.open.setdefault(key, []).append(event)


def _reply(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
