"""``GET /events``: everything that is decided, as server-sent events, from the journal.

A client that comes back with ``Last-Event-ID`` misses nothing, for nothing is kept for it here: each chunk is read from
the journal when the one before was taken. One whose connection takes nothing for a while, or that falls far behind, is
let go; it may come back.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from tocsin import Clock, Entry, FederationAlertingService, StoreError, entry_to_plain, iso_time
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.pulse import Pulse
from tocsin_server.web.refusal import Refused
from tocsin_server.web.streamed import EVENT_STREAM, Streamed

__all__ = ["EventStream", "as_events"]

_TOGETHER: Final = 50
_ALIVE_SECONDS: Final = 15.0
_PATIENCE_SECONDS: Final = 30.0
_FAREWELL_SECONDS: Final = 0.5
_FARTHEST_BEHIND: Final = 10_000
_MOST: Final = 100
_LAST_EVENT_ID: Final = Parameter(
    "Last-Event-ID",
    "The `id` of the last event that is known; those that come after it are sent first.",
    {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "header",
)


def as_events(entry: Entry) -> bytes:
    """Return the events of *entry*, each with its type and its document; the last one bears the entry's ordinal.

    Whoever lost the connection between two of them is sent all of them again.
    """
    plain = entry_to_plain(entry)
    blocks = [_block(event, plain) for event in plain["events"]]
    if blocks:
        blocks[-1] = f"id: {entry.ordinal}\n{blocks[-1]}"
    return "".join(blocks).encode("ascii")


def _block(event: dict[str, Any], entry: dict[str, Any]) -> str:
    document = {name: value for name, value in event.items() if name != "input"}
    if "input" in event:
        document["fact"] = entry["inputs"][event["input"]]
    document["time"] = iso_time(entry["wall_time"] - (entry["engine_time"] - event["at"]))
    return f"event: {event['type']}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n"


class EventStream:
    """Serves the events of a service to whoever listens, a hundred at a time."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock, pulse: Pulse) -> None:
        self._alerting = alerting
        self._clock = clock
        self._pulse = pulse
        self._listeners = 0

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "stream_events",
                "GET",
                f"{PREFIX}/events",
                "read",
                "Server-sent events: `event` is the type, `data` the event as in the journal with its `time`; a "
                "`FactAccepted` has its fact. The last event of a commit has the journal's ordinal as its `id`.",
                self._listen,
                {200: Answer("Events, until the client or the daemon ends.", "EventStream", media_type=EVENT_STREAM)},
                (_LAST_EVENT_ID,),
                (400,),
            )
        ]

    async def _listen(self, request: Request) -> Response:
        newest = await anyio.to_thread.run_sync(lambda: self._alerting.journal_ordinal)
        known = request.headers.get("last-event-id")
        if known is not None and not (known.isascii() and known.isdecimal() and len(known) <= 18):
            raise Refused(400, "Last-Event-ID is the id of an event, a whole number")
        if self._pulse.closed:
            raise Refused(503, "the daemon stops", headers={"Retry-After": "5"})
        if self._listeners >= _MOST:
            raise Refused(503, f"{_MOST} clients listen already", headers={"Retry-After": "30"})
        after = newest if known is None else min(newest, int(known))
        return Streamed(partial(self.serve, after=after))

    async def serve(self, send: Send, after: int) -> None:
        """Send what comes after an ordinal, and go on until the service ends or the client cannot follow."""
        self._listeners += 1
        try:
            reason = await self._serve(send, after)
        finally:
            self._listeners -= 1
        farewell = f": {reason}\n\n".encode("ascii")
        with self._clock.move_on_after(_FAREWELL_SECONDS):
            await send({"type": "http.response.body", "body": farewell, "more_body": False})

    async def _serve(self, send: Send, after: int) -> str:
        """Return why it ended."""
        chunk, followed = b": listening\n\n", False
        while True:
            if chunk and not await self._sent(send, chunk):
                return f"disconnected: nothing was taken for {_PATIENCE_SECONDS:g} s; come back with Last-Event-ID"
            rung = self._pulse.next()
            if self._pulse.closed:
                return "the daemon stops; come back with Last-Event-ID"
            try:
                entries = await self._alerting.journal(after, _TOGETHER)
                newest = await anyio.to_thread.run_sync(lambda: self._alerting.journal_ordinal)
            except StoreError:
                return "the journal cannot be read; come back with Last-Event-ID"
            if not entries:
                followed = True
                chunk = await self._quiet(rung)
                continue
            if followed and newest - after > _FARTHEST_BEHIND:
                return f"disconnected: more than {_FARTHEST_BEHIND} commits behind; come back with Last-Event-ID"
            chunk = await anyio.to_thread.run_sync(_chunk, entries, after)
            after = entries[-1].ordinal

    async def _quiet(self, rung: anyio.Event) -> bytes:
        """Wait for something to happen; return what is sent after a while without."""
        with self._clock.move_on_after(_ALIVE_SECONDS):
            await rung.wait()
        return b"" if rung.is_set() else b": alive\n\n"

    async def _sent(self, send: Send, chunk: bytes) -> bool:
        """Send, and return whether it was taken in time."""
        with self._clock.move_on_after(_PATIENCE_SECONDS) as limit:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        return not limit.cancelled_caught


def _chunk(entries: tuple[Entry, ...], after: int) -> bytes:
    gone = entries[0].ordinal - after - 1
    note = f": {gone} entries are not kept any more\n\n".encode("ascii") if gone else b""
    return note + b"".join(map(as_events, entries))
