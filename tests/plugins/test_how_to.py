"""The plugin in docs/examples keeps all contracts, and what docs/how-to/test-a-plugin.md shows are tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/plugin"
HOW_TO = ROOT / "docs/how-to/test-a-plugin.md"

REST = """

import acme_tocsin
import anyio
import attrs
import json
import tocsin

for kind in (TestPager, TestBell, TestRegion, TestHeadline, TestByNode, TestTwice):
    kind.plugins = (acme_tocsin,)


@attrs.frozen
class LineConfig:
    port: int


class LineBackend:
    def __init__(self, config, context):
        self.config = config

    async def send(self, notification):
        line = json.dumps([notification.message.subject, notification.message.body, notification.notification_id])
        try:
            stream = await anyio.connect_tcp("127.0.0.1", self.config.port)
        except OSError:
            return Outcome.unavailable("nobody is there")
        async with stream:
            await stream.send(line.encode() + b"\\n")
            try:
                answer = await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return Outcome.unknown("no answer")
        if answer == b"ok\\n":
            return Outcome.delivered()
        return Outcome.rejected("no") if answer == b"no\\n" else Outcome.unavailable("later")


class Lines:
    @tocsin.hookimpl
    def tocsin_register_backends(self, registrar):
        registrar.register("lines", LineBackend, config_class=LineConfig)


class TestLines(BackendContract):
    backend = "lines"
    plugins = (Lines(),)
    exempt = {
        "key": "none",
        "secrets": "none",
        "throttles": "it says later to all",
        "retry after": "it says later to all",
    }

    def open_receiver(self):
        return LineReceiver()

    def settings(self, receiver):
        return {"port": receiver.port}
"""


def test_the_example_and_the_how_to_keep_the_contracts(pytester: pytest.Pytester) -> None:
    """In a process of their own, as their readers run them: on asyncio and trio, with warnings as errors."""
    for file in EXAMPLE.glob("*.py"):
        (pytester.path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (pytester.path / "test_shown.py").write_text("\n\n".join([*blocks, REST]), encoding="utf-8")
    repeated = [f"--deselect=test_shown.py::{name}" for name in ("TestDrawer", "TestBell", "TestByNode")]
    result = pytester.runpytest_subprocess("-q", "-W", "error", "-p", "no:schemathesis", *repeated)
    outcomes = result.parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped", "deselected", "seconds"}, outcomes
    assert outcomes["passed"] > 180
    assert 7 <= outcomes["skipped"] < 15
