"""A signal may come between any two steps, also right behind a COMMIT: the store goes on with what holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tocsin import Checkpoint, SqliteStore, StoreError
from tocsin.stores import sqlite
from tocsin.stores.sqlite_check import check
from tocsin.testing.contracts.sample import entry


class _Cut:
    """A connection in which a signal comes once, *behind* or before a statement that begins so."""

    def __init__(self, connection: sqlite3.Connection, statement: str, *, behind: bool) -> None:
        self._connection = connection
        self._statement = statement
        self._behind = behind
        self.came = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *values: Any) -> Any:
        """Execute it."""
        hit = not self.came and sql.startswith(self._statement)
        self.came |= hit
        if hit and not self._behind:
            raise KeyboardInterrupt
        done = self._connection.execute(sql, *values)
        if hit:
            raise KeyboardInterrupt
        return done


def _checkpoint(store: SqliteStore) -> None:
    store.checkpoint(Checkpoint(4, {("t", "a"): {"n": 2}, ("t", "b"): None, ("t", "c"): 3}))


def _prune(store: SqliteStore) -> None:
    store.prune(1e12, 2)


def _commit(store: SqliteStore) -> None:
    store.commit(entry(5, "a5"))


DOES: dict[str, Callable[[SqliteStore], object]] = {"checkpoint": _checkpoint, "prune": _prune, "commit": _commit}


def _filled(path: Path) -> SqliteStore:
    store = SqliteStore(path)
    for number in range(1, 4):
        store.commit(entry(number, f"a{number}"))
    store.checkpoint(Checkpoint(3, {("t", "a"): {"n": 1}, ("t", "b"): 2}))
    store.commit(entry(4, "a4"))
    return store


@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("statement", ["BEGIN", "UPDATE bounds", "COMMIT"])
@pytest.mark.parametrize("does", DOES)
def test_a_signal_leaves_a_store_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, statement: str, behind: bool
) -> None:
    monkeypatch.setattr(sqlite, "_UNINDEXED", 0)  # an entry is written in a transaction with the index
    path = tmp_path / "tocsin.db"
    store = _filled(path)
    cut = _Cut(store._connection, statement, behind=behind)
    monkeypatch.setattr(store, "_connection", cut)
    with pytest.raises(KeyboardInterrupt):
        DOES[does](store)
    assert cut.came
    assert store.prune(0.0, 1) == 0
    first = next(store.entries()).ordinal
    assert first in ((1, 3) if does == "prune" else (1,))
    assert [one.ordinal for one in store.entries()] == list(range(first, 5)), "a commit that raises kept nothing"
    assert [one.ordinal for one in store.entries(subjects=["a3", "a4"])] == [3, 4]
    store.commit(entry(5, "a5"))
    store.checkpoint(Checkpoint(5, {("t", "d"): 1}))
    store.close()
    assert check(path).findings == ()
    with closing(SqliteStore(path)) as again:
        assert [one.ordinal for one in again.entries(subjects=["a3", "a4", "a5"])] == [3, 4, 5]


@pytest.mark.parametrize("does", DOES)
def test_it_may_be_closed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    monkeypatch.setattr(sqlite, "_UNINDEXED", 0)
    path = tmp_path / "tocsin.db"
    store = _filled(path)
    monkeypatch.setattr(store, "_connection", _Cut(store._connection, "COMMIT", behind=True))
    with pytest.raises(KeyboardInterrupt):
        DOES[does](store)
    store.close()
    assert check(path).findings == ()
    SqliteStore(path).close()


def test_a_handler_that_reads_amid_a_transaction_takes_nothing_of_it_back(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = _filled(path)
    found: list[int] = []

    class _Handled(_Cut):
        def execute(self, sql: str, *values: Any) -> Any:
            if sql == "COMMIT" and not found:
                found.extend(one.ordinal for one in store.entries())
            return self._connection.execute(sql, *values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_connection", _Handled(store._connection, "COMMIT", behind=False))
        _checkpoint(store)
    assert found == [1, 2, 3, 4]
    store.close()
    assert check(path).findings == ()
    with closing(SqliteStore(path)) as again:
        kept = again.load()
    assert kept == Checkpoint(4, {("t", "a"): {"n": 2}, ("t", "c"): 3})


def test_where_the_file_cannot_say_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tocsin.db"
    store = _filled(path)
    monkeypatch.setattr(store, "_connection", _Cut(store._connection, "COMMIT", behind=True))
    with pytest.raises(KeyboardInterrupt):
        _checkpoint(store)

    def fails(connection: object, path: object) -> object:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "read_bounds", fails)
    with pytest.raises(StoreError, match=r"cannot go on after it was interrupted: .*disk I/O error"):
        store.commit(entry(5, "a5"))
    store.close()
    monkeypatch.undo()
    assert check(path).findings == ()
