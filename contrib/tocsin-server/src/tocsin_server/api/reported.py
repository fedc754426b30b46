"""``POST /alerts``: alerts in the guide's fields, all of a request or none, with what is wrong of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertError, AlertFired, FederationAlertingService, PerformanceAlert
from tocsin_server.alertmanager.posted import Bounds
from tocsin_server.api.bodies import read_document
from tocsin_server.api.operation import PREFIX, Answer, Operation
from tocsin_server.intake import Intake
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused
from tocsin_server.web.times import read_time

__all__ = ["LONGEST_ALERT_ID", "OWN", "Reported"]

LONGEST_ALERT_ID: Final = 1024

OWN: Final = "tocsin:"
"""What the ids of tocsin's own alerts begin with."""

_SHORT: Final = ("cluster_id", "metric_name", "node_id", "generator_url")
_REQUIRED: Final = ("alert_id", "cluster_id", "severity", "metric_name")
_PAIRS: Final = ("labels", "annotations")
_MOST_PROBLEMS: Final = 100
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0
"""The instants that RFC 3339 can write."""

_TOGETHER: Final = 500
_FEW: Final = 200

Problem = tuple[str, str]


class Reported:
    """Takes alerts in.

    :param largest: bytes of a body. :param most: alerts of a request.
    """

    def __init__(
        self, alerting: FederationAlertingService, intake: Intake, bounds: Bounds, largest: int, most: int
    ) -> None:
        self._alerting = alerting
        self._intake = intake
        self._bounds = bounds
        self._largest = largest
        self._most = most

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "report_alerts",
                "POST",
                f"{PREFIX}/alerts",
                "ingest",
                "Report one alert or several: all of them are taken in, or none.",
                self._post,
                {202: Answer("They are committed; nobody waits for what is sent.", "Accepted")},
                refusals=(400,),
                body="ReportedAlerts",
                body_example=[
                    {"alert_id": "db1-disk", "cluster_id": "eu", "severity": "critical", "metric_name": "disk_used"}
                ],
            )
        ]

    async def _post(self, request: Request) -> Response:
        document = await read_document(request, self._largest)
        items = document if isinstance(document, list) else [document]
        if len(items) > self._most:
            raise Refused(413, f"{len(items)} alerts in one request are more than {self._most}; send less at a time")
        # very many are not read while everybody waits
        try:
            alerts = await anyio.to_thread.run_sync(self._read, items) if len(items) > _FEW else self._read(items)
        except Refused as refusal:
            self._intake.refuse(len({one["index"] for one in refusal.errors}))
            raise
        changed = await self._changes(alerts)
        if alerts:
            await self._intake.take(*map(AlertFired, alerts))
        return Json({"accepted": len(alerts), "changed": changed}, status_code=202)

    def _read(self, items: list[Any]) -> list[PerformanceAlert]:
        alerts: list[PerformanceAlert] = []
        errors: list[dict[str, Any]] = []
        for index, item in enumerate(items):
            problems = list(self._problems(item))
            if not problems:
                try:
                    alerts.append(PerformanceAlert.parse(_with_seconds(item)))
                except AlertError as error:
                    problems = [(error.where or "", error.problem)]
            errors += [{"index": index, "path": path, "problem": problem} for path, problem in problems]
            if len(errors) >= _MOST_PROBLEMS:
                break
        if errors:
            first = errors[0]
            said = f"alert {first['index']}: {first['path']}: {first['problem']}".replace(": : ", ": ")
            raise Refused(400, f"nothing was taken in; {said}", errors=errors[:_MOST_PROBLEMS])
        return alerts

    def _problems(self, item: Any) -> Iterator[Problem]:
        if not isinstance(item, Mapping):
            yield "", f"an alert is an object, not {'null' if item is None else type(item).__name__}"
            return
        for name in _REQUIRED:
            if item.get(name) is None:
                yield name, "is required"
        yield from self._too_long(item)
        alert_id = item.get("alert_id")
        if isinstance(alert_id, str) and alert_id.startswith(OWN):
            yield "alert_id", f"ids that begin with {OWN!r} are tocsin's own"
        try:
            _with_seconds(item)
        except ValueError as error:
            yield "timestamp", str(error)

    def _too_long(self, item: Mapping[str, Any]) -> Iterator[Problem]:
        longest = self._bounds.longest_value
        bounds = {"alert_id": LONGEST_ALERT_ID, "message": 16 * longest, **dict.fromkeys(_SHORT, longest)}
        for name, most in bounds.items():
            value = item.get(name)
            if isinstance(value, str) and len(value) > most:
                yield name, f"has more than {most} characters"
        for name in _PAIRS:
            pairs = item.get(name)
            if pairs is not None and not _are_pairs(pairs):
                yield name, "is an object with a string for each name"
            elif isinstance(pairs, Mapping) and len(pairs) > self._bounds.most_labels:
                yield name, f"{len(pairs)} of them are more than {self._bounds.most_labels}"
            elif isinstance(pairs, Mapping):
                yield from _long_pairs(name, pairs, longest)

    async def _changes(self, alerts: list[PerformanceAlert]) -> int:
        """Return how many of the alerts say something new: such that do not fire, or that something is new of."""
        known: dict[str, PerformanceAlert] = {}
        for start in range(0, len(alerts), _TOGETHER):
            ids = [one.alert_id for one in alerts[start : start + _TOGETHER]]
            states = await anyio.to_thread.run_sync(self._alerting.alert_states, ids)
            known |= {state.alert.alert_id: state.alert for state in states if state.firing}
        changed = 0
        for alert in alerts:
            changed += _said(known.get(alert.alert_id)) != _said(alert)
            known[alert.alert_id] = alert
        return changed


def _said(alert: PerformanceAlert | None) -> PerformanceAlert | None:
    return None if alert is None else attrs.evolve(alert, timestamp=None)


def _are_pairs(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())


def _long_pairs(name: str, pairs: Mapping[str, str], longest: int) -> Iterator[Problem]:
    for key, value in pairs.items():
        if len(key) > longest or len(value) > longest:
            yield f"{name}.{key:.60}", f"has more than {longest} characters"
            return


def _with_seconds(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields with the timestamp in seconds; :exc:`ValueError` for what is no instant."""
    value = item.get("timestamp")
    if isinstance(value, str):
        return {**item, "timestamp": read_time(value, "timestamp")}
    if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
        raise ValueError(f"expected seconds since the epoch, or an instant, not {type(value).__name__}")
    if value is not None and not _EARLIEST <= value <= _LATEST:
        raise ValueError("is outside the years 1 to 9999")
    return item
