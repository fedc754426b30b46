"""The source of an ordeal: it reports alerts, resolutions and acknowledgements, again until each is answered."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from random import Random
from typing import Any, Final

from tests.durability.victim import channels_of

__all__ = ["Source"]

_AT_ONCE: Final = 16
_METRICS: Final = ("cpu", "disk", "latency", "errors")
Request = dict[str, Any]


class Source:
    """Keeps account of what was accepted, that is: answered.

    ``accepted`` are the alerts by id, ``over`` those whose resolution was asked for, ``excused`` the pairs (channel,
    alert) that need not be told any more: somebody took the alert, or it ended, before the receiver had it.
    """

    def __init__(self, random: Random, told: Callable[[str, str], bool]) -> None:
        self.accepted: dict[str, dict[str, Any]] = {}
        self.over: set[str] = set()
        self.excused: set[tuple[str, str]] = set()
        self._random = random
        self._told = told
        self._unanswered: dict[int, Request] = {}
        self._numbers = 0
        self._made = 0

    def owed(self) -> set[tuple[str, str]]:
        """Return the pairs (channel, alert) that the receiver must have been told of in the end."""
        pairs = {(channel, name) for name, alert in self.accepted.items() for channel in channels_of(alert)}
        return pairs - self.excused

    def talk(self, connection: socket.socket, alerts: int) -> None:
        """Report up to *alerts* new alerts, and what was not answered before; return when the process is gone, or
        when everything is answered."""
        waiting = list(self._unanswered.values())
        most = self._made + alerts
        with connection.makefile("rb") as answers:
            under_way = 0
            while True:
                while under_way < _AT_ONCE and (waiting or self._made < most):
                    if not _send(connection, waiting.pop() if waiting else self._next(most)):
                        return
                    under_way += 1
                if not under_way:
                    return
                line = _read(answers)
                if line is None:
                    return
                self._note(json.loads(line))
                under_way -= 1

    def ask(self, connection: socket.socket) -> list[str]:
        """Return the ids of the alerts that fire."""
        assert _send(connection, {"n": 0, "active": True})
        with connection.makefile("rb") as answers:
            line = _read(answers)
        assert line is not None, "the process went away"
        active: list[str] = json.loads(line)["active"]
        return active

    def _next(self, most: int) -> Request:
        self._numbers += 1
        request: Request = {"n": self._numbers}
        open_ones = [name for name in self.accepted if name not in self.over]
        if open_ones and self._random.random() < 0.2:
            name = self._random.choice(open_ones)
            kind = self._random.choice(("resolve", "acknowledge"))
            request[kind] = name
            if kind == "resolve":
                self.over.add(name)
            self.excused.update((one, name) for one in channels_of(self.accepted[name]) if not self._told(one, name))
        else:
            request["fire"] = [self._alert() for _ in range(min(self._random.randint(1, 4), most - self._made))]
        self._unanswered[request["n"]] = request
        return request

    def _alert(self) -> dict[str, Any]:
        self._made += 1
        return {
            "alert_id": f"alert-{self._made}",
            "cluster_id": f"cluster-{self._random.randrange(5)}",
            "severity": self._random.choice(("warning", "error", "critical")),
            "metric_name": self._random.choice(_METRICS),
            "message": "x" * self._random.choice((10, 10, 1000)),
        }

    def _note(self, answer: dict[str, Any]) -> None:
        request = self._unanswered.pop(answer["n"])
        for alert in request.get("fire", ()):
            self.accepted[alert["alert_id"]] = alert


def _send(connection: socket.socket, request: Request) -> bool:
    try:
        connection.sendall(json.dumps(request).encode() + b"\n")
    except OSError:  # the process was killed
        return False
    return True


def _read(answers: Any) -> bytes | None:
    try:
        line: bytes = answers.readline()
    except OSError:  # as above
        return None
    return line if line.endswith(b"\n") else None
