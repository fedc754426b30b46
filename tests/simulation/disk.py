"""A store that fails, and that kills the process before, during or after a write.

The disk outlives the processes; each has a *handle* on it, which is worth nothing once that process is dead.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.ledger import Ledger

from tocsin.stores import Checkpoint, Entry, MemoryStore, SqliteStore, Store

__all__ = ["Disk", "FileDisk", "Handle", "Killed"]


class Killed(BaseException):
    """The process is dead: nothing of it runs any more, so nothing may catch this."""


class Disk:
    """What is kept: a real store in memory, and the faults that wait for the next writes.

    A fault is ``error`` (the write fails and nothing is kept), ``before``, ``during`` or ``after`` (the process dies
    there), or ``fine``.
    """

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self.faults: deque[str] = deque()
        self.chance = Random(f"disk {seed}")
        self.store: Store = MemoryStore(entries=200)

    def commit(self, entry: Entry) -> None:
        """Keep *entry*."""
        self.store.commit(entry)
        self.ledger.keep(entry)

    def tear(self, write: Callable[[Store], None], entry: Entry | None) -> None:
        """The process dies in the middle of a write: it is kept or not, and nothing between."""
        if self.chance.random() < 0.5:
            write(self.store)
            if entry is not None:
                self.ledger.keep(entry)

    def cut_off(self) -> None:
        """The process that used it is dead."""

    def close(self) -> None:
        """The process that used it has left it as it should."""

    def put_away(self) -> None:
        """Nobody uses it any more."""


class FileDisk(Disk):
    """The same with an SQLite file.

    What a dead process had written is copied, byte by byte, and the next process opens the copy: the dead one's locks
    and buffers have no part in it. A write that is torn has reached the file up to some byte.
    """

    def __init__(self, folder: Path, ledger: Ledger, seed: int) -> None:
        super().__init__(ledger, seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._copies = 0
        self.store = self._file = self._open()

    def _open(self) -> SqliteStore:
        return SqliteStore(self._path(), synchronous="normal")

    def _path(self) -> Path:
        return self._folder / f"{self._copies}.db"

    def _log(self) -> bytes:
        log = self._path().with_suffix(".db-wal")
        return log.read_bytes() if log.exists() else b""

    def tear(self, write: Callable[[Store], None], entry: Entry | None) -> None:
        """Let only the first bytes of a write reach the log; what was moved into the database, was there in full."""
        database, log = self._path().read_bytes(), self._log()
        write(self.store)
        written = self._log()
        if self._path().read_bytes() == database:
            torn = self.chance.randint(0, len(written))
            written = written[:torn] + log[torn:]
        self._renew(written)
        if entry is not None and any(True for _ in self.store.entries(after=entry.ordinal - 1)):
            self.ledger.keep(entry)

    def cut_off(self) -> None:
        """The process that used it is dead."""
        self._renew(self._log())

    def _renew(self, log: bytes) -> None:
        before = self._path()
        self._copies += 1
        shutil.copyfile(before, self._path())
        self._path().with_suffix(".db-wal").write_bytes(log)
        self._file.close()
        for left in self._folder.glob(f"{before.name}*"):
            left.unlink()
        self.store = self._file = self._open()

    def close(self) -> None:
        """The process that used it has left it as it should."""
        self._file.close()
        self.store = self._file = self._open()

    def put_away(self) -> None:
        """Nobody uses it any more."""
        self._file.close()


class Handle:
    """One process' store. *die* is called when the process dies in a write.

    :param blocking: say that a write waits for a device, so that it is made in another thread.
    """

    volatile = False

    def __init__(self, disk: Disk, die: Callable[[], None], *, blocking: bool) -> None:
        self.blocking = blocking
        self._disk = disk
        self._die = die
        self.dead = False

    def _alive(self) -> Store:
        if self.dead:
            raise Killed
        return self._disk.store

    def _write(self, write: Callable[[], None], torn: Callable[[Store], None], entry: Entry | None = None) -> None:
        self._alive()
        fault = self._disk.faults.popleft() if self._disk.faults else "fine"
        if fault == "error":
            self._disk.ledger.happened("store failed")
            raise OSError("no space left on the simulated device")
        if fault == "during":
            self._disk.tear(torn, entry)
        elif fault != "before":
            write()
        if fault != "fine":
            self.dead = True
            self._die()
            raise Killed

    def load(self) -> Checkpoint | None:
        """Return the records."""
        return self._alive().load()

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, or fail, or die."""
        self._write(lambda: self._disk.commit(entry), lambda store: store.commit(entry), entry)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep the records, or fail, or die."""
        self._write(lambda: self._disk.store.checkpoint(checkpoint), lambda store: store.checkpoint(checkpoint))

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        """Keep a configuration."""
        self._alive().keep_configuration(digest, plain)

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return a configuration."""
        return self._alive().configuration(digest)

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the journal."""
        return self._alive().entries(after, subjects)

    def prune(self, before: float, limit: int) -> int:
        """Let go of old entries."""
        return self._alive().prune(before, limit)

    def close(self) -> None:
        """The process leaves it."""
        if not self.dead:
            self._disk.close()
