"""What docs/how-to/test-a-plugin.md shows are tests that pass, on the plugin of docs/examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs/how-to/test-a-plugin.md"

PIGEON_POST = """

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


def test_the_how_to_shows_tests_that_pass(pytester: pytest.Pytester) -> None:
    """On asyncio, as its conftest says; the store's are looked at elsewhere."""
    text = HOW_TO.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (pytester.path / "test_shown.py").write_text("\n\n".join([*blocks, PIGEON_POST]), encoding="utf-8")
    example = (ROOT / "docs/examples/plugin/acme_tocsin.py").read_text(encoding="utf-8")
    (pytester.path / "acme_tocsin.py").write_text(example, encoding="utf-8")
    selected = ("-k", "not TestDrawer and not TestBell")
    result = pytester.runpytest_inprocess("-q", "-W", "error", "-p", "no:cacheprovider", *selected)
    outcomes = result.parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped", "deselected", "seconds"}, outcomes
    assert outcomes["passed"] > 60
    assert outcomes["skipped"] >= 5
