"""A disk that runs full under a store and is freed again, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tocsin import Checkpoint, SqliteStore, StoreError
from tocsin.stores.archive import export_lines
from tocsin.stores.archive_import import import_file
from tocsin.stores.interface import STATE, Key
from tocsin.stores.sqlite_check import check
from tocsin.stores.sqlite_reading import SqliteFile
from tocsin.testing.contracts import entry

_SIZE = 4 * 2**20


def _mount(folder: Path, size: int) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)


def run(kind: str, folder: Path) -> None:
    """Commit until the disk is full; see that nothing is lost; free it; and go on with the same store."""
    if kind == "import":
        run_imports(folder)
        return
    if kind == "tmpfs":
        _mount(folder, _SIZE)
    fill, free = _by_limit() if kind == "limit" else _by_filler(folder / "filler")
    store = SqliteStore(folder / "tocsin.db")
    fill()
    kept = _commit_until_it_fails(store)
    _fails(lambda: store.checkpoint(Checkpoint(kept, {("t", f"k{one}"): "x" * 10_000 for one in range(1000)})))
    assert store.load() is None
    assert [one.ordinal for one in store.entries()] == list(range(1, kept + 1))
    free()
    store.commit(entry(kept + 1, "after"))
    store.checkpoint(Checkpoint(kept + 1, {("t", "k"): 1}))
    store.close()
    checked = check(folder / "tocsin.db")
    assert checked.findings == ()
    assert checked.entries == kept + 1
    print("worked on after", kept)


def run_imports(folder: Path) -> None:
    """Import into file systems of growing size: each has a whole file then, or none."""
    store = SqliteStore(folder / "tocsin.db")
    for number in range(1, 101):
        store.commit(entry(number, *(f"a{number}-{one}" for one in range(50))))
    records: dict[Key, Any] = {("t", f"k{one}"): "x" * 2000 for one in range(500)}
    store.checkpoint(Checkpoint.naming_its_entry(100, {**records, STATE: {}}))
    store.close()
    archive = folder / "archive.jsonl"
    archive.write_text("".join(export_lines(SqliteFile(store.path))), encoding="ascii")
    whole, made, disk = store.path.stat().st_size, [], folder / "disk"
    disk.mkdir()
    for eighths in range(6, 28, 2):
        _mount(disk, whole * eighths // 8)
        try:
            import_file(archive, disk / "tocsin.db")
        except StoreError:
            assert not list(disk.glob("tocsin.db*[!k]")), "something half made was left"
        else:
            assert check(disk / "tocsin.db").findings == ()
            made.append(eighths)
        subprocess.run(["umount", str(disk)], check=True)
    assert 8 < made[0] < made[-1] == 26, made
    print("worked on with", made[0], "eighths")


def _by_limit() -> tuple[Callable[[], None], Callable[[], None]]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    return (
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (_SIZE // 4, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)),
    )


def _by_filler(filler: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    def fill() -> None:
        filler.write_bytes(b"x" * (_SIZE // 2))

    return fill, filler.unlink


def _commit_until_it_fails(store: SqliteStore) -> int:
    for ordinal in range(1, 100_000):
        try:
            store.commit(entry(ordinal, *(f"a{one}" for one in range(20))))
        except StoreError as error:
            if "the disk is full" in str(error) or "the device failed" in str(error):
                return ordinal - 1
            raise
    raise AssertionError("the disk was never full")


def _fails(call: Callable[[], None]) -> None:
    try:
        call()
    except StoreError:
        return
    raise AssertionError("it should have failed")
