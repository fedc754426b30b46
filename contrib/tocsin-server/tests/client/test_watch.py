"""``tocsin watch``: events as they happen, over connections that are lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from client_runner import Run
from contract_daemon import ContractDaemon, Reply
from hypothesis import given
from hypothesis import strategies as st

from tocsin_server.client import event_stream, following
from tocsin_server.client.connection import Connection
from tocsin_server.client.event_stream import EventStream, StreamBroken
from tocsin_server.client.event_text import event_text

STREAM = {"Content-Type": "text/event-stream"}


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited, each time."""
    waited: list[float] = []
    monkeypatch.setattr(following, "pause", waited.append)
    return waited


def _event(ordinal: int | None, kind: str = "CircuitChanged", **data: Any) -> bytes:
    body = json.dumps({"type": kind, "at": 1.5, "channel_id": "pager", **data})
    number = "" if ordinal is None else f"id: {ordinal}\n"
    return f"{number}event: {kind}\ndata: {body}\n\n".encode()


def _stream(*chunks: bytes) -> Reply:
    return Reply(headers=STREAM, chunks=chunks)


def test_events_are_shown_as_sentences(daemon: ContractDaemon, tocsin: Run) -> None:
    told = _event(2, "TellingDecided", alert_id="a\x1b", action="tell", reason="first_time")
    opened = _event(1, open=True, time="2026-01-31T08:09:10.000Z")
    daemon.answers("GET", "/events", _stream(b": hello\n\n", opened, told))
    done = tocsin("watch", "-n", "2")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("08:09:10  Circuit")
    lines = [line.split(maxsplit=1)[1] for line in done.out.splitlines()]
    assert lines == [
        "CircuitChanged       pager: the circuit is open",
        "TellingDecided       a\\x1b: pager: tell (first time)",
    ]
    assert "last-event-id" not in daemon.asked[0].headers


def test_json_is_a_line_for_each_event(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/events", _stream(_event(7, open=False), b"data: no JSON\n\n"))
    done = tocsin("watch", "-n", "2", "--json")
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {
            "id": "7",
            "event": "CircuitChanged",
            "data": {"type": "CircuitChanged", "at": 1.5, "channel_id": "pager", "open": False},
        },
        {"id": "7", "event": "message", "data": "no JSON"},
    ]


