"""The way from POST to the receiver, both ends in a process of its own: posts at a pace, and receives what is sent.

It reads a trip as JSON from standard input and writes a report as JSON to standard output. One clock measures both.
Its receivers are told apart by their paths: in an ill trip ``/hung`` never answers, ``/500`` answers 500, and ``/slow``
answers a second later; everything else is answered with 200 at once.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import re
import resource
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import attrs
from tests.bench import load
from tests.bench.load import Order, Refused

_BACKLOG: Final = 1024
_SLOW_SECONDS: Final = 1.0
_NUMBER: Final = re.compile(rb"rack\d+-(\d+)")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_FAILED: Final = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@attrs.frozen
class Trip:
    """What to post, one alert in a request, and where to receive it.

    :param listener: the file descriptor of the socket that listens for receivers' connections.
    :param jobs: the label ``job`` takes these values in turn; nobody waits for alerts of those that begin with ``ill``.
    :param rate: so many alerts a second; 0: as many as are answered.
    :param first: the number of the first alert: no number may come twice at one daemon.
    :param patience: seconds in which some alert has to arrive.
    :param kept_back: a value that no alert may have that is told of.
    """

    listener: int
    alerts: int
    jobs: Sequence[str] = ("load",)
    rate: float = 0.0
    connections: int = 32
    ill: bool = False
    first: int = 0
    port: int = 0
    patience: float = 60.0
    kept_back: str = ""

    def job(self, number: int) -> str:
        """The value of the label ``job`` of an alert."""
        return self.jobs[number % len(self.jobs)]


@attrs.frozen
class Landed:
    """What became of a trip.

    Seconds from the first post to the last arrival, CPU seconds of both ends meanwhile, alerts that arrived, and
    milliseconds from a post to the arrival.
    """

    seconds: float
    cpu: float
    told: int
    p50: float
    p99: float


def listener() -> socket.socket:
    """Return a socket that trips' receivers listen on; it outlives trips, so that configurations can name its port."""
    server = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    server.setblocking(False)
    return server


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that so large a share of them does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


