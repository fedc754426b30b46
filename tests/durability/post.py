"""The receiver of an ordeal: it is slow or fails now and then, and remembers everything that arrived."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection
from random import Random
from typing import Final

import attrs

from tocsin.testing.http_receiver import Bytes, Hang, HttpReceiver, Received, Reply, Reset

__all__ = ["Arrival", "Post"]

_SLOW_SECONDS: Final = 0.15


@attrs.frozen
class Arrival:
    """One attempt that arrived: from which life, for which channel, what it said, and whether it was taken."""

    life: int
    channel_id: str
    notification_id: str
    incident_id: str
    kind: str
    firing: tuple[str, ...]
    taken: bool


class Post(HttpReceiver):
    """Takes most of what arrives; of the rest some is refused, some hangs up, and some is answered late."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.noted: list[Arrival] = []
        self._random = random
        self._told: set[tuple[str, str]] = set()
        self._news = threading.Condition()

    def take(self, request: Received) -> Reply | Bytes | Hang | Reset:
        if len(request.body) < int(request.headers.get("content-length", "0")):
            return Reset()  # its sender was killed in the middle
        with self._news:
            answer = self._draw()
            late = self._random.random() < 0.05
            arrival = _arrival(request, taken=answer == Reply())
            self.noted.append(arrival)
            if arrival.taken:
                self._told.update((arrival.channel_id, alert_id) for alert_id in arrival.firing)
                self._news.notify_all()
        if late:
            threading.Event().wait(_SLOW_SECONDS)
        return answer

    def _draw(self) -> Reply | Reset:
        return self._random.choices((Reply(), Reply(500), Reply(503), Reset()), (85, 6, 5, 4))[0]

    def told(self, channel_id: str, alert_id: str) -> bool:
        """Whether the channel's receiver took a notification that lists the alert as firing."""
        with self._news:
            return (channel_id, alert_id) in self._told

    def missing(self, owed: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the pairs (channel, alert) of *owed* that were not told."""
        with self._news:
            return sorted(set(owed) - self._told)

    def wait_until_told(self, owed: Callable[[], Collection[tuple[str, str]]], seconds: float) -> bool:
        """Return once everything *owed* was told, or False after *seconds* without any news."""
        with self._news:
            while set(owed()) - self._told:
                if not self._news.wait(seconds):
                    return False
        return True


def _arrival(request: Received, *, taken: bool) -> Arrival:
    document = json.loads(request.body)
    _, channel_id, life = request.target.split("/")
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == document["notification_id"]
    return Arrival(
        life=int(life),
        channel_id=channel_id,
        notification_id=document["notification_id"],
        incident_id=document["incident_id"],
        kind=document["kind"],
        firing=tuple(one["alert_id"] for one in document["alerts"] if one["status"] == "firing"),
        taken=taken,
    )
