"""Real processes for the tests: the daemon, Alertmanager, Prometheus, and a receiver of webhooks."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx

__all__ = ["Receiver", "alertmanager", "daemon", "program", "receiver", "until"]

PATIENCE: Final = 60.0
_TRIES: Final = 20_000


def program(name: str) -> str:
    """Return the path of a program that has to be there."""
    found = shutil.which(name)
    assert found, f"{name} is needed: apt-get install prometheus prometheus-alertmanager"
    return found


def until(condition: Callable[[], Any]) -> Any:
    """Ask again and again, by requests to another process, until *condition* gives something true."""
    for _ in range(_TRIES):
        found = condition()
        if found:
            return found
    raise AssertionError("it never came true")


class _Lines(threading.Thread):
    """Reads the lines that a process prints, so that it is never stopped by a full pipe, and can wait for one."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._queue: queue.Queue[str | None] = queue.Queue()
        self.seen: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.seen.append(line)
            self._queue.put(line)
        self._queue.put(None)

    def close(self) -> None:
        """Read to the end, and close the pipe."""
        self.join()
        self._stream.close()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first line in which *pattern* is found."""
        while True:
            line = self._queue.get(timeout=PATIENCE)
            assert line is not None, "it ended before it said so:\n" + "".join(self.seen)
            found = re.search(pattern, line)
            if found:
                return found


class Process:
    """A process that runs; ``url`` is where it answers."""

    def __init__(self, command: Sequence[str | Path], said: str) -> None:
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )
        self.lines = _Lines(self.process.stdout)
        try:
            self.url = self.lines.wait_for(said)[1]
        except BaseException:
            self.stop()
            raise
        if not self.url.startswith("http"):
            self.url = f"http://{self.url}"
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE)
        self.lines.close()
        if hasattr(self, "client"):
            self.client.close()
        return code


@contextmanager
def running(command: Sequence[str | Path], said: str) -> Iterator[Process]:
    """Run a process for as long as the block runs; it is up once it has printed *said*, whose group is its address."""
    made = Process(command, said)
    try:
        yield made
    finally:
        made.stop()


def serve_command(config: Path, data: Path, *options: str) -> list[str | Path]:
    """Return the command that runs the daemon on a free port."""
    tocsin = Path(sys.executable).with_name("tocsin")
    return [tocsin, "serve", "--config", config, "--data", data, "--listen", "127.0.0.1:0", *options]


@contextmanager
def daemon(config: Path, data: Path) -> Iterator[Process]:
    """Run the daemon."""
    with running(serve_command(config, data), r"^Listening on (\S+)$") as made:
        yield made


@contextmanager
def alertmanager(config: Path, data: Path) -> Iterator[Process]:
    """Run a real Alertmanager."""
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={data}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    with running(command, r"msg=\"Listening on\" address=(\S+)") as made:
        yield made


class Receiver:
    """Takes webhooks; ``requests`` are their decoded bodies, in the order of arrival, ``ids`` their paths and ids.

    ``status`` is what it answers with.
    """

    def __init__(self) -> None:
        self.requests: queue.Queue[Any] = queue.Queue()
        self.ids: set[tuple[str, str]] = set()
        self.url = ""
        self.status = 200

    def next(self) -> Any:
        """Return the next one, when it is there."""
        return self.requests.get(timeout=PATIENCE)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver on a free port of loopback."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.ids.add((self.path, self.headers["webhook-id"]))
            made.requests.put(json.loads(body))
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
