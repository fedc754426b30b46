"""The command line has a daemon to talk to, a clock that stands, and nothing of the environment."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from client_runner import Ended, Run, run_command
from contract_daemon import ContractDaemon, running_daemon
from hypothesis import settings

from tocsin_server.client import times

settings.register_profile("client", deadline=None)
settings.load_profile("client")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is noon, in UTC, and no variable says anything."""
    for name in [*(name for name in os.environ if name.startswith("TOCSIN_")), "NO_COLOR", "COLUMNS", "LINES"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LOGNAME", "ann")
    time.tzset()
    monkeypatch.setattr(times, "now", lambda: datetime(2026, 1, 31, 12, tzinfo=UTC))
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def daemon() -> Iterator[ContractDaemon]:
    """A daemon that answers as a test says."""
    with running_daemon() as made:
        yield made


@pytest.fixture
def tocsin(daemon: ContractDaemon, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``tocsin`` against that daemon."""
    monkeypatch.setenv("TOCSIN_URL", daemon.url)

    def run(*arguments: str, stdin: str | bytes | None = None) -> Ended:
        return run_command(*arguments, stdin=stdin)

    return run
