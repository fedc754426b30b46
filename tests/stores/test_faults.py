"""Faults of the machine: a full disk, a device that fails, a limit, a clock set back; and the store works on after."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.stores import broken_device
from tests.stores.broken_device import AVAILABLE
from tests.stores.conftest import Filled

from tocsin import Checkpoint, SqliteStore, StoreError
from tocsin.stores.sqlite_check import check, compact
from tocsin.testing.contracts import entry

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(not AVAILABLE, reason="only Linux lets a thread's system calls be refused")

FAULTS: dict[str, tuple[Callable[[Callable[[], Any]], Any], str]] = {
    "full disk": (broken_device.without_room, r"the disk is full; free some space and try again \(SQLITE_FULL\)"),
    "dead disk": (broken_device.without_writing, r"the device failed, or has no room \(SQLITE_IOERR_\w+\)"),
    "fsync": (broken_device.without_sync, r"the device failed, or has no room \(SQLITE_IOERR_FSYNC\)"),
}

CALLS: dict[str, Callable[[SqliteStore], Any]] = {
    "commit": lambda store: store.commit(entry(6, "lost")),
    "commit a large entry": lambda store: store.commit(entry(6, *(f"lost{one}" for one in range(5000)))),
    "checkpoint": lambda store: store.checkpoint(Checkpoint(5, {("t", "a"): None, ("t", "n"): "x" * 50_000})),
    "keep a configuration": lambda store: store.keep_configuration("lost", {}),
    "prune": lambda store: store.prune(1e12, 100),
}


@linux
@pytest.mark.parametrize("call", sorted(CALLS))
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_failing_device_fails_the_call_and_nothing_else(tmp_path: Path, fault: str, call: str) -> None:
    """One clear error; nothing of the call is there, now or after a crash; then the same store works again."""
    meanwhile, message = FAULTS[fault]
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    entries = [entry(number, f"a{number}") for number in range(1, 6)]
    for one in entries:
        store.commit(one)
    old = Checkpoint(3, {("t", "a"): 1, ("t", "b"): 2})
    store.checkpoint(old)
    with pytest.raises(
        StoreError, match=f"^{path}: cannot {call.split()[0] if call != 'checkpoint' else 'write'}.*{message}"
    ):
        meanwhile(lambda: CALLS[call](store))
    _is_as_before(store, entries, old)
    crashed = shutil.copytree(tmp_path, tmp_path / "crashed") / "tocsin.db"
    again = SqliteStore(crashed)
    _is_as_before(again, entries, old)
    again.close()
    assert check(crashed).findings == ()
    CALLS[call](store)
    store.commit(entry(7 if "commit" in call else 6))
    store.close()
    assert check(path).findings == ()


def _is_as_before(store: SqliteStore, entries: list[Any], old: Checkpoint) -> None:
    assert list(store.entries()) == entries
    assert store.load() == old
    assert store.configuration("lost") is None
    assert list(store.entries(subjects=["lost", "lost7"])) == []


@linux
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_store_cannot_be_made_on_a_failing_device(tmp_path: Path, fault: str) -> None:
    """One clear error, and no half-made file stays."""
    meanwhile, _ = FAULTS[fault]
    path = tmp_path / "tocsin.db"
    with pytest.raises(StoreError, match=f"^{path}: "):
        meanwhile(lambda: SqliteStore(path))
    assert {found.name for found in tmp_path.iterdir()} <= {"tocsin.db-lock"}
    SqliteStore(path).close()


@linux
def test_closing_on_a_full_disk_lets_go(tmp_path: Path) -> None:
    """What was committed is there when it is opened again."""
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    store.commit(entry(1))
    broken_device.without_room(store.close)
    again = SqliteStore(path)
    assert list(again.entries()) == [entry(1)]
    again.close()


@linux
def test_a_device_that_cannot_be_read_is_an_error_and_no_end(filled: Filled) -> None:
    """What cannot be read is not taken for what is not there; when the device works again, all of it is."""
    with pytest.raises(StoreError, match=r"cannot open it: the device failed"):
        broken_device.without_reading(lambda: SqliteStore(filled.path))
    store = SqliteStore(filled.path)
    store._connection.execute("PRAGMA shrink_memory")  # otherwise nothing has to be read
    for call in (store.load, lambda: list(store.entries()), lambda: store.configuration("c1")):
        with pytest.raises(StoreError, match=str(filled.path)):
            broken_device.without_reading(call)
    assert tuple(store.entries()) == filled.entries
    assert store.load() == filled.checkpoint
    store.close()


@linux
def test_compacting_needs_room_and_leaves_the_file_without(filled: Filled) -> None:
    """It fails, and the store is as it was."""
    with pytest.raises(StoreError, match=r"the disk is full|has no room"):
        broken_device.without_room(lambda: compact(filled.path))
    assert check(filled.path).findings == ()


SCENARIO = """
import sys
from pathlib import Path
from tests.stores.full_disk import run
run(sys.argv[1], Path(sys.argv[2]))
"""


def _run_scenario(kind: str, folder: Path, *wrapper: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", SCENARIO, kind, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "worked on" in done.stdout


def test_a_file_that_may_not_grow_fails_commits_until_it_may(tmp_path: Path) -> None:
    """A real limit of the operating system, without any privilege: RLIMIT_FSIZE."""
    _run_scenario("limit", tmp_path)


def _may_mount() -> bool:
    """Whether a file system can be mounted here: as root, or in a name space of one's own."""
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="no file system can be mounted here; the other tests fill the disk")
def test_a_small_file_system_that_is_full_fails_commits_until_it_is_not(tmp_path: Path) -> None:
    """A real tmpfs of four megabytes."""
    _run_scenario("tmpfs", tmp_path, "unshare", "-rm")


# files have so many bytes at most, which is a full disk that no other process notices
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from tocsin import SqliteStore
SqliteStore(sys.argv[2]).close()
"""


@pytest.mark.skipif(not _may_mount(), reason="no file system can be mounted here; the other tests fill the disk")
def test_an_import_into_a_file_system_of_any_size_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    """SQLite says nothing when it cannot move its log into the file that it closes."""
    _run_scenario("import", tmp_path, "unshare", "-rm")


@linux
def test_a_disk_that_runs_full_while_a_store_is_made_leaves_nothing_that_is_damaged(tmp_path: Path) -> None:
    made = SqliteStore(tmp_path / "measure.db")
    made.close()
    whole = made.path.stat().st_size
    for number, size in enumerate(range(4096, 4 * whole, whole // 2)):
        path = tmp_path / f"{number}.db"
        subprocess.run([sys.executable, "-c", LIMITED, str(size), str(path)], capture_output=True, check=False)
        assert not list(tmp_path.glob(f"{number}.db-new*"))
        store = SqliteStore(path)
        store.commit(entry(1))
        store.close()
        assert check(path).findings == ()


def test_what_is_pruned_at_once_is_bounded_by_what_the_entries_are_about(tmp_path: Path) -> None:
    """Each of an entry's subjects is a row of the index that goes, and commits wait for it."""
    store = SqliteStore(tmp_path / "tocsin.db")
    for number in range(1, 31):
        store.commit(entry(number, *(f"a{number}-{one}" for one in range(1000))))
    store.checkpoint(Checkpoint(30, {}))
    gone = []
    while count := store.prune(1e12, 1000):
        gone.append(count)
    assert sum(gone) == 30
    assert max(gone) <= 5
    store.close()
