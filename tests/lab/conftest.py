"""What tests of the lab share: a configuration with three channels, and files made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tocsin import Registry, cli, discovery
from tocsin.configfile.loading import load_routing
from tocsin.engine.plan import Plan

CONFIGURATION = """
channels:
  pager: {backend: console, human: true}
  chat: {backend: console, min_severity: warning}
  manager: {backend: console, human: true}
routing_rules:
  - rule_id: databases
    conditions: {severity: [critical], cluster_pattern: "db-.*"}
    target_channels: [pager]
    escalation_policy_id: on-call
  - rule_id: everything
    conditions: {severity: [warning, error]}
    target_channels: [chat]
escalation_policies:
  on-call:
    escalation_levels: {first: [manager]}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What the installed plugins register."""
    return discovery.load().registry


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """A function that writes a file into the test's own folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def plan_of(write: Callable[[str, str], Path], registry: Registry) -> Callable[[str], Plan]:
    """A function that compiles the text of a configuration."""
    return lambda text: load_routing(write("plan.yaml", text), registry).plan


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs the command line: the exit code, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main([str(one) for one in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def as_lines(alerts: Iterable[dict[str, Any]]) -> str:
    """Return alerts as JSON, one a line."""
    return "".join(json.dumps(alert) + "\n" for alert in alerts)


def fired(alert_id: str, at: float, ended: float | None = None, **fields: Any) -> dict[str, Any]:
    """Return an alert of a history, in the guide's fields."""
    plain = {"cluster_id": "db-eu-1", "severity": "critical", "metric_name": "cpu", **fields}
    return {"alert_id": alert_id, "timestamp": at, **plain} | ({} if ended is None else {"resolved_at": ended})