def test_only_the_events_that_were_named_are_shown_and_counted(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/events", _stream(_event(1), _event(2, "HeartbeatSent"), _event(3)))
    assert tocsin("watch", "-n", "1", "--event", "HeartbeatSent").out.split()[1] == "HeartbeatSent"


def test_since_begins_after_an_entry_of_the_journal(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/events", _stream(_event(6)))
    tocsin("watch", "-n", "1", "--since", "5")
    assert daemon.asked[0].headers["last-event-id"] == "5"


def test_a_lost_connection_resumes_within_an_entry_and_tells_nothing_twice(
    daemon: ContractDaemon, tocsin: Run, waits: list[float]
) -> None:
    """Only the last event of an entry has its ordinal; what was sent of an entry before it broke is sent again."""
    first = [_event(None, n=1), _event(4, n=2), _event(None, n=3), _event(None, n=4), b"id: 5\ndata: cut o"]
    again = [_event(None, n=3), b"data: cut"]
    third = [_event(None, n=3), _event(None, n=4), _event(None, n=5), _event(5, n=6), _event(None, n=7)]
    daemon.answers("GET", "/events", _stream(*first), _stream(*again), _stream(*third))
    done = tocsin("watch", "-n", "7", "--json")
    assert [json.loads(line)["data"]["n"] for line in done.out.splitlines()] == [1, 2, 3, 4, 5, 6, 7]
    assert [asked.headers.get("last-event-id") for asked in daemon.asked] == [None, "4", "4"]


def test_it_says_that_the_connection_is_lost_and_waits_longer_each_time(
    daemon: ContractDaemon, tocsin: Run, waits: list[float]
) -> None:
    lost = [Reply(drop=True), Reply(b"bad gateway", 502), Reply({"error": "starting"}, 503), _stream(), _stream()]
    daemon.answers("GET", "/events", _stream(_event(1)), *lost, _stream(_event(2)))
    done = tocsin("watch", "-n", "2")
    assert done.code == 0
    assert waits == [1, 2, 4, 8, 16, 30]
    assert done.err.splitlines()[0] == f"tocsin: the connection to {daemon.url} is lost; the next attempt is in 1 s"


def test_the_daemon_may_say_how_long_to_wait(daemon: ContractDaemon, tocsin: Run, waits: list[float]) -> None:
    daemon.answers("GET", "/events", _stream(b"retry: 250\n\n", _event(1)), _stream(_event(2)))
    tocsin("watch", "-n", "2")
    assert waits == [0.25]


@pytest.mark.parametrize(("wished", "waited"), [(0, 0.1), (999_999_999, 30)])
def test_how_long_to_wait_is_kept_within_reason(
    daemon: ContractDaemon, tocsin: Run, waits: list[float], wished: int, waited: float
) -> None:
    daemon.answers("GET", "/events", _stream(f"retry: {wished}\n\n".encode(), _event(1)), _stream(_event(2)))
    tocsin("watch", "-n", "2")
    assert waits == [waited]


def test_an_id_that_no_header_could_hold_is_not_sent_back(daemon: ContractDaemon, tocsin: Run) -> None:
    odd = "id: 3\ndata: 1\n\nid: ü\x01\ndata: 2\n\n".encode()
    daemon.answers("GET", "/events", _stream(odd), _stream(_event(4), _event(5)))
    assert tocsin("watch", "-n", "3").code == 0
    assert daemon.asked[1].headers["last-event-id"] == "3"


def test_a_daemon_that_falls_silent_is_asked_anew(
    daemon: ContractDaemon, tocsin: Run, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a stream whose next piece does not come in time."""
    silences: list[float] = []

    @contextmanager
    def stream(self: Connection, path: str, headers: dict[str, str], silence: float) -> Iterator[Iterator[bytes]]:
        silences.append(silence)
        yield pieces(len(silences))

    def pieces(number: int) -> Iterator[bytes]:
        yield _event(number)
        raise httpx.ReadTimeout("nothing came")

    monkeypatch.setattr(Connection, "stream", stream)
    assert tocsin("watch", "-n", "2").code == 0
    assert waits == [1]
    assert silences == [50, 50]


def test_a_refusal_ends_it_at_once_also_later(daemon: ContractDaemon, tocsin: Run, waits: list[float]) -> None:
    daemon.answers("GET", "/events", _stream(_event(1)), Reply({"error": "no"}, 401))
    done = tocsin("watch")
    assert done.code == 1
    assert "wants a token" in done.err
    assert waits == [1]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(drop=True), 3),
        (Reply(b"<html>", 200), 3),
        (Reply({"items": []}, 200), 3),
        (Reply({"error": "no events"}, 404), 1),
        (Reply({"error": "starting"}, 503), 1),
    ],
    ids=str,
)
def test_a_daemon_that_has_no_events_to_begin_with_ends_it(
    daemon: ContractDaemon, tocsin: Run, reply: Reply, code: int, waits: list[float]
) -> None:
    daemon.answers("GET", "/events", reply)
    assert tocsin("watch").code == code
    assert waits == []


def test_a_daemon_that_does_not_answer_at_first_is_3(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE", 0.05)
    daemon.answers("GET", "/events", hang=True)
    assert tocsin("watch", "--timeout", "50ms").code == 3


def _events(*pieces: bytes) -> list[tuple[str, str, str]]:
    return [(event.kind, event.data, event.id) for event in EventStream("0").events(pieces)]


def test_a_stream_is_read_as_the_standard_says() -> None:
    stream = "\ufeff: comment\nevent:a\ndata:  x\ndata\ndata:y:z\nid: 1\nother: q\n\n"
    stream += "data: ü\r\n\r\nid: 2\n\rid: 3\0\rdata:\r\r"
    assert _events(stream.encode()) == [("a", " x\n\ny:z", "1"), ("message", "ü", "1"), ("message", "", "2")]


def test_an_event_without_its_end_is_left_out() -> None:
    assert _events(b"data: 1\n\nid: 9\ndata: 2\n") == [("message", "1", "0")]


@given(st.data())
def test_how_a_stream_is_cut_into_pieces_does_not_matter(data: st.DataObject) -> None:
    parts = st.sampled_from(["data: ä", "id: 7", "event: e", "\n", "\r", "\r\n", ": c", "data", "\u2028", "\x85"])
    stream = "".join(data.draw(st.lists(parts, max_size=25))).encode() + b"\n\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert _events(*pieces) == _events(stream)


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_none(content: bytes) -> None:
    assert isinstance(_events(content), list)


def test_a_line_or_an_event_without_an_end_is_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_LARGEST", 1000)
    for pieces in ([b"data: " + b"x" * 2000], [b"data: " + b"x" * 90 + b"\n"] * 20):
        with pytest.raises(StreamBroken):
            _events(*pieces)


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (
            "AlertRouted",
            {"alert_id": "a", "channel_ids": ["x", "y"], "policy_id": "p"},
            "a: belongs to x, y, escalation p",
        ),
        ("AlertRouted", {"alert_id": "a"}, "a: belongs to nobody"),
        (
            "FactAccepted",
            {"fact": {"type": "AlertFired", "alert": {"alert_id": "a", "severity": "error", "message": "m"}}},
            "a: AlertFired error: m",
        ),
        (
            "FactAccepted",
            {"fact": {"type": "Acknowledged", "target": "a", "by": "ann", "comment": "on it"}},
            "a: Acknowledged by ann: on it",
        ),
        (
            "FactAccepted",
            {"fact": {"type": "SilenceSet", "silence": {"silence_id": "s", "created_by": "ann"}}},
            "s: SilenceSet by ann",
        ),
        (
            "NotificationChanged",
            {
                "alert_ids": ["a"],
                "channel_id": "x",
                "kind": "firing",
                "notification_id": "n",
                "state": "dead",
                "detail": "503",
            },
            "a: x: firing n is dead (503)",
        ),
        (
            "AttemptFinished",
            {"delivery": {"alert_ids": ["a"], "channel_id": "x", "outcome": "delivered", "delivery_time_ms": 12.3}},
            "a: x: delivered in 12 ms",
        ),
        (
            "LevelReached",
            {"incident_id": "i", "policy_id": "p", "level": "second", "channel_ids": ["x"]},
            "i: escalation p, level second: x",
        ),
        (
            "GapRecorded",
            {"gap": {"kind": "late_promise", "subject": "x", "count": 2, "detail": "d"}},
            "late promise: x, 2 times: d",
        ),
        ("CircuitChanged", {"channel_id": "x", "open": False}, "x: the circuit is closed"),
        ("HeartbeatSent", {"channel_id": "x"}, "x: heartbeat"),
        ("Unheard", {"a": "ä"}, '{"a": "ä"}'),
    ],
)
def test_each_kind_of_event_has_a_sentence(kind: str, data: dict[str, Any], text: str) -> None:
    assert event_text(kind, data) == text


@given(
    st.sampled_from(["AlertRouted", "TellingDecided", "NotificationChanged", "AttemptFinished", "GapRecorded", "?"]),
    st.dictionaries(
        st.sampled_from(["alert_id", "alert_ids", "delivery", "gap", "reason", "channel_ids"]),
        st.none()
        | st.text(max_size=5)
        | st.integers()
        | st.lists(st.integers())
        | st.dictionaries(st.text(), st.none()),
    ),
)
def test_fields_of_another_kind_are_no_error(kind: str, data: dict[str, Any]) -> None:
    assert isinstance(event_text(kind, data), str)
