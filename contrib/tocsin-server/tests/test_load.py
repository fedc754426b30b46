"""The short form of the load test: see ``server_load.py``."""

from __future__ import annotations

from pathlib import Path

from server_load import load


def test_every_accepted_alert_reaches_the_receiver_over_reloads_restarts_and_kills(tmp_path: Path) -> None:
    outcome = load(tmp_path, seconds=6, connections=10, restarts=2)
    assert outcome.accepted
    assert outcome.missing == set()
