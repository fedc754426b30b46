"""Opening an SQLite store: one clear error for everything that can be wrong, and nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.stores.conftest import Filled

from tocsin import ConfigurationError, SqliteStore, StoreError
from tocsin.stores.sqlite_check import check, compact
from tocsin.stores.sqlite_schema import APPLICATION_ID, MIGRATIONS
from tocsin.testing.contracts import entry

_NOBODY = 65534

pytestmark = pytest.mark.filterwarnings("error")


def refused(path: Path | str) -> str:
    """Return the error with which the store is refused; it is one line that names the path."""
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name).resolve()
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


@pytest.fixture
def unprivileged() -> Iterator[Callable[[], None]]:
    """Obey permissions from the call on: root, whom none binds, becomes nobody until the end of the test."""
    yield lambda: os.seteuid(_NOBODY) if os.geteuid() == 0 else None
    if os.getuid() == 0:
        os.seteuid(0)


def test_a_new_file_is_made_with_nothing_beside_it_but_the_lock(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "tocsin.db").close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tocsin.db", "tocsin.db-lock"]


def test_a_relative_path_and_a_link_lead_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore("real.db")
    Path("link.db").symlink_to("real.db")
    assert f"{tmp_path / 'real.db'} is in use" in refused("link.db")
    store.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"the folder {tmp_path / 'no'} does not exist" in refused(tmp_path / "no" / "tocsin.db")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert f"{tmp_path} is a folder; name a file in it" in refused(tmp_path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is neither a file nor absent" in refused(tmp_path / "pipe")


@pytest.mark.parametrize("path", ["nul\0", "x" * 5000])
def test_a_path_that_no_file_can_have_is_refused(path: str) -> None:
    assert "cannot open" in refused(path)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert str(tmp_path) in refused(tmp_path / "a")


@pytest.mark.parametrize("content", [b"hello\n" * 1000, b"\x00" * 8192, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_another_kind_of_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tocsin.db"
    path.write_bytes(content)
    assert str(path) in refused(path)
    assert path.read_bytes() == content


def test_an_empty_file_is_no_new_store(tmp_path: Path) -> None:
    """Something emptied it: to begin anew there silently would hide that alerts are lost."""
    path = tmp_path / "tocsin.db"
    path.touch()
    assert "is empty" in refused(path)
    assert path.stat().st_size == 0


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE journal (a)")
    connection.close()
    content = path.read_bytes()
    assert "another program's database" in refused(path)
    assert path.read_bytes() == content


def test_a_newer_schema_is_left_alone(filled: Filled) -> None:
    connection = sqlite3.connect(filled.path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    content = filled.path.read_bytes()
    assert f"schema {len(MIGRATIONS) + 1}, and this version of tocsin knows {len(MIGRATIONS)}" in refused(filled.path)
    for reading in (check, compact):
        with pytest.raises(StoreError, match="a newer tocsin wrote it"):
            reading(filled.path)
    assert filled.path.read_bytes() == content


def test_newer_entries_are_left_alone(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.stores.sqlite_schema.FORMAT", 0)
    assert "its entries have the form 1, and this version of tocsin reads 0" in refused(filled.path)


def test_tables_that_were_changed_are_damage(filled: Filled) -> None:
    connection = sqlite3.connect(filled.path)
    connection.execute("ALTER TABLE journal ADD COLUMN more")
    connection.close()
    assert "its tables are not as they were made" in refused(filled.path)


def test_another_programs_index_is_no_damage(filled: Filled) -> None:
    """Whoever looks into the file with SQLite's own tools may help himself."""
    connection = sqlite3.connect(filled.path)
    connection.execute("CREATE INDEX theirs ON journal (wall_time)")
    connection.execute("ANALYZE")
    connection.close()
    SqliteStore(filled.path).close()
    assert check(filled.path).findings == ()


def test_a_file_that_vanished_leaves_its_log_alone(filled: Filled, tmp_path: Path) -> None:
    """A log beside a new file would be taken for the new file's."""
    log = tmp_path / "tocsin.db-wal"
    log.write_bytes(b"what was written last")
    filled.path.unlink()
    assert "tocsin.db-wal beside it holds what was written last" in refused(filled.path)
    assert log.read_bytes() == b"what was written last"
    assert not filled.path.exists()


