"""Files of an older tocsin: brought up to date as one transaction, or left as they were."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import attrs
import pytest

from tocsin import Checkpoint, Entry, SqliteStore, StoreError
from tocsin.stores.sqlite_check import check, compact
from tocsin.stores.sqlite_reading import SqliteFile
from tocsin.stores.sqlite_rows import PARTITION, entry_row, key_of, keyed_digest, numbers_digest, to_text
from tocsin.stores.sqlite_schema import MIGRATIONS, upgrade
from tocsin.testing.contracts import entry

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = tuple(entry(number, f"a{number % 3}", "x\ud800") for number in range(4, 30))
CHECKPOINT = Checkpoint(20, {("t", "a"): {"n": 1}, ("t", "b"): [2]})


def make_schema_1(path: Path, entries: Iterable[Entry] = ENTRIES, checkpoint: Checkpoint = CHECKPOINT) -> None:
    """Write a file as the first schema had it: no index of subjects, and nothing that says how far one reaches."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    upgrade(connection, MIGRATIONS[:1])
    rows = [entry_row(one) for one in entries]
    connection.executemany(
        "INSERT INTO journal (partition, ordinal, wall_time, about, digest, data) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    total = 0
    for (table, name), plain in checkpoint.records.items():
        key, text = key_of(table, name), to_text([table, name, plain], "a record")
        digest = keyed_digest(key, text)
        total += digest
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?)", (PARTITION, key, digest, text.decode()))
    values = (1, rows[0][1], rows[-1][1], checkpoint.ordinal, len(checkpoint.records), (total + 2**63) % 2**64 - 2**63)
    connection.execute("DELETE FROM bounds")
    connection.execute(
        "INSERT INTO bounds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (PARTITION, *values, numbers_digest(values))
    )
    connection.close()


def _schema(path: Path) -> int:
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(found)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of schema 1."""
    path = tmp_path / "tocsin.db"
    make_schema_1(path)
    assert _schema(path) == 1
    return path


def test_an_older_file_is_brought_up_to_date(old: Path) -> None:
    """Everything in it is there, and what is new works for the old entries, too."""
    store = SqliteStore(old)
    assert list(store.entries()) == list(ENTRIES)
    assert store.load() == CHECKPOINT
    assert [one.ordinal for one in store.entries(subjects=["a1"])] == list(range(4, 30, 3))
    store.commit(entry(30))
    store.close()
    assert _schema(old) == len(MIGRATIONS)
    assert check(old).findings == ()


def test_the_index_of_an_older_file_is_put_into_blocks(tmp_path: Path) -> None:
    """Schema 2 had one index over all entries."""
    path, entries = tmp_path / "tocsin.db", [entry(number, f"a{number % 7}", "x") for number in range(200, 800)]
    make_schema_1(path, entries, attrs.evolve(CHECKPOINT, ordinal=700))
    connection = sqlite3.connect(path, isolation_level=None)
    upgrade(connection, MIGRATIONS[:2])
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    store = SqliteStore(path)
    for after in (0, 199, 255, 256, 511, 798, 799):
        found = [one.ordinal for one in store.entries(after, subjects=["a1", "a3"])]
        assert found == [number for number in range(max(after + 1, 200), 800) if number % 7 in (1, 3)]
    store.close()
    assert _schema(path) == len(MIGRATIONS)
    assert check(path).findings == ()


def test_it_may_be_empty(tmp_path: Path) -> None:
    """A file in which nothing was ever kept."""
    path = tmp_path / "tocsin.db"
    connection = sqlite3.connect(path, isolation_level=None)
    upgrade(connection, MIGRATIONS[:1])
    connection.close()
    store = SqliteStore(path)
    store.commit(entry(1))
    store.close()
    assert check(path).findings == ()


def test_a_migrated_file_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    """Whichever way it came to be."""
    SqliteStore(old).close()
    SqliteStore(tmp_path / "new.db").close()
    tables = []
    for path in (old, tmp_path / "new.db"):
        connection = sqlite3.connect(path)
        tables.append(sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")))
        connection.close()
    assert tables[0] == tables[1]


def test_compacting_brings_it_up_to_date_too(old: Path) -> None:
    """For those who want to do it before a service starts."""
    compact(old)
    assert _schema(old) == len(MIGRATIONS)


def test_reading_an_older_file_says_how_to_bring_it_up_to_date(old: Path) -> None:
    """Reading writes nothing."""
    with pytest.raises(StoreError, match="has the older schema 1; 'tocsin store compact' brings it up to date"):
        SqliteFile(old)
    assert _schema(old) == 1


def test_a_migration_that_fails_leaves_the_old_file(old: Path) -> None:
    """Here: its row of bounds is damaged."""
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute("UPDATE bounds SET last = 7")
    connection.close()
    content = old.read_bytes()
    with pytest.raises(StoreError, match=f"cannot bring it from schema 1 to {len(MIGRATIONS)}: .*bounds"):
        SqliteStore(old)
    assert old.read_bytes() == content


KILLED = """
import os, signal, sys
from tocsin import SqliteStore
from tocsin.stores import sqlite_schema
original, calls = sqlite_schema.hashes, []
def hashes(about):
    calls.append(1)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(about)
sqlite_schema.hashes = hashes
SqliteStore(sys.argv[1])
"""


@pytest.mark.parametrize("call", [1, 10, len(ENTRIES)])
def test_a_migration_that_is_killed_leaves_the_old_file(old: Path, call: int) -> None:
    """And the next start does it from the beginning."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(old), str(call)], check=False, env=environment)
    assert done.returncode == -signal.SIGKILL
    assert _schema(old) == 1
    store = SqliteStore(old)
    assert list(store.entries()) == list(ENTRIES)
    assert [one.ordinal for one in store.entries(subjects=["a1"])] == list(range(4, 30, 3))
    store.close()
    assert check(old).findings == ()
