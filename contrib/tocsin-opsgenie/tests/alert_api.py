"""Opsgenie's Alert API v2 on loopback: it checks each request against what is published, and keeps the alerts.

The form and the limits are those of https://docs.opsgenie.com/docs/alert-api,
https://docs.opsgenie.com/docs/alert-api-continued and https://docs.opsgenie.com/docs/heartbeat-api.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import attrs
from jsonschema import Draft202012Validator

from tocsin.testing.http_receiver import HttpReceiver, Received, Reply, strings_of
from tocsin.testing.receiver import Arrival

__all__ = ["KEY", "Alert", "AlertApi", "Call", "problems_of"]

KEY: Final = "eb243592-faa2-4ba2-a551q-1afdf565c889"

_PRIORITY = {"enum": ["P1", "P2", "P3", "P4", "P5"]}
_RESPONDER = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["team", "user", "escalation", "schedule"]},
        "id": {"type": "string"},
        "name": {"type": "string"},
        "username": {"type": "string"},
    },
    "minProperties": 2,
    "maxProperties": 2,
}


def _text(limit: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": limit}


def _body(required: list[str], **properties: Any) -> Draft202012Validator:
    schema = {"type": "object", "required": required, "additionalProperties": False, "properties": properties}
    return Draft202012Validator(schema)


_ABOUT = {"user": _text(100), "source": _text(100), "note": _text(25_000)}
_ALERTS = "/v2/alerts"
_ON_ALERT: Final = re.compile(r"/v2/alerts/([A-Za-z0-9_-]{1,512})/([a-z]+)\?identifierType=alias")
_PING: Final = re.compile(r"/v2/heartbeats/([^/?]+)/ping")
_BODIES: Final = {
    ("POST", "alerts"): _body(
        ["message"],
        message=_text(130),
        alias=_text(512),
        description=_text(15_000, 0),
        responders={"type": "array", "items": _RESPONDER, "maxItems": 50},
        tags={"type": "array", "items": _text(50), "maxItems": 20},
        details={"type": "object", "additionalProperties": {"type": "string"}},
        entity=_text(512),
        priority=_PRIORITY,
        **_ABOUT,
    ),
    ("POST", "close"): _body([], **_ABOUT),
    ("POST", "notes"): _body(["note"], **_ABOUT),
    ("PUT", "priority"): _body(["priority"], priority=_PRIORITY),
    ("PUT", "message"): _body(["message"], message=_text(130)),
    ("PUT", "description"): _body(["description"], description=_text(15_000)),
}
_LIMITS: Final = {"message": 130, "description": 15_000, "note": 25_000, "entity": 512}


@attrs.frozen
class Call:
    """One request: its method, what it is about (``alerts``, ``close``, …), the alias, and the body."""

    method: str
    what: str
    alias: str | None
    body: Any


@attrs.define
class Alert:
    """An alert as Opsgenie keeps it: with what it was created with, until it is updated."""

    message: str
    description: str
    priority: str
    count: int = 1
    notes: list[str] = attrs.field(factory=list)


@attrs.frozen
class _Update(Arrival):
    """A request that adds something to an alert that another request told of."""


def problems_of(method: str, what: str, body: Any) -> list[str]:
    """Return what Opsgenie would find wrong; units of UTF-16 are counted, the strictest reading."""
    validator = _BODIES.get((method, what))
    if validator is None:
        return [f"no such endpoint: {method} {what}"]
    problems = [f"{'.'.join(map(str, error.path))}: {error.message:.200}" for error in validator.iter_errors(body)]
    problems += [f"{name} is too long" for name, limit in _LIMITS.items() if _units(body.get(name, "")) > limit]
    if sum(_units(key) + _units(text) for key, text in body.get("details", {}).items()) > 8000:
        problems.append("details are too long")
    return problems


class AlertApi(HttpReceiver):
    """Takes requests with :data:`KEY`. ``open`` has the alerts that are open, ``pinged`` the heartbeats."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, Alert] = {}
        self.created: list[str] = []
        self.pinged: list[str] = []
        self.refused: list[str] = []

    @property
    def calls(self) -> list[Call]:
        """All requests that came."""
        return [_call(request) for request in self.requests]

    def done(self) -> list[str]:
        """Return what was asked for, in order."""
        return [call.what for call in self.calls]

    def take(self, request: Received) -> Reply:
        """Answer as Opsgenie does."""
        if request.headers.get("authorization") != f"GenieKey {KEY}":
            return _reply(401, message="Could not authenticate")
        call = _call(request)
        if call.what == "ping":
            self.pinged.append(call.alias or "")
            return _reply(202, result="PONG - Heartbeat received")
        problems = self._problems(request, call)
        if problems:
            self.refused += problems
            return _reply(422, message="Request body is not processable", errors={"problems": problems})
        self._apply(call)
        return _reply(202, result="Request will be processed")

    def arrival(self, request: Received) -> Arrival:
        """Return a request as Opsgenie shows it, and closing it as what its page says then."""
        call = _call(request)
        kind = Arrival if self._tells(call) else _Update
        text = "\n".join([call.what, *strings_of(call.body)])
        return kind(text, incident=call.alias, ends=call.what == "close")

    def arrived(self, arrival: Arrival) -> None:
        """Note what arrived, but no updates: an attempt may take several requests."""
        if not isinstance(arrival, _Update):
            super().arrived(arrival)

    def _tells(self, call: Call) -> bool:
        before = [one.alias for one in self.calls if one.what == "alerts"]
        return call.what in ("alerts", "close", "ping") or (call.what == "notes" and call.alias not in before)

    def _problems(self, request: Received, call: Call) -> list[str]:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return ["not JSON"]
        return problems_of(call.method, call.what, call.body)

    def _apply(self, call: Call) -> None:
        """Do it; like Opsgenie, which answers before it looks, do nothing with an alert that is not open."""
        assert call.alias is not None
        alert = self.open.get(call.alias)
        if call.what == "alerts" and alert is None:
            self.created.append(call.alias)
            body = call.body
            self.open[call.alias] = Alert(body["message"], body["description"], body["priority"])
        elif alert is None:
            return
        elif call.what == "alerts":
            alert.count += 1
        elif call.what == "close":
            del self.open[call.alias]
        elif call.what == "notes":
            alert.notes.append(call.body["note"])
        else:
            setattr(alert, call.what, call.body[call.what])


def _call(request: Received) -> Call:
    body = json.loads(request.body.decode("utf-8")) if request.body else None
    if request.target == _ALERTS:
        return Call(request.method, "alerts", (body or {}).get("alias"), body)
    if found := _ON_ALERT.fullmatch(request.target):
        return Call(request.method, found[2], found[1], body)
    if request.method == "GET" and (found := _PING.fullmatch(request.target)):
        return Call(request.method, "ping", found[1], None)
    return Call(request.method, f"unknown {request.target}", None, body)


def _reply(status: int, **document: Any) -> Reply:
    text = json.dumps({**document, "took": 0.1, "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120"})
    return Reply(status, text.encode(), {"Content-Type": "application/json"})


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
