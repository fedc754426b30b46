"""The examples of docs/examples, with a configuration that tells a real receiver, in this process or in their own."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import httpx
import pytest

from tocsin.testing.http_receiver import HttpReceiver

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
FAILURE = {"provider": "acme", "reason": "card refused"}
PATIENCE = 60.0
"""Seconds after which a test fails that waits for a process; nothing waits so long otherwise."""
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Process:
    """A program that serves HTTP on a port of its own choice, and says which."""

    def __init__(self, *command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-W", "error::ResourceWarning", *command],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            with self._changed:
                self.output.append(line)
                self._changed.notify_all()

    def until_shown(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Return where *pattern* stands in the output, once it does."""
        with self._changed:
            found = self._changed.wait_for(lambda: pattern.search("".join(self.output)), PATIENCE)
        assert found, "".join(self.output)
        return found

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.until_shown(ADDRESS)[1]}"

    def post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Send JSON to it."""
        return httpx.post(self.url + path, json=body, timeout=PATIENCE, trust_env=False)

    def get(self, path: str) -> Any:
        """Ask it for JSON."""
        return httpx.get(self.url + path, timeout=PATIENCE, trust_env=False).json()

    def end(self, how: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self._popen.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code, once it has ended."""
        code = self._popen.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._popen.kill()
        self._popen.wait()
        self._reader.join(PATIENCE)
        assert self._popen.stdout is not None
        self._popen.stdout.close()


Start = Callable[..., Process]


@pytest.fixture
def configuration(tmp_path: Path, receiver: HttpReceiver) -> Path:
    """A file that says: everything goes to the receiver."""
    path = tmp_path / "tocsin.yaml"
    settings = {"backend": "webhook", "config": {"webhook_url": receiver.url}, "human": True}
    rule = {"rule_id": "everything", "target_channels": ["team"]}
    path.write_text(json.dumps({"channels": {"team": settings}, "routing_rules": [rule]}), encoding="utf-8")
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "shop.db"


@pytest.fixture
def heeded_interrupts() -> Iterator[None]:
    """Let programs end by Ctrl-C, also where a shell that put the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def start(tmp_path: Path, configuration: Path, database: Path, heeded_interrupts: None) -> Iterator[Start]:
    """Start programs in an empty folder; what still runs is killed."""
    environment = {"SHOP_CONFIGURATION": str(configuration), "SHOP_DATABASE": str(database)}
    started: list[Process] = []

    def begin(*command: str) -> Process:
        process = Process(*command, folder=tmp_path, environment=environment)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.__exit__(None, None, None)


def load_example(path: str) -> ModuleType:
    """Import a module of docs/examples, which are in no package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, EXAMPLES / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # annotations are looked up there
    spec.loader.exec_module(module)
    return module
