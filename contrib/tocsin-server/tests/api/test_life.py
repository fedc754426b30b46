"""The API of a real daemon: events end with it, and what it was told survives it."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Final

import httpx
import pytest
from server_processes import Process, daemon

PREFIX: Final = "/api/tocsin/v1"
CONFIGURATION: Final = """
channels:
  ops: {backend: console}
routing_rules:
- rule_id: all
  target_channels: [ops]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file."""
    path = tmp_path / "tocsin.yaml"
    path.write_text(CONFIGURATION)
    return path


class Ear(threading.Thread):
    """Listens to the events of a daemon until they end."""

    def __init__(self, running: Process) -> None:
        super().__init__(daemon=True)
        self._url = running.url
        self.text = ""
        self.heard = threading.Event()
        self.start()

    def run(self) -> None:
        headers = {"Last-Event-ID": "0"}
        with httpx.stream("GET", f"{self._url}{PREFIX}/events", headers=headers, trust_env=False, timeout=60) as stream:
            for text in stream.iter_text():
                self.text += text
                if "AttemptFinished" in self.text:
                    self.heard.set()


def test_events_are_heard_and_end_with_the_daemon(config: Path, tmp_path: Path) -> None:
    """In time, although somebody listens."""
    with daemon(config, tmp_path / "data") as running:
        ear = Ear(running)
        alert = {"alert_id": "a1", "cluster_id": "eu", "severity": "error", "metric_name": "cpu"}
        assert running.client.post(f"{PREFIX}/alerts", json=alert).status_code == 202
        assert ear.heard.wait(60)
        assert running.stop(signal.SIGTERM) == 0
        ear.join(60)
    assert ear.text.rstrip().endswith(": the daemon stops; come back with Last-Event-ID")


def test_what_it_was_told_survives_a_restart(config: Path, tmp_path: Path) -> None:
    """Alerts, who took them, and heartbeats."""
    with daemon(config, tmp_path / "data") as running:
        alert = {"alert_id": "a/1", "cluster_id": "eu", "severity": "error", "metric_name": "cpu"}
        assert running.client.post(f"{PREFIX}/alerts", json=alert).status_code == 202
        assert running.client.post(f"{PREFIX}/alerts/a%2F1/acknowledge", json={"by": "li"}).status_code == 200
        assert running.client.put(f"{PREFIX}/heartbeats/backup?every=1d").status_code == 200
    with daemon(config, tmp_path / "data") as running:
        shown = running.client.get(f"{PREFIX}/alerts/a%2F1").json()
        assert shown["alert"]["acknowledged"]["by"] == "li"
        assert "acknowledged by li" in [line["text"] for line in shown["timeline"]["past"]]
        assert running.client.delete(f"{PREFIX}/heartbeats/backup").json() == {"changed": True}
