"""Every Python block of the guide runs as it stands: in order, in one namespace, without network, without a warning."""

from __future__ import annotations

import ast
import inspect
import logging
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NoReturn

import pytest

GUIDE = Path(__file__).with_name("alerting-guide.md")


def _blocks() -> list[CodeType]:
    """Compile the guide's Python blocks; a traceback shows the guide's own line."""
    text = GUIDE.read_text(encoding="utf-8")
    compiled = []
    for found in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        padding = "\n" * text.count("\n", 0, found.start(1))
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compiled.append(compile(padding + found[1], str(GUIDE), "exec", flags=flags, dont_inherit=True))
    return compiled


@pytest.fixture(autouse=True)
def level() -> Iterator[None]:
    """The guide's last block switches debug logging on; afterwards it is as before."""
    logger = logging.getLogger("mpreg.federation.federation_alerting")
    before = logger.level
    yield
    logger.setLevel(before)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Cut the network off; the list has what was tried all the same."""
    tried: list[object] = []

    def refuse(*arguments: object, **options: object) -> NoReturn:
        tried.append((arguments, options))
        raise OSError("this test has no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return tried


async def _run_guide() -> dict[str, Any]:
    # `time` is the one name that the guide uses and never imports.
    namespace: dict[str, Any] = {"__name__": "__main__", "time": time}
    for block in _blocks():
        result = eval(block, namespace)
        if inspect.iscoroutine(result):
            await result
    return namespace


def test_the_guide_has_all_its_blocks() -> None:
    assert len(_blocks()) == GUIDE.read_text(encoding="utf-8").count("```python") == 21


@pytest.mark.anyio
async def test_every_block_of_the_guide_runs(attempts: list[object]) -> None:
    await _run_guide()
    assert attempts == []


@pytest.mark.anyio
async def test_the_guides_test_alert_went_to_the_expected_channel(attempts: list[object]) -> None:
    namespace = await _run_guide()
    told = [(each.alert_id, each.channel_id, each.success) for each in namespace["recent_deliveries"]]
    assert told == [("test-routing", "dev", True)]


@pytest.mark.anyio
async def test_the_production_setup_and_the_health_check_run_too(
    attempts: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """The guide defines both and leaves the calls in comments."""
    namespace = await _run_guide()
    capsys.readouterr()
    alerting, metrics = await namespace["setup_production_alerting"]()
    shown = capsys.readouterr().out
    await metrics.stop_collection()
    assert (len(alerting.channels), len(alerting.routing_rules), len(alerting.escalation_policies)) == (4, 4, 2)
    assert "Metrics collection: 30.0s interval" in shown
    await namespace["check_alerting_health"]()
    assert capsys.readouterr().out == ""
    assert attempts == []
