"""The bundled stores keep the contract of stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.stores.broken_device import AVAILABLE, without_room, without_sync

from tocsin import MemoryStore, SqliteStore, Store
from tocsin.testing.contracts import StoreContract


class TestMemoryStore(StoreContract):
    """The store of embedded services."""

    exempt: ClassVar = {
        "durable": "it is gone with the process",
        "crash": "it is gone with the process",
        "exclusive": "nobody else can open it",
        "ordinals": "it takes what the engine gives it",
        "faults": "memory does not fail",
    }

    def open_store(self, place: Path) -> Store:
        """Return a fresh one."""
        return MemoryStore()


class TestSqliteStore(StoreContract):
    """The store of daemons, on a disk that runs full."""

    def open_store(self, place: Path) -> Store:
        """Open its file."""
        return SqliteStore(place / "tocsin.db")

    @contextmanager
    def failing(self, store: Store, place: Path) -> Iterator[Callable[[Callable[[], Any]], Any]]:
        """Let the kernel refuse to write; where it takes no filter, let SQLite refuse to grow."""
        if AVAILABLE:
            yield without_room
        else:
            connection = store._connection  # type: ignore[attr-defined]
            connection.execute("PRAGMA max_page_count = 1")
            yield lambda call: call()
            connection.execute("PRAGMA max_page_count = 1073741823")


class TestSqliteStoreNormal(TestSqliteStore):
    """Without waiting for the device at every commit."""

    def open_store(self, place: Path) -> Store:
        """Open its file."""
        return SqliteStore(place / "tocsin.db", synchronous="normal")


@pytest.mark.skipif(not AVAILABLE, reason="only Linux lets a thread's system calls be refused")
class TestSqliteStoreOnDyingDisk(TestSqliteStore):
    """On a device that takes everything and fails to make it last."""

    @contextmanager
    def failing(self, store: Store, place: Path) -> Iterator[Callable[[Callable[[], Any]], Any]]:
        """Let fsync fail."""
        yield without_sync
