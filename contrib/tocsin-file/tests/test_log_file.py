"""The file: appended whole or not at all, rotated, moved away by others, on disks that are full or gone."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_file.log_file import LogFile, UncertainError
from tocsin_file.rotation import rotate


def begin() -> None:
    """Nothing to note."""


def log(path: Path, max_bytes: int | None = None, keep: int = 3, *, fsync: bool = False) -> LogFile:
    """Return the file at *path*."""
    return LogFile(str(path), max_bytes, keep, fsync)


def contents(folder: Path) -> dict[str, str]:
    """Return what is in each file of a folder."""
    return {file.name: file.read_text() for file in sorted(folder.iterdir())}


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond *size* meanwhile: writes stop in the middle, as on a disk that runs full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# -- appending -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fsync", [False, True])
def test_lines_are_appended_to_a_file_that_is_made(fsync: bool, tmp_path: Path) -> None:
    file = log(tmp_path / "a", fsync=fsync)
    assert [file.append(line, begin) for line in (b"one\n", b"two\n")] == ["", ""]
    assert contents(tmp_path) == {"a": "one\ntwo\n"}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) & 0o137 == 0


def test_with_fsync_file_and_folder_are_on_the_device_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    log(tmp_path / "a").append(b"one\n", begin)
    assert synced == []
    log(tmp_path / "a", fsync=True).append(b"one\n", begin)
    log(tmp_path / "b", 5, fsync=True).append(b"one\n", begin)
    log(tmp_path / "b", 5, fsync=True).append(b"two\n", begin)
    assert synced == [False, True, False, True, True, False]


def test_what_a_crash_left_of_a_line_becomes_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'whole\n{"half')
    log(tmp_path / "a").append(b"next\n", begin)
    assert contents(tmp_path) == {"a": 'whole\n{"half\nnext\n'}


def test_a_line_that_stops_in_the_middle_is_taken_back(tmp_path: Path) -> None:
    file = log(tmp_path / "a")
    file.append(b"one\n", begin)
    with largest_file(20), pytest.raises(OSError, match="File too large"):
        file.append(b"x" * 100 + b"\n", begin)
    assert contents(tmp_path) == {"a": "one\n"}
    file.append(b"two\n", begin)
    assert contents(tmp_path) == {"a": "one\ntwo\n"}


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_a_disk_that_is_full_leaves_whole_lines(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = log(tmp_path / "a", fsync=True)
    file.append(b"one\n", begin)

    def full(descriptor: int, *data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left on device") as caught:
            file.append(b"two\n", begin)
    assert not isinstance(caught.value, UncertainError)
    assert contents(tmp_path) == {"a": "one\n"}


def test_a_line_that_cannot_be_taken_back_is_uncertain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        patch.setattr(os, "ftruncate", broken)
        patch.setattr("tocsin_file.log_file._sync_folder", lambda path: None)
        with pytest.raises(UncertainError, match="Input/output error"):
            log(tmp_path / "a", fsync=True).append(b"one\n", begin)


def test_a_folder_that_is_missing_is_found_once_it_is_there(tmp_path: Path) -> None:
    file = log(tmp_path / "sub" / "a")
    with pytest.raises(FileNotFoundError):
        file.append(b"one\n", begin)
    assert contents(tmp_path) == {}
    (tmp_path / "sub").mkdir()
    file.append(b"one\n", begin)
    assert contents(tmp_path / "sub") == {"a": "one\n"}


def test_what_is_no_regular_file_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name, problem in (("fifo", "no regular file"), ("folder", "Is a directory")):
        with pytest.raises(OSError, match=problem):
            log(tmp_path / name).append(b"one\n", begin)
    with pytest.raises(OSError, match="no regular file"):
        log(Path("/dev/full")).append(b"one\n", begin)


def test_begin_may_stop_a_line_before_anything_is_changed(tmp_path: Path) -> None:
    def stop() -> None:
        raise InterruptedError

    log(tmp_path / "a").append(b"one\n", begin)
    with pytest.raises(InterruptedError):
        log(tmp_path / "a", 5).append(b"two\n", stop)
    assert contents(tmp_path) == {"a": "one\n"}


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    file = log(tmp_path / "a", 10)
    for number in range(20):
        file.append(f"line {number}\n".encode(), begin)
    with largest_file(1), pytest.raises(OSError, match="File too large"):
        file.append(b"more\n", begin)
    assert len(list(Path("/dev/fd").iterdir())) == before


# -- rotation ------------------------------------------------------------------------------------------------------


def test_before_it_is_too_large_the_file_makes_room(tmp_path: Path) -> None:
    file = log(tmp_path / "a", 8, keep=2)
    for line in (b"1111\n", b"22\n", b"3333\n", b"4444\n", b"5555\n"):
        file.append(line, begin)
    assert contents(tmp_path) == {"a": "5555\n", "a.1": "4444\n", "a.2": "3333\n"}


def test_a_line_that_is_too_large_by_itself_is_written_all_the_same(tmp_path: Path) -> None:
    file = log(tmp_path / "a", 8)
    file.append(b"x" * 20 + b"\n", begin)
    file.append(b"y" * 20 + b"\n", begin)
    assert contents(tmp_path) == {"a": "y" * 20 + "\n", "a.1": "x" * 20 + "\n"}


def test_a_rotation_after_one_that_a_crash_broke_off_loses_nothing(tmp_path: Path) -> None:
    """It leaves a number free, and only what is below that moves."""
    for name in ("a", "a.2", "a.3"):
        (tmp_path / name).write_text(name)
    rotate(tmp_path / "a", keep=3)
    assert contents(tmp_path) == {"a.1": "a", "a.2": "a.2", "a.3": "a.3"}


@settings(deadline=None, max_examples=40)  # no test depends on speed
@given(st.integers(1, 6), st.integers(0, 30))
def test_older_files_are_the_newest_lines_in_order(
    tmp_path_factory: pytest.TempPathFactory, keep: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("rotated")
    file = log(folder / "a", 8, keep)
    for number in range(count):
        file.append(f"{number:04}\n".encode(), begin)
    found = contents(folder)
    names = [*(f"a.{number}" for number in range(keep, 0, -1)), "a"]
    lines = "".join(found.get(name, "") for name in names).split()
    assert lines == [f"{number:04}" for number in range(max(0, count - keep - 1), count)]


def test_the_new_file_may_be_read_by_whom_the_old_one_was(tmp_path: Path) -> None:
    file = log(tmp_path / "a", 8)
    file.append(b"1111\n", begin)
    (tmp_path / "a").chmod(0o604)
    file.append(b"2222\n", begin)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o604


def test_a_file_that_cannot_be_rotated_is_written_on(tmp_path: Path) -> None:
    (tmp_path / "a.1").mkdir()
    (tmp_path / "a.1" / "in the way").touch()
    file = log(tmp_path / "a", 8, keep=1)
    file.append(b"1111\n", begin)
    remark = file.append(b"2222\n", begin)
    assert remark.startswith("it could not be rotated: ")
    assert (tmp_path / "a").read_text() == "1111\n2222\n"


def test_a_link_is_followed_and_rotation_happens_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    file = log(tmp_path / "link", 8)
    file.append(b"1111\n", begin)
    file.append(b"2222\n", begin)
    assert contents(tmp_path / "real") == {"a": "2222\n", "a.1": "1111\n"}


# -- others --------------------------------------------------------------------------------------------------------


def test_after_another_program_moved_it_away_a_new_one_is_written(tmp_path: Path) -> None:
    file = log(tmp_path / "a")
    file.append(b"one\n", begin)
    (tmp_path / "a").rename(tmp_path / "a-20260101")
    file.append(b"two\n", begin)
    assert contents(tmp_path) == {"a": "two\n", "a-20260101": "one\n"}


def test_permissions_stay_where_another_writer_makes_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = log(tmp_path / "a", 8)
    file.append(b"1111\n", begin)
    (tmp_path / "a").chmod(0o600)

    def rotate_and_come_late(path: Path, keep: int) -> None:
        rotate(path, keep)
        log(path).append(b"2\n", begin)

    monkeypatch.setattr("tocsin_file.log_file.rotate", rotate_and_come_late)
    file.append(b"3333\n", begin)
    assert contents(tmp_path) == {"a": "2\n3333\n", "a.1": "1111\n"}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_file_that_is_moved_away_while_it_is_waited_for_is_left_alone(tmp_path: Path) -> None:
    file = log(tmp_path / "a")
    file.append(b"one\n", begin)
    with (tmp_path / "a").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        writer = threading.Thread(target=file.append, args=(b"two\n", begin))
        writer.start()
        (tmp_path / "a").rename(tmp_path / "moved")
    writer.join(30)
    assert contents(tmp_path) == {"a": "two\n", "moved": "one\n"}


def test_a_file_that_is_moved_away_all_the_time_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin_file.log_file._is_at", lambda path, descriptor: False)
    with pytest.raises(OSError, match="moved away all the time"):
        log(tmp_path / "a").append(b"one\n", begin)


WRITER = """
import sys
from tocsin_file.log_file import LogFile

