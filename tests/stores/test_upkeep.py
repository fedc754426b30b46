"""The log of a store is moved into the file beside whoever commits."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tocsin import SqliteStore, StoreError
from tocsin.stores import sqlite_upkeep
from tocsin.stores.sqlite_file import connect_beside
from tocsin.testing.contracts.sample import entry


def _alone(path: Path) -> list[int]:
    """Return the ordinals that are in the file itself, without the log beside it."""
    copy = path.with_name("alone.db")
    shutil.copy(path, copy)
    with closing(SqliteStore(copy)) as store:
        return [one.ordinal for one in store.entries()]


def test_what_is_in_the_log_is_moved_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    with closing(SqliteStore(path)) as store:
        for number in range(1, 31):
            store.commit(entry(number, "a"))
        assert _alone(path) == [], "commits wait for no page of the file"
        store.tend()
        assert _alone(path) == list(range(1, 31))


def test_the_log_begins_anew_once_all_of_it_was_moved(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    log = path.with_name("tocsin.db-wal")
    with closing(SqliteStore(path)) as store:
        store.commit(entry(1, "a" * 20_000))
        store.tend()
        grown = log.stat().st_size
        for number in range(2, 40):
            store.commit(entry(number, "a" * 20_000))
            store.tend()
        assert log.stat().st_size < 2 * grown


class _Interposed:
    """A connection; something comes *behind* its first statement that moves a log."""

    def __init__(self, connection: sqlite3.Connection, behind: Callable[[], object]) -> None:
        self._connection = connection
        self._behind = [behind]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str) -> Any:
        """Execute it, to its end."""
        done = self._connection.execute(sql)
        if "wal_checkpoint" in sql and self._behind:
            row = done.fetchone()
            self._behind.pop()()
            return self._connection.execute("SELECT ?, ?, ?", row)
        return done


def test_what_came_while_the_log_was_moved_is_moved_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tocsin.db"
    beside = connect_beside
    with closing(SqliteStore(path)) as store:
        monkeypatch.setattr(
            sqlite_upkeep, "connect_beside", lambda *of: _Interposed(beside(*of), lambda: store.commit(entry(2, "a")))
        )
        store.commit(entry(1, "a"))
        store.tend()
        assert _alone(path) == [1, 2]


def test_a_log_that_cannot_be_moved_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, synchronous: str) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with closing(SqliteStore(tmp_path / "tocsin.db")) as store:
        monkeypatch.setattr(sqlite_upkeep, "connect_beside", fails)
        with pytest.raises(StoreError, match=r"tocsin\.db: cannot move its log into it: SQLite says disk I/O error"):
            store.tend()


def test_somebody_who_writes_is_no_failure_of_upkeep(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    with closing(SqliteStore(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as another:
        store.commit(entry(1, "a"))
        another.execute("BEGIN IMMEDIATE")
        store.tend()
        another.execute("ROLLBACK")
        store.commit(entry(2, "a"))


def test_commits_go_on_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    done = threading.Event()

    def tend() -> None:
        while not done.is_set():
            store.tend()

    thread = threading.Thread(target=tend)
    thread.start()
    try:
        for number in range(1, 201):
            store.commit(entry(number, f"a{number}" * 100))
    finally:
        done.set()
        thread.join()
    store.close()
    with closing(SqliteStore(path)) as again:
        assert [one.ordinal for one in again.entries()] == list(range(1, 201))


def test_a_closed_store_and_one_that_is_gone_need_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    store.commit(entry(1, "a"))
    store.close()
    store.tend()
    assert not path.with_name("tocsin.db-wal").exists()
    path.unlink()
    store.tend()
    assert not path.exists()
