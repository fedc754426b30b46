"""``PUT`` and ``DELETE /heartbeats/{name}``: somebody says that it is alive, or will not say so any more."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertSeverity
from tocsin_server.api.alerts import choice
from tocsin_server.api.heartbeat_file import Expected
from tocsin_server.api.heartbeats import MOST, Heartbeats
from tocsin_server.api.operating import CHANGED
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.web.answers import Json
from tocsin_server.web.refusal import Refused

__all__ = ["HeartbeatIngress", "read_every"]

_PATH: Final = f"{PREFIX}/heartbeats/{{name}}"
_LONGEST: Final = 200
_FORM: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd]?)", re.ASCII)
_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SHORTEST, _LONGEST_TIME = 1.0, 31 * 86_400.0
_NAME: Final = Parameter(
    "name", "Who is heard from.", {"type": "string", "minLength": 1, "maxLength": _LONGEST}, "path", required=True
)
_EVERY: Final = Parameter(
    "every",
    "How long may pass until the next one: seconds, or `60s`, `5m`, `1h`, `1d`; from one second to 31 days.",
    {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,6})?[smhd]?$"},
    required=True,
)
_SEVERITY: Final = Parameter(
    "severity",
    "How severe a missed one is; critical if not said.",
    {"type": "string", "enum": [one.value for one in AlertSeverity], "default": "critical"},
)


def read_every(text: str | None) -> float:
    """Return a duration in seconds; :exc:`Refused` for what is none, or out of bounds."""
    found = _FORM.fullmatch(text or "")
    seconds = None if found is None else float(found[1]) * _UNITS[found[2]]
    if seconds is None or not _SHORTEST <= seconds <= _LONGEST_TIME:
        raise Refused(400, f"every is a duration from 1 s to 31 d, such as 60s, 5m or 1h, not {text!r:.60}")
    return seconds


class HeartbeatIngress:
    """Takes heartbeats in."""

    def __init__(self, heartbeats: Heartbeats) -> None:
        self._heartbeats = heartbeats

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "send_heartbeat",
                "PUT",
                _PATH,
                "ingest",
                "Somebody is alive. When the next one is not heard in time, the alert `heartbeat/<name>` fires, until "
                "one is heard again. Time in which the daemon was down does not count.",
                self._put,
                {200: Answer("It was heard.", "Heartbeat")},
                (_NAME, _EVERY, _SEVERITY),
                (400, 413),
            ),
            Operation(
                "end_heartbeat",
                "DELETE",
                _PATH,
                "ingest",
                "Expect the heartbeat no longer; its alert resolves.",
                self._delete,
                CHANGED,
                (_NAME,),
                (400, 404),
            ),
        ]

    async def _put(self, request: Request) -> Response:
        name = _name(request)
        every = read_every(request.query_params.get("every"))
        severity = choice(request.query_params, "severity", [one.value for one in AlertSeverity]) or "critical"
        if name not in self._heartbeats and len(self._heartbeats) >= MOST:
            raise Refused(413, f"{MOST} heartbeats are expected already")
        due = await self._heartbeats.heard(name, Expected(every, AlertSeverity.parse(severity)))
        return Json({"name": name, "every_seconds": every, "due": due})

    async def _delete(self, request: Request) -> Response:
        name = _name(request)
        if not await self._heartbeats.end(name):
            raise Refused(404, f"no heartbeat is expected from {name!r}")
        return Json({"changed": True})


def _name(request: Request) -> str:
    name = str(request.path_params["name"])
    if len(name) > _LONGEST or not name.isprintable():
        raise Refused(400, f"name has from 1 to {_LONGEST} printable characters")
    return name
