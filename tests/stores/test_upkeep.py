"""The log of a store is moved into the file beside whoever commits."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing
from pathlib import Path

from tocsin import SqliteStore
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
