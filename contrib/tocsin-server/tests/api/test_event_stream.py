"""Server-sent events: from the journal, resumed, kept alive, and ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import attrs
import pytest
from api_world import PREFIX, World, alert, world
from starlette.types import Message

from tocsin_server.api import event_stream

pytestmark = pytest.mark.anyio
# of real time: only a fault takes so long
_PATIENCE_SECONDS: Final = 60.0


@attrs.define
class Listener:
    """A client of ``/events`` that takes what it is sent, until it is told to take nothing more."""

    here: World
    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    text: str = ""
    ended: bool = False
    gone: anyio.Event = attrs.field(factory=anyio.Event)
    blocked: anyio.Event | None = None
    stuck: int = 0

    async def run(self, last_event_id: str | None) -> None:
        """Make the request, and take its answer to the end."""
        headers = [(b"host", b"localhost")]
        if last_event_id is not None:
            headers.append((b"last-event-id", last_event_id.encode()))
        path = f"{PREFIX}/events"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        await self.here.app(scope, self._receive, self._send)
        self.ended = True

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.blocked is not None:
            self.stuck += 1
            await self.blocked.wait()
        self.text += message.get("body", b"").decode()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events so far: their fields, ``data`` decoded."""
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
            if fields:
                found.append({**fields, "data": json.loads(fields["data"])})
        return found

    @property
    def last_id(self) -> str:
        """What the client would come back with."""
        return [str(one["id"]) for one in self.events if "id" in one][-1]

    async def hears(self, text: str) -> None:
        """Return once it was sent that."""
        await self._until(lambda: text in self.text)

    async def waits_for(self, seconds: float) -> None:
        """Return once somebody waits for so long: before, it reads in a thread."""
        await self._until(lambda: self.here.clock.now() + seconds in self.here.clock.deadlines())

    async def is_stuck(self, times: int) -> None:
        """Return once it was sent something so many times that it did not take."""
        await self._until(lambda: self.stuck == times)

    async def ends(self) -> None:
        """Return once the answer has ended."""
        await self._until(lambda: self.ended)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until the condition holds: it reads in threads, and takes no time of the clock's."""
        with anyio.move_on_after(_PATIENCE_SECONDS):
            return await self.here.clock.until(condition)
        raise AssertionError(f"it never came true; so far: {self.text!r}")


@asynccontextmanager
async def listening(here: World, last_event_id: str | None = None) -> AsyncIterator[Listener]:
    """Listen while the block runs."""
    listener = Listener(here)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.run, last_event_id)
        await here.clock.until(lambda: "listening" in listener.text or listener.ended)
        await here.quiet()
        yield listener
        listener.gone.set()
        await listener.ends()


async def test_what_happens_is_heard_as_it_stands_in_the_journal(here: World) -> None:
    await here.report(alert("before"))
    async with listening(here) as listener:
        await here.report(alert("a1", metric_name="m2"))
        await listener.hears("AttemptFinished")
        await here.quiet()
    assert listener.status == 200
    assert listener.headers["content-type"].startswith("text/event-stream")
    assert "content-length" not in listener.headers
    types = [one["event"] for one in listener.events]
    assert types[:3] == ["FactAccepted", "AlertRouted", "TellingDecided"]
    accepted = listener.events[0]["data"]
    assert accepted["fact"]["alert"]["alert_id"] == "a1"
    assert accepted["time"] == "2023-11-14T22:13:20.000Z"
    assert all(one["data"]["type"] == one["event"] for one in listener.events)
    assert listener.last_id == str(here.alerting.journal_ordinal)


async def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(here: World) -> None:
    async with listening(here, "0") as listener:
        await here.report(alert("a1"))
        await listener.hears("AttemptFinished")
        await here.quiet()
        known = listener.last_id
    await here.report(alert("a2", metric_name="m2"))
    async with listening(here, known) as again:
        await again.hears("AttemptFinished")
        await here.quiet()
    everything = [event for entry in await here.alerting.journal(limit=1000) for event in entry.events]
    heard = listener.events + again.events
    assert [one["event"] for one in heard] == [type(event).__name__ for event in everything]


async def test_only_the_last_event_of_a_commit_has_its_ordinal(here: World) -> None:
    """So that whoever lost the connection between two of them is sent all of them again."""
    async with listening(here) as listener:
        await here.report(alert("a1"), alert("a2", metric_name="m2"))
        await listener.hears('"a2"')
        await here.quiet()
    first = listener.events
    last = next(index for index, one in enumerate(first) if "id" in one)
    assert last > 2


async def test_a_quiet_connection_is_kept_alive_every_fifteen_seconds(here: World) -> None:
    async with listening(here) as listener:
        for times in range(3):
            await listener.waits_for(15.0)
            await here.clock.advance(14.0)
            assert listener.text.count(": alive") == times
            await here.clock.advance(1.0)
            assert listener.text.count(": alive") == times + 1


async def test_it_ends_when_the_daemon_does(here: World) -> None:
    async with listening(here) as listener:
        here.pulse.close()
        await listener.ends()
    assert listener.text.rstrip().endswith(": the daemon stops; come back with Last-Event-ID")
    await here.ask("GET", "/events", status=503)


async def test_a_client_that_takes_nothing_is_let_go(here: World) -> None:
    async with listening(here) as listener:
        listener.blocked = anyio.Event()
        await here.ask("POST", "/alerts", alert(), status=202)
        await listener.is_stuck(1)
        await here.clock.advance(29.0)
        assert listener.stuck == 1
        await here.clock.advance(1.0)
        await listener.is_stuck(2)  # the farewell
        await here.clock.advance(1.0)
        await listener.ends()


async def test_a_client_that_falls_far_behind_is_let_go(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_FARTHEST_BEHIND", 3)
    async with listening(here) as listener:
        listener.blocked = anyio.Event()
        for number in range(6):
            await here.report(alert(f"a{number}", metric_name=f"m{number}"))
        listener.blocked.set()
        await listener.ends()
    assert "disconnected: more than 3 commits behind" in listener.text


async def test_so_many_may_listen_and_no_more(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_MOST", 1)
    async with listening(here):
        await here.ask("GET", "/events", status=503)


async def test_what_is_not_kept_any_more_is_said(here: World) -> None:
    await here.report(alert("a1"))
    chunk = event_stream._chunk((await here.alerting.journal(1, 1)), 0)
    assert chunk.startswith(b": 1 entries are not kept any more\n\n")


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 19])
async def test_an_id_that_is_none_is_refused(here: World, given: str) -> None:
    await here.ask("GET", "/events", status=400, headers={"Last-Event-ID": given})


async def test_an_id_of_another_journal_begins_now(tmp_path: Path) -> None:
    async with world(tmp_path) as here, listening(here, "999999") as listener:
        await here.report(alert("a1"))
        await listener.hears("AlertRouted")
