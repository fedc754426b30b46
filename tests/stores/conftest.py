"""A filled store, and what was put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tocsin import Checkpoint, Entry, SqliteStore
from tocsin.stores.interface import STATE, Key
from tocsin.testing.contracts.sample import entry, full_entry


@attrs.frozen
class Filled:
    """A closed store, and everything that it should give back."""

    path: Path
    entries: tuple[Entry, ...]
    checkpoint: Checkpoint


def fill(path: Path, count: int = 40, covered: int = 30) -> Filled:
    """Make a store of *count* entries, a checkpoint of the entry *covered*, and two configurations."""
    entries = tuple(
        full_entry(number, f"a{number}")
        if number % 5 == 0
        else entry(number, *(f"a{number % 7}-{one}" for one in range(1 + number % 9)), configuration="c1")
        for number in range(1, count + 1)
    )
    records: dict[Key, Any] = {("episodes", f"a{one}"): {"n": one, "t": "x" * 40 * one} for one in range(24)}
    checkpoint = Checkpoint.naming_its_entry(covered, {**records, STATE: {"n": 24, "t": "x" * 40 * 24}})
    store = SqliteStore(path)
    store.keep_configuration("c0", {"unused": True})
    store.keep_configuration("c1", {"channels": ["ops", "mail"]})
    for one in entries:
        store.commit(one)
        if one.ordinal == covered:
            store.checkpoint(checkpoint)
    store.close()
    return Filled(path, entries, checkpoint)


@pytest.fixture
def filled(tmp_path: Path) -> Filled:
    """A store of forty entries."""
    return fill(tmp_path / "tocsin.db")


@pytest.fixture
def make_filled(tmp_path: Path) -> Callable[[str], Filled]:
    """Make filled stores by name."""
    return lambda name: fill(tmp_path / name)
