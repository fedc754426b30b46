"""A real process on a real SQLite file, killed at random moments under load, loses nothing that it accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.durability.ordeal import undergo


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_accepted_survives_kill_9_and_reaches_its_receiver(tmp_path: Path, seed: int) -> None:
    """Ten kills each: in the recovery, under load, in checkpoints and prunes. ``make kill9`` kills more often."""
    report = undergo(tmp_path, seed, kills=10)
    assert report.problems == (), f"seed {seed}: {report}"


def test_a_store_that_answers_too_early_is_found_out(tmp_path: Path) -> None:
    """The ordeal bites: of what such a store accepted, something is gone."""
    assert undergo(tmp_path, 3, kills=6, hasty=True).problems != ()
