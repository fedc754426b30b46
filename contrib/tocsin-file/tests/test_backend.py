"""The backend ``file``: its settings, its outcomes, and devices that take their time."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from tocsin import (
    AlertRoutingRule,
    BackendContext,
    ConfigurationError,
    FederationAlertingService,
    NotificationChannel,
    Outcome,
    OutcomeStatus,
)
from tocsin.testing.samples import make_alert, make_notification
from tocsin_file.backend import FileBackend
from tocsin_file.settings import FileConfig

on_every_loop = pytest.mark.anyio


def backend(path: Path, **settings: Any) -> FileBackend:
    """Return a backend that writes to *path*."""
    return FileBackend(FileConfig(path=str(path), **settings), BackendContext("log"))


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({}, "path", "required"),
        ({"path": ""}, "path", "names the file"),
        ({"path": "/var/log/"}, "path", "names the file"),
        ({"path": "a\x00b"}, "path", "names the file"),
        ({"path": "a", "max_bytes": 999}, "max_bytes", "at least 1000, not 999"),
        ({"path": "a", "max_bytes": "10MB"}, "max_bytes", "a whole number"),
        ({"path": "a", "keep": 0}, "keep", "from 1 to 1000, not 0"),
        ({"path": "a", "fsync": "yes"}, "fsync", "true or false"),
        ({"path": "a", "rotate": 1}, "rotate", "unknown setting"),
    ],
)
def test_each_mistake_is_one_clear_error_in_its_place(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        FederationAlertingService().add_channel(NotificationChannel("log", "file", config=settings))
    assert caught.value.where.endswith(where)


@on_every_loop
async def test_a_notification_is_a_line(tmp_path: Path) -> None:
    outcome = await backend(tmp_path / "a").send(make_notification())
    assert outcome == Outcome.delivered(f"{tmp_path}/a: written")
    assert json.loads((tmp_path / "a").read_text())["notification_id"] == "ntf-1"


@on_every_loop
async def test_a_missing_folder_and_a_full_disk_are_unavailable_each_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = backend(tmp_path / "sub" / "a")
    assert await sender.send(make_notification()) == Outcome.unavailable(f"{tmp_path}/sub/a: its folder does not exist")
    (tmp_path / "sub").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("os.write", _no_space)
        assert await sender.send(make_notification()) == Outcome.unavailable(
            f"{tmp_path}/sub/a: No space left on device"
        )
        patch.setattr("os.ftruncate", _no_space)
        outcome = await sender.send(make_notification())
        assert outcome == Outcome.unknown(f"{tmp_path}/sub/a: No space left on device; part of the line may be there")
    assert (await sender.send(make_notification())).success


def _no_space(*arguments: Any) -> None:
    raise OSError(28, "No space left on device")


@on_every_loop
async def test_a_file_that_could_not_be_rotated_is_delivered_with_a_remark(tmp_path: Path) -> None:
    (tmp_path / "a.1" / "in the way").mkdir(parents=True)
    sender = backend(tmp_path / "a", max_bytes=1_000, keep=1)
    for _ in range(5):
        outcome = await sender.send(make_notification())
    assert outcome.success
    assert "it could not be rotated" in outcome.detail


@on_every_loop
async def test_what_was_not_begun_in_time_never_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else holds the file: the line certainly is not there, now or later."""
    monkeypatch.setattr("tocsin_file.backend.PATIENCE_SECONDS", 0.05)
    sender = backend(tmp_path / "a")
    assert (await sender.send(make_notification())).success
    with (tmp_path / "a").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        outcome = await sender.send(make_notification(notification_id="ntf-late"))
    problem = "somebody else has it locked, or the device is stuck, for more than 0.05 s"
    assert outcome == Outcome.unavailable(f"{tmp_path}/a: {problem}")
    monkeypatch.undo()
    assert (await sender.send(make_notification())).success
    assert "ntf-late" not in (tmp_path / "a").read_text()


SENDER = """
import sys
import anyio
from tocsin import BackendContext
from tocsin.testing.samples import make_notification
from tocsin_file import backend
from tocsin_file.settings import FileConfig

backend.PATIENCE_SECONDS = 0.05
sender = backend.FileBackend(FileConfig(path=sys.argv[1]), BackendContext("log"))
print(anyio.run(sender.send, make_notification(), backend=sys.argv[2]).status.value)
"""


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_who_keeps_the_file_locked_keeps_no_process_from_its_end(loop: str, tmp_path: Path) -> None:
    """Whoever may read a file may lock it, for as long as they like."""
    (tmp_path / "a").touch()
    with (tmp_path / "a").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sender = [sys.executable, "-c", SENDER, str(tmp_path / "a"), loop]
        done = subprocess.run(sender, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "unavailable\n"


@on_every_loop
async def test_what_was_begun_and_did_not_end_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr("tocsin_file.backend.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("os.write", lambda descriptor, data: let_go.wait(30) and len(data))
    outcome = await backend(tmp_path / "a").send(make_notification())
    let_go.set()
    assert outcome == Outcome.unknown(f"{tmp_path}/a: the device takes more than 0.05 s; the line may be there")


@on_every_loop
async def test_a_cancelled_send_writes_nothing_that_it_has_not_begun(tmp_path: Path) -> None:
    sender = backend(tmp_path / "a")
    assert (await sender.send(make_notification())).success
    with (tmp_path / "a").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sender.send, make_notification(notification_id="ntf-late"))
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert (await sender.send(make_notification())).success
    assert "ntf-late" not in (tmp_path / "a").read_text()


@on_every_loop
async def test_a_service_writes_each_notification_once(tmp_path: Path) -> None:
    alerting = FederationAlertingService(strict=True)
    alerting.add_channel(NotificationChannel("log", "file", config={"path": str(tmp_path / "a")}))
    alerting.add_routing_rule(AlertRoutingRule(rule_id="all", conditions={}, target_channels=["log"]))
    async with alerting:
        await alerting.process_alert(make_alert(alert_id="one"))
        outcome = await alerting.send_test("log")
    assert outcome.status is OutcomeStatus.DELIVERED
    lines = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert [(line["alert_id"], line["test"]) for line in lines] == [("one", False), ("tocsin:test:log", True)]
