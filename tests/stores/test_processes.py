"""Processes and a store: kill -9, two at once, and reading beside a daemon that writes."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.stores.conftest import Filled

from tocsin import SqliteStore, StoreError
from tocsin.stores.archive import export_lines
from tocsin.stores.sqlite_check import check, compact
from tocsin.stores.sqlite_reading import SqliteFile
from tocsin.testing.contracts import entry

ROOT = Path(__file__).resolve().parents[2]

COMMIT = """
import sys
from tocsin import Checkpoint, SqliteStore
from tocsin.testing.contracts import entry
store = SqliteStore(sys.argv[1], sys.argv[2])
checkpoint = store.load()
ordinal = max([0 if checkpoint is None else checkpoint.ordinal, *(one.ordinal for one in store.entries())])
while True:
    ordinal += 1
    store.commit(entry(ordinal, f"a{ordinal}"))
    if ordinal % 7 == 0:
        store.checkpoint(Checkpoint(ordinal, {("t", f"k{ordinal % 50}"): ordinal, ("t", "n"): ordinal}))
    if ordinal % 11 == 0:
        store.prune(1e12, 5)
    print(ordinal, flush=True)
"""

HOLD = """
import sys
from tocsin import SqliteStore
store = SqliteStore(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def running(code: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs *code*; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("synchronous", ["full", "normal"])
def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path, synchronous: str) -> None:
    """Five times over on one file: every answered commit is there, whole, without a hole; the index fits, too."""
    path = tmp_path / "tocsin.db"
    chance = random.Random(7)
    answered = 0
    for _ in range(5):
        with running(COMMIT, path, synchronous) as process:
            for _ in range(chance.randrange(1, 120)):
                answered = int(_next_line(process))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            answered = max([answered, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
        assert check(path).findings == ()
        store = SqliteStore(path)
        ordinals = [one.ordinal for one in store.entries()]
        assert ordinals[-1] in (answered, answered + 1)
        assert ordinals == list(range(ordinals[0], ordinals[-1] + 1))
        assert [one.ordinal for one in store.entries(subjects=[f"a{ordinals[-1]}"])] == ordinals[-1:]
        store.close()
        assert check(path).findings == ()


def test_a_second_process_is_refused_and_told_which_is_the_first(tmp_path: Path) -> None:
    """Also to compact the file; the first is not disturbed."""
    path = tmp_path / "tocsin.db"
    with running(HOLD, path) as process:
        assert _next_line(process) == "open\n"
        for opening in (SqliteStore, compact):
            with pytest.raises(StoreError, match=rf"^{re.escape(str(path))} is in use by the process {process.pid};"):
                opening(path)


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    """The kernel lets go of it, whatever the lock file says."""
    path = tmp_path / "tocsin.db"
    with running(HOLD, path) as process:
        assert _next_line(process) == "open\n"
        process.kill()
        process.wait()
        assert (tmp_path / "tocsin.db-lock").read_text() == f"{process.pid}\n"
        SqliteStore(path).close()


def test_a_second_store_in_one_process_is_refused(tmp_path: Path) -> None:
    """And the refusal takes no lock away from the first: a third is refused, too."""
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    for _ in range(2):
        with pytest.raises(StoreError, match="is in use by another store in this process"):
            SqliteStore(path)
    store.commit(entry(1))
    store.close()


def test_a_holder_that_left_no_name_is_still_refused(tmp_path: Path) -> None:
    """The lock file was emptied, or could not be written."""
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    (tmp_path / "tocsin.db-lock").write_text("")
    with pytest.raises(StoreError, match="is in use by another process"):
        SqliteStore(path)
    store.close()


def test_a_file_can_be_read_while_a_process_writes_it(tmp_path: Path) -> None:
    """What is read is one moment of it; the writer goes on."""
    path = tmp_path / "tocsin.db"
    with running(COMMIT, path, "normal") as process:
        for _ in range(30):
            _next_line(process)
        for _ in range(5):
            before = int(_next_line(process))
            assert check(path).findings == ()
            file = SqliteFile(path)
            lines = list(export_lines(file))
            file.close()
            assert f'"ordinal":{before}' in lines[-2] or file.bounds.last > before
        after = int(_next_line(process))
        assert after > before
        process.kill()
        process.wait()
    assert check(path).findings == ()


def test_reading_a_closed_file_leaves_no_trace(filled: Filled) -> None:
    """Nothing is written or made, neither in the file nor beside it."""
    content = filled.path.read_bytes()
    names = sorted(filled.path.parent.iterdir())
    assert check(filled.path).findings == ()
    assert filled.path.read_bytes() == content
    assert sorted(filled.path.parent.iterdir()) == names


def test_a_file_that_is_opened_while_it_is_read_says_so(filled: Filled) -> None:
    """What was read then may be neither the old nor the new."""
    file = SqliteFile(filled.path)
    store = SqliteStore(filled.path)
    store.commit(entry(41))
    with pytest.raises(StoreError, match="was opened by a service while it was read; try again"):
        file.close()
    store.close()


def test_what_a_killed_process_left_can_be_read_without_it(tmp_path: Path) -> None:
    """Its log counts; reading neither empties nor removes it."""
    path = tmp_path / "tocsin.db"
    with running(COMMIT, path, "full") as process:
        for _ in range(20):
            answered = int(_next_line(process))
        process.kill()
        process.wait()
    log = path.with_name("tocsin.db-wal").read_bytes()
    assert check(path).bounds.last >= answered
    assert path.with_name("tocsin.db-wal").read_bytes() == log
