"""A disk that runs full under a store and is freed again, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

from tocsin import Checkpoint, SqliteStore, StoreError
from tocsin.stores.sqlite_check import check
from tocsin.testing.contracts import entry

_SIZE = 4 * 2**20


def run(kind: str, folder: Path) -> None:
    """Commit until the disk is full; see that nothing is lost; free it; and go on with the same store."""
    if kind == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "none", str(folder)], check=True)
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