class Flight:
    """One trip under way."""

    def __init__(self, trip: Trip, server: socket.socket) -> None:
        self._trip = trip
        self._server = server
        self._requests = _requests(trip)
        self._next = 0
        self._due: deque[int] = deque()
        self._started: dict[int, float] = {}
        self._arrived: dict[int, float] = {}
        self._awaited = {number for number in self._requests if not trip.job(number).startswith("ill")}
        self._under_way = 0
        self._idle: deque[socket.socket] = deque()
        self._later: deque[tuple[float, socket.socket]] = deque()
        self._moved = 0.0

    def fly(self) -> Landed:
        """Post everything, and wait until every alert that is waited for has arrived.

        :raises Refused: when the daemon refuses one, ends a connection, or does not tell of one in time.
        """
        with contextlib.ExitStack() as stack:
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self._open = stack.enter_context(contextlib.ExitStack())
            self._connect()
            busy, self._began = time.process_time(), time.perf_counter()
            self._moved = self._began
            while self._awaited or self._under_way or self._next < self._trip.alerts:
                self._turn()
            ended, busy = time.perf_counter(), time.process_time() - busy
        took = [(at - self._started[number]) * 1000 for number, at in self._arrived.items()]
        last = max(self._arrived.values())
        share = busy / (ended - self._began)
        seconds = last - self._began
        return Landed(seconds, share * seconds, len(took), percentile(took, 0.5), percentile(took, 0.99))

    def _connect(self) -> None:
        self._selector.register(self._server, selectors.EVENT_READ, self._accept)
        for _ in range(self._trip.connections):
            self._connect_one()

    def _connect_one(self) -> None:
        one = self._open.enter_context(socket.create_connection(("127.0.0.1", self._trip.port), timeout=60))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(one, selectors.EVENT_READ, partial(self._answer, bytearray()))
        self._idle.append(one)

    def _turn(self) -> None:
        now = time.perf_counter()
        self._fall_due(now)
        while self._due and self._idle:
            number = self._due.popleft()
            self._idle.popleft().sendall(self._requests[number])
            self._under_way += 1
        while self._later and self._later[0][0] <= now:
            self._say(self._later.popleft()[1], _TAKEN)
        for key, _ in self._selector.select(self._wait(now)):
            key.data(key.fileobj)
        if time.perf_counter() - self._moved > self._trip.patience:
            missing = len(self._awaited)
            raise Refused(
                f"no alert arrived for {self._trip.patience:g} s: {missing:,} of {self._trip.alerts:,} missing"
            )

    def _fall_due(self, now: float) -> None:
        """From the instant at which an alert is due it counts, even if no connection is free for it."""
        trip = self._trip
        while self._next < trip.alerts and (
            now >= self._began + self._next / trip.rate if trip.rate else len(self._due) < len(self._idle)
        ):
            number = trip.first + self._next
            self._started[number] = now
            self._due.append(number)
            self._next += 1

    def _wait(self, now: float) -> float:
        wake = [now + 1.0]
        if self._trip.rate and self._next < self._trip.alerts:
            wake.append(self._began + self._next / self._trip.rate)
        if self._later:
            wake.append(self._later[0][0])
        return max(0.0, min(wake) - now)

    def _answer(self, received: bytearray, one: socket.socket) -> None:
        got = read(one)
        if not got and one not in self._idle:
            raise Refused("the daemon ended a connection")
        if not got:  # it was idle for too long
            self._idle.remove(one)
            self._selector.unregister(one)
            one.close()
            self._connect_one()
            return
        received += got
        if load.answered(bytes(received)):
            received.clear()
            self._under_way -= 1
            self._idle.append(one)

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            one = self._open.enter_context(server.accept()[0])
            one.setblocking(True)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(one, selectors.EVENT_READ, partial(self._receive, bytearray()))

    def _receive(self, received: bytearray, one: socket.socket) -> None:
        got = read(one)
        received += got
        if not got:
            self._selector.unregister(one)
            one.close()
        for path, body in whole(received):
            self._take(one, path, body)

    def _take(self, one: socket.socket, path: bytes, body: bytes) -> None:
        now = time.perf_counter()
        ill = path if self._trip.ill else b"/"
        if ill == b"/slow":
            self._later.append((now + _SLOW_SECONDS, one))
        elif ill != b"/hung":
            self._say(one, _FAILED if ill == b"/500" else _TAKEN)
        if self._trip.kept_back and f'"{self._trip.kept_back}"'.encode() in body:
            raise Refused(f"an alert with {self._trip.kept_back!r} was told of, and has to be kept back")
        for number in map(int, _NUMBER.findall(body)):
            if number in self._awaited:
                self._awaited.remove(number)
                self._arrived[number] = self._moved = now

    def _say(self, one: socket.socket, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # a daemon that gave it up has closed it
            one.sendall(answer)


def _requests(trip: Trip) -> dict[int, bytes]:
    draw = random.Random(7)
    numbers = range(trip.first, trip.first + trip.alerts)
    orders = [Order(trip.port, 1, 1, 1, name=job) for job in trip.jobs]
    return {number: load.request([load.alert(orders[number % len(orders)], number, draw)]) for number in numbers}


def read(one: socket.socket) -> bytes:
    """Return what has come; nothing when the connection ended, however."""
    try:
        return one.recv(65536)
    except OSError:
        return b""


def whole(received: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Take the requests that are there whole: path and body of each."""
    while (head := received.find(b"\r\n\r\n")) >= 0:
        said = _LENGTH.search(received, 0, head)
        end = head + 4 + (int(said[1]) if said else 0)
        if len(received) < end:
            return
        taken = bytes(received[:end])
        del received[:end]
        yield taken.split(b" ", 2)[1], taken[head + 4 :]


def main() -> int:
    """Make the trip that standard input orders."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    trip = Trip(**json.load(sys.stdin))
    with socket.socket(fileno=trip.listener) as server:
        server.setblocking(False)
        try:
            landed = Flight(trip, server).fly()
        except (OSError, Refused) as refused:
            print(refused, file=sys.stderr)
            return 1
    json.dump(attrs.asdict(landed), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
