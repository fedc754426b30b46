"""What must not end the daemon, nor leave it unable to end: full disks, signals at any time, clients that hold on."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from server_processes import PATIENCE, Process, running, serve_command, until

LISTENING = r"^Listening on (\S+)$"
WATCHING = """
channels: {screen: {backend: console}}
routing_rules: [{rule_id: all, target_channels: [screen]}]
sources:
  host: {source: host, config: {interval_seconds: 0.5, memory_warning_percent: 0.1, memory_critical_percent: 0.2}}
server: {request_timeout_seconds: 1}
"""


def config(folder: Path, text: str = WATCHING) -> Path:
    """Write a configuration, and return its path."""
    path = folder / "tocsin.yaml"
    path.write_text(text)
    return path


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of 16 MiB."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk with a file."""
    path = disk / "full"
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=64k"], check=False, capture_output=True)
    return path


def test_a_full_disk_ends_neither_the_daemon_nor_its_sources(tmp_path: Path) -> None:
    """It answers 503, a reload changes nothing, and all goes on once there is room again."""
    alert = [{"labels": {"alertname": "one"}}]
    with small_disk(tmp_path / "disk") as disk, running(serve_command(config(tmp_path), disk), LISTENING) as ours:
        until(lambda: ours.client.get("/api/v2/alerts").json())
        full = fill(disk)
        assert ours.client.post("/api/v2/alerts", json=alert).status_code == 503
        config(tmp_path, WATCHING.replace("rule_id: all", "rule_id: changed"))
        ours.process.send_signal(signal.SIGHUP)
        ours.lines.wait_for("the old one stays in force|was reloaded")
        assert ours.client.get("/-/healthy").status_code == 200
        full.unlink()
        assert ours.client.post("/api/v2/alerts", json=alert).status_code == 200
        assert ours.stop() == 0
        assert "Traceback" not in "".join(ours.lines.seen)


def test_signals_while_it_stops_do_no_harm(tmp_path: Path) -> None:
    """It ends with 0, however often it is told to."""
    with running(serve_command(config(tmp_path), tmp_path / "data"), LISTENING) as ours:
        with connected(ours) as half:
            half.sendall(b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                ours.process.send_signal(number)
            ours.lines.wait_for("stopping")
        assert ours.stop() == 0


SLOW = """
import signal
import tocsin

@tocsin.hookimpl
def tocsin_register_backends(registrar):
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # not yet where the command line looks for its commands
        print("Waits for nobody", flush=True)
        while True:
            signal.pause()
"""


def slow_plugin(folder: Path) -> Path:
    """Make a folder of packages in which one plugin never lets the daemon start."""
    installed = folder / "slow-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[tocsin]\nslow = slow_plugin\n")
    (folder / "slow_plugin.py").write_text(SLOW)
    return folder


def test_a_signal_while_it_starts_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP does nothing then, and SIGTERM ends it with 0."""
    monkeypatch.setenv("PYTHONPATH", str(slow_plugin(tmp_path / "plugins")))
    with running(serve_command(config(tmp_path), tmp_path / "data"), r"^Waits for (\S+)$") as ours:
        ours.process.send_signal(signal.SIGHUP)
        assert ours.stop() == 0
    assert ours.lines.seen == ["Waits for nobody\n"]


def connected(ours: Process) -> socket.socket:
    """Return a connection to the daemon."""
    host, port = ours.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def test_who_does_not_read_an_answer_is_hung_up_on(tmp_path: Path) -> None:
    quiet = "receivers: {nobody: []}\nrouting_rules: [{rule_id: all, receiver: nobody}]\n"
    limits = "server: {request_timeout_seconds: 5}\n"
    with running(serve_command(config(tmp_path, quiet + limits), tmp_path / "data"), LISTENING) as ours:
        alerts = [{"labels": {"n": str(number), "text": "x" * 4000}} for number in range(3000)]
        for start in range(0, len(alerts), 100):
            ours.client.post("/api/v2/alerts", json=alerts[start : start + 100]).raise_for_status()
        with connected(ours) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"GET /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            ours.lines.wait_for("hung up")
        assert ours.client.get("/-/ready").status_code == 200


def test_connections_are_counted(tmp_path: Path) -> None:
    """One more than there may be is closed; the others go on."""
    limits = "server: {max_connections: 5, request_timeout_seconds: 30}\n"
    with running(serve_command(config(tmp_path, "channels: {}\n" + limits), tmp_path / "data"), LISTENING) as ours:
        ours.client.get("/-/ready").raise_for_status()
        several = [connected(ours) for _ in range(8)]
        closed = [one for one in several if _is_closed(one)]
        assert len(closed) >= 3
        for one in several:
            one.close()


def _is_closed(one: socket.socket) -> bool:
    one.settimeout(2)
    try:
        return one.recv(1) == b""
    except TimeoutError:
        return False
