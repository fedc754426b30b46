"""The files for operating the daemon: checked by the tools that read them, and against what the daemon exposes."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from server_processes import daemon, program
from server_repository import documentation

TOCSIN = Path(sys.executable).with_name("tocsin")
OPERATIONS = "examples/operations"
CONFIG = """
channels: {screen: {backend: console}}
routing_rules: [{rule_id: all, target_channels: [screen]}]
aggregation: {strategy: none}
"""
NAME = re.compile(r"\b(?:tocsin|alertmanager|process)_[a-z_]+\b")


def test_promtool_takes_the_rules() -> None:
    command = [program("promtool"), "check", "rules", str(documentation(f"{OPERATIONS}/tocsin-rules.yml"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def expressions() -> list[str]:
    """Return what the rules and the dashboard ask for."""
    rules = re.findall(r"^ +expr: (.*)$", (documentation(f"{OPERATIONS}/tocsin-rules.yml")).read_text(), re.MULTILINE)
    dashboard = json.loads((documentation(f"{OPERATIONS}/tocsin-dashboard.json")).read_text())
    return rules + [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_rules_and_dashboard_ask_for_metrics_that_are_there(tmp_path: Path) -> None:
    """Once each thing that is counted has happened."""
    config = tmp_path / "tocsin.yaml"
    config.write_text(CONFIG)
    with daemon(config, tmp_path / "data") as ours:
        ours.client.post("/api/v2/alerts", json=[{"labels": {"alertname": "one"}}])
        ours.lines.wait_for("FIRING")
        exposed = set(NAME.findall(ours.client.get("/metrics").text))
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 8
    assert asked - exposed == set()


def test_the_unit_runs_the_daemon_as_it_can_be_run() -> None:
    """With options that there are."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # systemd's names have capitals
    unit.read(documentation(f"{OPERATIONS}/tocsin.service"))
    command = shlex.split(unit["Service"]["ExecStart"])[1:]
    options = [option for option in command if option.startswith("--")]
    shown = subprocess.run([TOCSIN, command[0], "--help"], capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.fail(shown.stderr)
    assert [option for option in options if option not in shown.stdout] == []
    assert unit["Service"]["ProtectSystem"] == "strict"
