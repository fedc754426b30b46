"""Following the daemon's events: a connection that is lost is made again, and nothing is missed or told twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Final

import httpx

from tocsin_server.client.connection import Connection
from tocsin_server.client.event_stream import EventStream, StreamBroken, StreamEvent
from tocsin_server.client.failure import Failing, Unreachable

__all__ = ["Place", "follow", "pause"]

SILENCE: Final = 50.0
"""The daemon says something every 15 s; after three times that the connection is lost."""

_FIRST_WAIT: Final = 1.0
_SHORTEST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 30.0

pause = time.sleep


class Place:
    """How far the journal was read.

    The last event of an entry has its ordinal as its id. When a connection is lost within an entry all of it is sent
    again, and those of its events that were read before are left out.

    :param since: the ordinal of the entry after which reading begins; empty: whatever happens from now on.
    """

    def __init__(self, since: str = "") -> None:
        self._id = since
        self._read = 0
        self._known = 0

    def resume(self) -> str:
        """Return the id after which to resume, at the begin of a connection."""
        self._known, self._read = max(self._known, self._read), 0
        return self._id

    def is_new(self, event: StreamEvent) -> bool:
        """Note *event*, and return whether it was not read before."""
        if event.id != self._id:
            self._id, self._read, self._known = event.id, 0, 0
            return True
        self._read += 1
        return self._read > self._known


def follow(connection: Connection, since: str, remark: Callable[[str], None]) -> Generator[StreamEvent]:
    """Yield events for ever. A connection that is lost is made again, after a time that grows up to 30 s.

    :raises Failure: when the daemon refuses, and when it cannot be reached to begin with.
    """
    place = Place(since)
    connected = False
    wait = _FIRST_WAIT
    while True:
        last = place.resume()
        stream = EventStream(last)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        try:
            with connection.stream("events", headers, SILENCE) as pieces:
                connected = True
                for event in stream.events(pieces):
                    wait = _first_wait(stream.retry_seconds)
                    if place.is_new(event):
                        yield event
        except (httpx.HTTPError, StreamBroken):
            pass
        except (Failing, Unreachable):
            if not connected:
                raise
        remark(f"the connection to {connection.where.shown} is lost; the next attempt is in {wait:g} s")
        pause(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _first_wait(wished: float | None) -> float:
    """Return how long to wait after a connection that was good, as the daemon wishes within reason."""
    return _FIRST_WAIT if wished is None else min(max(wished, _SHORTEST_WAIT), _LONGEST_WAIT)