file, mark = LogFile(sys.argv[1], 2_000, 1_000, False), sys.argv[2]
for number in range(100):
    file.append(f"{mark}-{number}-{'x' * 80}\\n".encode(), lambda: None)
"""


def test_processes_that_write_and_rotate_one_file_lose_no_line_and_mix_none(tmp_path: Path) -> None:
    marks = "pqrs"
    others = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "a"), mark]) for mark in marks]
    assert [process.wait(60) for process in others] == [0] * len(marks)
    lines = [line for text in contents(tmp_path).values() for line in text.splitlines()]
    assert sorted(lines) == sorted(f"{mark}-{number}-{'x' * 80}" for mark in marks for number in range(100))
    assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 2_000


def test_threads_that_write_and_rotate_one_file_lose_no_line_and_mix_none(tmp_path: Path) -> None:
    def write(mark: str) -> None:
        file = log(tmp_path / "a", 2_000, 1_000)
        for number in range(50):
            file.append(f"{mark}-{number}-{'x' * 80}\n".encode(), begin)

    threads = [threading.Thread(target=write, args=(mark,)) for mark in "pqrs"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    lines = [line for text in contents(tmp_path).values() for line in text.splitlines()]
    assert sorted(lines) == sorted(f"{mark}-{number}-{'x' * 80}" for mark in "pqrs" for number in range(50))
