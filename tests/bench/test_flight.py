"""Both ends of the way from POST to the receiver, and a daemon between them that does what a test wants."""

from __future__ import annotations

import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import pytest
from tests.bench import flight, load
from tests.bench.daemons import Flown
from tests.bench.flight import Flight, Landed, Trip, listener, percentile
from tests.bench.load import Order, Refused

TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Tell = Callable[[bytes], None]


def _request(one: socket.socket) -> bytes:
    """Read one request, whole; nothing when the connection ended."""
    received = bytearray()
    while not (whole := list(flight.whole(received))):
        read = one.recv(65536)
        if not read:
            return b""
        received += read
    return whole[0][1]


def _send(port: int, path: str, body: bytes) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=60)
    one.sendall(f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return one


@contextmanager
def _daemon(tell: Tell) -> Iterator[int]:
    """Run a daemon that takes one connection, answers what is posted over it, and has *tell* do the rest."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            one, _ = server.accept()
            with one:
                while body := _request(one):
                    one.sendall(TAKEN)
                    tell(body)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _fly(trip: Trip, tell: Callable[[int, bytes], None]) -> Landed:
    with listener() as server:
        told_at = server.getsockname()[1]
        with _daemon(lambda body: tell(told_at, body)) as port:
            return Flight(attrs.evolve(trip, port=port, listener=server.fileno(), connections=1), server).fly()


def _tell(port: int, body: bytes) -> None:
    with _send(port, "/", body) as one:
        assert one.recv(100) == TAKEN


def test_an_alert_has_arrived_when_its_receiver_was_told() -> None:
    landed = _fly(Trip(0, 5), _tell)
    assert landed.told == 5
    assert 0 < landed.p50 <= landed.p99 <= landed.seconds * 1000
    assert landed.cpu > 0


def test_a_pace_is_kept() -> None:
    """The last of so many is posted no earlier than it is due."""
    assert _fly(Trip(0, 5, rate=200.0), _tell).seconds >= 4 / 200


def test_one_notification_may_tell_of_several() -> None:
    kept: list[bytes] = []

    def tell(port: int, body: bytes) -> None:
        kept.append(body)
        if len(kept) == 3:
            _tell(port, b"".join(kept))

    assert _fly(Trip(0, 3), tell).told == 3


def test_an_alert_that_nobody_is_told_of_is_no_figure() -> None:
    with pytest.raises(Refused, match="no alert arrived for 0 s: 1 of 1 missing"):
        _fly(Trip(0, 1, patience=0.0), lambda *_: None)


def test_what_has_to_be_kept_back_and_is_told_is_no_figure() -> None:
    with pytest.raises(Refused, match="an alert with 'kept' was told of"):
        _fly(Trip(0, 1, jobs=("kept",), kept_back="kept"), lambda port, body: _send(port, "/", body).close())


def test_a_daemon_that_ends_a_connection_before_it_answers_has_failed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon, listener() as server:
        thread = threading.Thread(target=lambda: daemon.accept()[0].close())
        thread.start()
        with pytest.raises(Refused, match="the daemon ended a connection"):
            Flight(Trip(server.fileno(), 1, connections=1, port=daemon.getsockname()[1]), server).fly()
        thread.join()


def test_a_connection_that_ends_while_nothing_is_asked_of_it_is_made_anew() -> None:
    """Daemons end what is idle for some seconds."""
    with socket.create_server(("127.0.0.1", 0)) as daemon, listener() as server:

        def serve() -> None:
            first, idle = daemon.accept()[0], daemon.accept()[0]
            idle.close()
            with first, daemon.accept()[0]:
                body = _request(first)
                first.sendall(TAKEN)
                _tell(server.getsockname()[1], body)

        thread = threading.Thread(target=serve)
        thread.start()
        trip = Trip(server.fileno(), 1, connections=2, port=daemon.getsockname()[1])
        assert Flight(trip, server).fly().told == 1
        thread.join()


@pytest.mark.parametrize(("ill", "status"), [(True, b"500"), (False, b"200")])
def test_receivers_are_ill_on_an_ill_trip_alone(ill: bool, status: bytes) -> None:
    """The one that hangs says nothing, the one that fails fails; neither counts as an arrival."""
    said: dict[str, bytes] = {}

    def tell(port: int, body: bytes) -> None:
        with _send(port, "/hung", b"") as hung, _send(port, "/500", b"") as failing:
            said["/500"] = failing.recv(100)
            _tell(port, body)
            hung.setblocking(False)
            try:
                said["/hung"] = hung.recv(100)
            except BlockingIOError:
                said["/hung"] = b""

    assert _fly(Trip(0, 1, ill=ill), tell).told == 1
    assert said["/500"].split()[1] == status
    assert said["/hung"] == (b"" if ill else TAKEN)


def test_nobody_waits_for_alerts_of_ill_receivers() -> None:
    trip = Trip(0, 4, jobs=("load", "ill-hung"))
    landed = _fly(trip, lambda port, body: None if b"ill-hung" in body else _tell(port, body))
    assert landed.told == 2


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 201)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (100.0, 198.0, 7.0)


def test_the_share_of_the_load_is_that_of_both_ends() -> None:
    assert Flown(Landed(2.0, 1.0, 1, 1.0, 1.0), 0.5).load == 0.5


def test_what_fails_ends_with_1_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    trip = Trip(listener().detach(), 1, port=port)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(attrs.asdict(trip))))
    assert flight.main() == 1
    assert "refused" in capsys.readouterr().err.lower()


def test_the_first_silence_fits_and_the_others_fit_nothing() -> None:
    bodies = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in load.requests(Order(0, 3, 1, 1, silences=True))]
    matchers = [body["matchers"][0] for body in bodies]
    assert [matcher["value"] for matcher in matchers] == ["kept", "absent-1", r"192\.168\.2\..*"]
    assert [matcher["isRegex"] for matcher in matchers] == [False, False, True]
