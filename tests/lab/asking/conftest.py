"""The command line, a configuration to ask, and a store in which alerts were told by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import attrs
import pytest

from tocsin import FederationAlertingService, PerformanceAlert, SqliteStore, cli, load_configuration, load_registry
from tocsin.testing.clock import VirtualClock

START = 1_700_000_000.0
CONFIG = """\
channels:
  pager: {backend: console, min_severity: critical, rate_limit_per_minute: 5, fallback: mail}
  mail: {backend: console}
  chat: {backend: slack, config: {webhook_url: "https://hooks.example/${TOCSIN_TEST_NOWHERE}"}}
  night: {backend: slack, config: {webhook_url: "file:secret.txt"}}
  boss: {backend: console}
  spare: {backend: console, enabled: false}
routing_rules:
  - rule_id: databases
    conditions: {cluster_pattern: prod-.*}
    target_channels: [chat]
    continue: false
    escalation_policy_id: hurry
    routes:
      - rule_id: db-critical
        conditions: {severity: [critical, emergency]}
        target_channels: [pager, mail, spare]
        continue: true
      - rule_id: db-night
        conditions: {severity: [critical, emergency]}
        target_channels: [night]
        mute_time_intervals: [always]
  - {rule_id: everything, target_channels: [mail]}
  - {rule_id: us, conditions: {cluster_pattern: prod-us-.*}, target_channels: [mail]}
  - {rule_id: dev, conditions: {cluster_pattern: dev-.*, severity: [info]}, target_channels: [mail]}
  - {rule_id: gone, enabled: false, conditions: {cluster_pattern: prod-.*}, target_channels: [mail]}
time_intervals:
  always: [{times: [{start_time: "00:00", end_time: "24:00"}]}]
escalation_policies:
  hurry:
    escalation_levels: {first: [boss], second: [spare], final: [boss, mail]}
    default_channels: [mail]
"""

Run = Callable[..., tuple[int, str, str]]


@attrs.frozen
class Lived:
    """A store's file, and when its service had it open last."""

    path: Path
    until: float


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``tocsin`` with the given arguments; give exit code, standard output and standard error."""
    monkeypatch.delenv("TOCSIN_TEST_NOWHERE", raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration's file; two of its secrets are not there."""
    path = tmp_path / "tocsin.yaml"
    path.write_text(CONFIG)
    return path


def critical(alert_id: str, **fields: object) -> PerformanceAlert:
    """Return a critical alert of a production cluster."""
    return PerformanceAlert(
        **{"alert_id": alert_id, "cluster_id": "prod-eu-1", "severity": "critical", "metric_name": "disk", **fields}  # type: ignore[arg-type]
    )


@pytest.fixture
def lived(tmp_path: Path, config: Path) -> Lived:
    """A store in which ``disk-full`` fires since a minute, was told and taken by maria, and ``over`` has resolved."""
    path = tmp_path / "tocsin.db"
    (tmp_path / "secret.txt").write_text("https://hooks.example/secret")
    loaded = load_configuration(config, load_registry(), environ={"TOCSIN_TEST_NOWHERE": "x"})
    (tmp_path / "secret.txt").unlink()
    clock = VirtualClock()

    async def live() -> None:
        async with FederationAlertingService(clock=clock, seed=1, store=SqliteStore(path)) as service:
            service.reconfigure(loaded.configuration)
            await service.process_alert(critical("over", metric_name="cpu"))
            await clock.advance(1.0)
            service.resolve_alert("over")
            await clock.advance(1.0)
            await service.process_alert(critical("disk-full"))
            await clock.advance(60.0)
            service.acknowledge_alert("disk-full", by="maria", comment="mine")
            await clock.advance(1.0)

    anyio.run(live)
    return Lived(path, START + 63.0)
