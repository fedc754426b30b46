"""``POST /v2/enqueue``: an event triggers, acknowledges or resolves the alert of its deduplication key.

PagerDuty's clients send no token but a routing key; here that is the token, unless there is a header.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin import Acknowledged, AlertFired, AlertResolved, AlertSeverity, Fact
from tocsin import PerformanceAlert as Alert
from tocsin_server.alertmanager.posted import Bounds
from tocsin_server.api.bodies import read_document
from tocsin_server.api.operation import Answer, Operation
from tocsin_server.api.reported import OWN
from tocsin_server.intake import Intake
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused
from tocsin_server.web.scopes import Guard
from tocsin_server.web.times import read_time

__all__ = ["PagerDutyIngress"]

_PATH: Final = "/v2/enqueue"
_SCOPE: Final = "ingest"
_LARGEST: Final = 512 * 1024
_LONGEST_KEY: Final = 255
_ACTIONS: Final = ("trigger", "acknowledge", "resolve")
_SEVERITIES: Final = {
    "critical": AlertSeverity.CRITICAL,
    "error": AlertSeverity.ERROR,
    "warning": AlertSeverity.WARNING,
    "info": AlertSeverity.INFO,
}
_LABELS: Final = ("component", "group", "class")

Problems = list[dict[str, Any]]


class PagerDutyIngress:
    """Takes events in."""

    def __init__(self, intake: Intake, guard: Guard, bounds: Bounds) -> None:
        self._intake = intake
        self._guard = guard
        self._bounds = bounds

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "enqueue_event",
                "POST",
                _PATH,
                _SCOPE,
                "An event in the form of PagerDuty's Events API, version 2. Its `dedup_key` is the alert's id. Where "
                "there is no header with a token, its `routing_key` is the token.",
                self._post,
                {202: Answer("It was taken in.", "EventProcessed")},
                refusals=(400,),
                body="PagerDutyEvent",
                body_example={
                    "routing_key": "…",
                    "event_action": "trigger",
                    "dedup_key": "db1-disk",
                    "payload": {"summary": "the disk is full", "source": "db1", "severity": "critical"},
                },
                authenticates=True,
            )
        ]

    async def _post(self, request: Request) -> Response:
        named = "authorization" in request.headers
        if named or self._guard.open:
            await self._guard.check(request, _SCOPE)
            document = await read_document(request, _LARGEST)
        else:
            document = await self._by_routing_key(request)
        fact, key = self._read(document)
        await self._intake.take(fact)
        answer = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Json(answer, status_code=202)

    async def _by_routing_key(self, request: Request) -> Any:
        """Return the body once its routing key has let it in; of a body without one nothing is said."""
        document, refusal = None, None
        try:
            document = await read_document(request, _LARGEST)
        except Refused as error:
            refusal = error
        key = document.get("routing_key") if isinstance(document, Mapping) else None
        await self._guard.check_token(request, key if isinstance(key, str) else "", _SCOPE)
        if refusal is not None:
            raise refusal
        return document

    def _read(self, document: Any) -> tuple[Fact, str]:
        if not isinstance(document, Mapping):
            raise Refused(400, "an event is an object")
        problems: Problems = []
        action = document.get("event_action")
        if action not in _ACTIONS:
            problems.append(_problem("event_action", f"is {', '.join(_ACTIONS[:-1])} or {_ACTIONS[-1]}"))
        key = document.get("dedup_key")
        if key is None and action == "trigger":
            key = uuid.uuid4().hex
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY or key.startswith(OWN):
            problems.append(_problem("dedup_key", f"is a string of 1 to {_LONGEST_KEY} characters, not tocsin's own"))
        if action == "trigger":
            alert = self._alert(document, str(key), problems)
        if problems:
            self._intake.refuse(1)
            raise Refused(400, "the event is invalid", errors=problems)
        if action == "acknowledge":
            return Acknowledged(str(key), str(document.get("client") or "PagerDuty event")[:_LONGEST_KEY]), str(key)
        return (AlertFired(alert) if action == "trigger" else AlertResolved(str(key))), str(key)

    def _alert(self, document: Mapping[str, Any], key: str, problems: Problems) -> Alert:
        payload = document.get("payload")
        if not isinstance(payload, Mapping):
            problems.append(_problem("payload", "is required for a trigger, and an object"))
            payload = {}
        text = self._reader(payload, problems)
        summary, source = text("summary", True), text("source", True)
        severity = payload.get("severity")
        known = _SEVERITIES.get(severity) if isinstance(severity, str) else None
        if known is None:
            problems.append(_problem("payload.severity", f"is one of {', '.join(_SEVERITIES)}"))
        labels = {name: value for name in _LABELS if (value := text(name, False))}
        timestamp = None
        try:
            timestamp = read_time(payload.get("timestamp"), "payload.timestamp")
        except ValueError as error:
            problems.append(_problem("payload.timestamp", str(error)))
        return Alert(
            alert_id=key[:_LONGEST_KEY] or "?",
            cluster_id=labels.get("group", ""),
            severity=known or AlertSeverity.WARNING,
            metric_name=labels.get("class") or labels.get("component") or "pagerduty_event",
            message=summary,
            node_id=source or None,
            timestamp=timestamp,
            labels={**labels, **({"source": source} if source else {})},
            annotations=self._annotations(document, payload, problems),
            generator_url=self._reader(document, problems, "")("client_url", False),
        )

    def _reader(
        self, fields: Mapping[str, Any], problems: Problems, where: str = "payload."
    ) -> Callable[[str, bool], str]:
        longest = self._bounds.longest_value

        def text(name: str, needed: bool) -> str:
            value = fields.get(name)
            if value is None and not needed:
                return ""
            if not isinstance(value, str) or len(value) > longest or (needed and not value):
                problems.append(_problem(f"{where}{name}", f"is a string of at most {longest} characters"))
                return ""
            return value

        return text

    def _annotations(
        self, document: Mapping[str, Any], payload: Mapping[str, Any], problems: Problems
    ) -> dict[str, str]:
        """Return the custom details: strings as they are, all else as JSON; and who sent it."""
        details = payload.get("custom_details")
        found: dict[str, str] = {}
        if isinstance(details, Mapping):
            found = {name: one if isinstance(one, str) else json.dumps(one) for name, one in details.items()}
        elif details is not None:
            found = {"custom_details": details if isinstance(details, str) else json.dumps(details)}
        client = document.get("client")
        if isinstance(client, str) and client:
            found.setdefault("client", client)
        most, longest = self._bounds.most_labels, self._bounds.longest_value
        if len(found) > most or any(len(name) > longest or len(one) > longest for name, one in found.items()):
            said = f"has at most {most} names, each of at most {longest} characters, as has its value"
            problems.append(_problem("payload.custom_details", said))
            return {}
        return found


def _problem(path: str, problem: str) -> dict[str, Any]:
    return {"path": path, "problem": problem}
