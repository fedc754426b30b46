"""A daemon's own history, replayed with its own configuration, gives exactly the notifications that it sent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from server_processes import PATIENCE, Receiver, daemon, receiver, until

CONFIGURATION = """
channels:
  pager: {{backend: webhook, config: {{webhook_url: "{url}/pager"}}, human: true}}
  chat: {{backend: webhook, config: {{webhook_url: "{url}/chat"}}, rate_limit_per_minute: 5}}
routing_rules:
  - {{rule_id: critical, conditions: {{severity: [critical]}}, target_channels: [pager], escalation_policy_id: soon}}
  - {{rule_id: all, target_channels: [chat]}}
escalation_policies:
  soon: {{escalation_levels: {{first: [chat]}}, level_delays_seconds: {{first: 0.2}}}}
aggregation: {{strategy: window, window_seconds: 1}}
"""


def _replayed(config: Path, database: Path) -> set[tuple[str, str]]:
    """Return the notifications that a replay lists, with their channels."""
    tocsin = Path(sys.executable).with_name("tocsin")
    command = [str(tocsin), "replay", "--list", "--json", "--config", str(config), str(database)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["notification_id"] for row in rows}) == len(rows)
    return {(row["channel_id"], row["notification_id"]) for row in rows}


def _received(peer: Receiver) -> set[tuple[str, str]]:
    return {(path.rpartition("/")[2], name) for path, name in list(peer.ids)}


def _alert(number: int, severity: str) -> dict[str, object]:
    return {"labels": {"alertname": f"alert{number % 3}", "severity": severity, "instance": str(number)}}


def _live(config: Path, data: Path, peer: Receiver, first: int, end: int) -> None:
    """Let a daemon take twelve alerts, the odd ones critical, and end it by a signal once it tells of them."""
    before = len(peer.ids)
    with daemon(config, data) as ours:
        for number in range(first, first + 12):
            alert = _alert(number, "critical" if number % 2 else "warning")
            assert ours.client.post("/api/v2/alerts", json=[alert]).status_code == 200
        until(lambda: len(peer.ids) > before + 3)
        if end == signal.SIGTERM:
            over = {**_alert(13, "critical"), "startsAt": "2019-01-01T00:00:00Z", "endsAt": "2020-01-01T00:00:00Z"}
            assert ours.client.post("/api/v2/alerts", json=[over]).status_code == 200
        ours.stop(end)


def test_a_replay_of_a_daemons_own_history_is_what_it_sent(tmp_path: Path) -> None:
    """Over escalations, folding, a rate limit, resolutions and a kill in the middle of it."""
    config, data = tmp_path / "tocsin.yaml", tmp_path / "data"
    with receiver() as peer:
        config.write_text(CONFIGURATION.format(url=peer.url))
        _live(config, data, peer, 0, signal.SIGKILL)
        _live(config, data, peer, 12, signal.SIGTERM)
        received = _received(peer)
    assert {channel_id for channel_id, _ in received} == {"pager", "chat"}
    assert _replayed(config, data / "tocsin.db") == received
