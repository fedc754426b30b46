"""The load generator, a process of its own: posts prepared bodies over raw sockets, and says what that took.

It reads an order as JSON from standard input and writes a report as JSON to standard output. Bodies are made before the
clock starts, and answers are only searched for their status and their end.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

import attrs


@attrs.frozen
class Order:
    """What to post: *alerts* in batches over connections.

    :param values: how many values the label ``node`` draws its number from; each alert's value as a whole is new.
    :param round_number: another round posts the same alerts with a later end.
    :param zone: each alert has a zone of its own whose name begins with it, which sources of inhibition may share.
    :param silences: post so many silences in place of alerts; the first one is for the job ``kept``.
    """

    port: int
    alerts: int
    batch: int
    connections: int
    values: int = 10
    round_number: int = 0
    name: str = "load"
    zone: str = "free"
    silences: bool = False


@attrs.frozen
class Report:
    """What it took: seconds from the first byte to the last answer, of this process' CPU, and to the slowest answer."""

    seconds: float
    cpu: float
    slowest: float


class Refused(Exception):
    """The daemon did not answer 200, or not at all."""


def alert(order: Order, number: int, draw: random.Random) -> dict[str, Any]:
    """Return one alert as Prometheus posts it."""
    rule = draw.randrange(order.values)
    return {
        "labels": {
            "alertname": "TargetDown",
            "instance": f"10.0.{number >> 8 & 255}.{number & 255}:{number}",
            "job": order.name,
            "node": f"node{rule}-rack{rule}-{number}",
            "severity": "warning",
            "zone": f"{order.zone}-{number}",
        },
        "annotations": {"summary": f"target {number} is down", "description": "It has not answered for five minutes."},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": f"2099-01-01T00:0{order.round_number % 10}:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }


def silence(number: int) -> dict[str, Any]:
    """Return one silence: the first for the job ``kept``, then by turns for a node that is not there and a pattern."""
    if number == 0:
        matcher = {"name": "job", "value": "kept", "isRegex": False}
    elif number % 2:
        matcher = {"name": "node", "value": f"absent-{number}", "isRegex": False}
    else:
        matcher = {"name": "instance", "value": rf"192\.168\.{number}\..*", "isRegex": True}
    return {
        "matchers": [matcher],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "bench",
        "comment": "measured",
    }


def requests(order: Order) -> list[bytes]:
    """Return the requests, whole."""
    if order.silences:
        return [request(silence(number), "/api/v2/silences") for number in range(order.alerts)]
    draw = random.Random(7)
    alerts = [alert(order, number, draw) for number in range(order.alerts)]
    return [request(alerts[start : start + order.batch]) for start in range(0, order.alerts, order.batch)]


def request(posted: Sequence[dict[str, Any]] | dict[str, Any], path: str = "/api/v2/alerts") -> bytes:
    """Return one request, whole."""
    body = json.dumps(posted).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answered(received: bytes) -> bool:
    """Whether an answer is complete.

    :raises Refused: when its status is not 200.
    """
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    if head.split(b" ", 2)[1] != b"200":
        raise Refused(f"the daemon answered {head.splitlines()[0].decode('ascii', 'replace')!r} instead of 200")
    lengths = [line[15:] for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0])


def post(port: int, prepared: Sequence[bytes], connections: int) -> Report:
    """Post over so many connections, on each one request after the other.

    :raises Refused: when the daemon refuses one, or ends the connection.
    """
    posting = _Posting(prepared)
    sockets = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(connections)]
    began, busy = time.perf_counter(), time.process_time()
    try:
        with selectors.DefaultSelector() as selector:
            for one in sockets:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if posting.next(one):
                    selector.register(one, selectors.EVENT_READ, bytearray())
            while selector.get_map():
                posting.turn(selector)
    except OSError as error:
        raise Refused(f"the daemon ended a connection: {error}") from None
    finally:
        for one in sockets:
            one.close()
    return Report(time.perf_counter() - began, time.process_time() - busy, posting.slowest)


class _Posting:
    """What is still to be posted, and how long the slowest answer took so far."""

    def __init__(self, prepared: Sequence[bytes]) -> None:
        self._waiting = iter(prepared)
        self._began: dict[socket.socket, float] = {}
        self.slowest = 0.0

    def turn(self, selector: selectors.BaseSelector) -> None:
        """Wait for answers, and post the next request where one is whole."""
        for key, _ in selector.select():
            one: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
            received = one.recv(65536)
            if not received:
                raise Refused("the daemon ended a connection")
            key.data.extend(received)
            if answered(bytes(key.data)):
                self.slowest = max(self.slowest, time.perf_counter() - self._began[one])
                key.data.clear()
                if not self.next(one):
                    selector.unregister(one)

    def next(self, one: socket.socket) -> bool:
        """Post the next request there; False when there is none."""
        request = next(self._waiting, None)
        if request is not None:
            self._began[one] = time.perf_counter()
            one.sendall(request)
        return request is not None


def main() -> int:
    """Do what standard input orders."""
    order = Order(**json.load(sys.stdin))
    try:
        report = post(order.port, requests(order), order.connections)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    json.dump(attrs.asdict(report), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
