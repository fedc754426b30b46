"""What a store owes: one entry per batch, all of it or nothing; and the records that a restart begins with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Protocol, Self, runtime_checkable

import attrs

from tocsin.journal import Entry

__all__ = ["STATE", "Checkpoint", "Entry", "Key", "Reader", "Store", "Streaming", "Unhurried"]

Key = tuple[str, str]
"""A record's table and its key there."""

STATE: Final[Key] = ("state", "")
"""The record that a service writes anew with every checkpoint; without it, no other can be gone on from."""

_ENTRY: Final = "entry"
_SALVAGED: Final = "salvaged"


@attrs.frozen(slots=True)
class Checkpoint:
    """The engine's records as they are after the entry ``ordinal``, as plain data ready for JSON.

    Handed to a store it holds what changed since the checkpoint before, and None for a record that is gone; what
    :meth:`Store.load` returns holds every record there is, and no None.
    """

    ordinal: int
    records: Mapping[Key, Any]

    @classmethod
    def naming_its_entry(cls, ordinal: int, records: Mapping[Key, Any]) -> Self:
        """Return a checkpoint whose state record names the entry as well.

        A store that has lost what it knows of itself is told by :attr:`entry_named`. The engine reads past it.
        """
        return cls(ordinal, {**records, STATE: {**records[STATE], _ENTRY: ordinal}})

    @property
    def entry_named(self) -> int | None:
        """The entry that the state record names; None where there is no such record, or an older tocsin wrote it."""
        state = self.records.get(STATE)
        found = state.get(_ENTRY) if isinstance(state, Mapping) else None
        return found if isinstance(found, int) else None

    def marked_as_salvaged(self) -> Self:
        """Return the checkpoint with a note that records are missing; the next one that is written has no such note."""
        return attrs.evolve(self, records={**self.records, STATE: {**self.records[STATE], _SALVAGED: True}})

    @property
    def is_salvaged(self) -> bool:
        """Whether records may be missing that others refer to."""
        return bool(self.records[STATE].get(_SALVAGED))


class Reader(Protocol):
    """What can be read of a store; what each method does is said at :class:`Store`."""

    def load(self) -> Checkpoint | None:
        """Return the latest checkpoint."""
        ...

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration of that digest."""
        ...

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the entries after an ordinal, the oldest first."""
        ...


@runtime_checkable
class Streaming(Protocol):
    """What a store may offer beside :meth:`Reader.load`: a restart then needs memory for one record at a time."""

    def stream(self) -> Checkpoint | None:
        """Return the latest checkpoint, whose records are read while somebody goes through their ``items()``, once.

        Nothing may be written to the store meanwhile. What is damaged, or missing at the end, is raised there and then.
        """
        ...


@runtime_checkable
class Unhurried(Protocol):
    """What a store may offer so that less is done while a commit waits. Both may be called from another thread, beside
    any other call; of each there is one at a time."""

    def ahead(self, checkpoint: Checkpoint) -> Checkpoint:
        """Return *checkpoint*, prepared for :meth:`Store.checkpoint` as far as that touches nothing of the store."""
        ...

    def tend(self) -> None:
        """Do what the store needs now and then, and no call of it: called soon after a checkpoint; raises nothing."""
        ...


class Store(Protocol):
    """Keeps the journal, the checkpoint and the configurations. Called by one thread at a time, never by two at once.

    ``volatile`` says that nothing can be recovered from it: it is given no checkpoints and asked for none.
    ``blocking`` says whether it waits for a device: then it is called in a worker thread, not always the same one.
    Whatever a method raises, the store is as it was before the call.
    """

    blocking: bool
    volatile: bool

    def load(self) -> Checkpoint | None:
        """Return the latest checkpoint, or None where none was ever made."""
        ...

    def commit(self, entry: Entry) -> None:
        """Keep *entry*: once this returns it survives what the store promises to survive.

        An exception means that nothing of it was kept; the engine takes the batch back and its callers are told.

        :raises StoreError: with a message for people; any other exception is shown by its type alone.
        """
        ...

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Bring the records up to date, all of them or none."""
        ...

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        """Keep a configuration, as plain data without secrets, under its digest; called before an entry names it."""
        ...

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration of that digest, if it is kept."""
        ...

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the entries that are kept and come after the ordinal *after*, the oldest first.

        With *subjects*, only those that are about one of these ids (see :func:`tocsin.journal.subjects`), and perhaps
        a few others. The store may be called for something else between two entries.
        """
        ...

    def prune(self, before: float, limit: int) -> int:
        """Let go of at most *limit* entries whose wall time is before *before* and that the checkpoint covers, the
        oldest first; return how many went."""
        ...

    def close(self) -> None:
        """Let go of what the store holds; called once, when the service is left."""
        ...