def test_a_read_only_folder(open_folder: Path, unprivileged: Callable[[], None]) -> None:
    open_folder.chmod(0o555)
    unprivileged()
    assert f"the folder {open_folder}" in refused(open_folder / "tocsin.db")
    assert "read-only" in refused(open_folder / "tocsin.db")


def test_a_read_only_folder_with_a_store_in_it(open_folder: Path, unprivileged: Callable[[], None]) -> None:
    """It cannot be opened, and can be read."""
    path = open_folder / "tocsin.db"
    store = SqliteStore(path)
    store.commit(entry(1))
    store.close()
    content = path.read_bytes()
    open_folder.chmod(0o555)
    unprivileged()
    assert "read-only" in refused(path)
    assert check(path).entries == 1
    assert path.read_bytes() == content


def test_a_read_only_file(open_folder: Path, unprivileged: Callable[[], None]) -> None:
    path = open_folder / "tocsin.db"
    SqliteStore(path).close()
    content = path.read_bytes()
    path.chmod(0o444)
    (open_folder / "tocsin.db-lock").unlink()
    open_folder.chmod(0o777)
    unprivileged()
    assert re.search(r"cannot open it: it is read-only, or its folder is", refused(path))
    assert path.read_bytes() == content


def test_synchronous_is_one_of_two_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown synchronous 'ful'; did you mean 'full'"):
        SqliteStore(tmp_path / "tocsin.db", "ful")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("word", "number"), [("full", 2), ("normal", 1)])
def test_synchronous_is_what_sqlite_is_told(tmp_path: Path, word: str, number: int) -> None:
    store = SqliteStore(tmp_path / "tocsin.db", word)  # type: ignore[arg-type]
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (number,)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == (b"wal",)
    store.close()


def test_the_file_says_whose_it_is(filled: Filled) -> None:
    """As ``file`` and SQLite's own tools read it: at offset 68 of the header."""
    assert filled.path.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"tocs"


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "tocsin.db")
    store.close()
    store.close()
    for call in (store.load, lambda: store.commit(entry(1)), lambda: list(store.entries()), lambda: store.prune(1, 1)):
        with pytest.raises(StoreError, match="this store was closed"):
            call()


def test_opening_and_closing_an_unchanged_store_does_not_write(filled: Filled) -> None:
    SqliteStore(filled.path).close()
    content = filled.path.read_bytes()
    SqliteStore(filled.path).close()
    assert filled.path.read_bytes() == content


def test_a_file_that_is_deleted_or_replaced_takes_no_more(tmp_path: Path) -> None:
    """What is written to a file without a name is lost with the process."""
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    store.commit(entry(1))
    moved = path.rename(tmp_path / "moved.db")
    with pytest.raises(StoreError, match="cannot commit entry 2: the file is gone"):
        store.commit(entry(2))
    path.write_bytes(b"another")
    with pytest.raises(StoreError, match="cannot commit entry 2: the file was replaced"):
        store.commit(entry(2))
    moved.rename(path)
    store.commit(entry(2))
    store.close()


def test_a_log_that_is_deleted_takes_no_more_and_nothing_that_was_kept(tmp_path: Path) -> None:
    """What was committed is moved into the file, as long as the log is still open here."""
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    for number in (1, 2, 3):
        store.commit(entry(number))
    path.with_name("tocsin.db-wal").unlink()
    with pytest.raises(StoreError, match=r"cannot commit entry 4: its log tocsin\.db-wal was removed or replaced"):
        store.commit(entry(4))
    kept = shutil.copy(path, tmp_path / "as it is now.db")
    again = SqliteStore(kept)
    assert [one.ordinal for one in again.entries()] == [1, 2, 3]
    again.close()
    store.close()


def test_an_entry_whose_commit_a_signal_cut_off_is_not_there(tmp_path: Path) -> None:
    """Its caller was told that it failed; the next one has its number."""
    store = SqliteStore(tmp_path / "tocsin.db")
    store.commit(entry(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_remember", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.commit(entry(2, "lost"))
    store.commit(entry(2, "kept"))
    assert [one.inputs for one in store.entries()] == [entry(1).inputs, entry(2, "kept").inputs]
    store.close()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
