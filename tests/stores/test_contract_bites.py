"""The contract of stores fails stores that break it, with a message that says what to mend."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tocsin import Checkpoint, Entry, MemoryStore, Store
from tocsin.testing.contracts import StoreContract


class Forgetful(MemoryStore):
    """Loses every tenth entry."""

    def commit(self, entry: Entry) -> None:
        if entry.ordinal % 10:
            super().commit(entry)


class Replacing(MemoryStore):
    """Takes a checkpoint for all there is."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self._records.clear()
        super().checkpoint(checkpoint)


class Hoarding(MemoryStore):
    """Keeps records that are gone."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self._records.update(checkpoint.records)
        self._ordinal = checkpoint.ordinal


class Eager(MemoryStore):
    """Prunes what a restart needs."""

    def prune(self, before: float, limit: int) -> int:
        self._ordinal = 10**9
        return super().prune(before, limit)


class Unbounded(MemoryStore):
    """Prunes without a limit."""

    def prune(self, before: float, limit: int) -> int:
        return super().prune(before, 10**9)


class Backwards(MemoryStore):
    """Yields the newest first."""

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        return iter(list(super().entries(after, subjects))[::-1])


class Blind(MemoryStore):
    """Finds only what came after the checkpoint."""

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        return super().entries(after if subjects is None else max(after, self._ordinal), subjects)


class Encoding(MemoryStore):
    """Cannot keep every text."""

    def commit(self, entry: Entry) -> None:
        text = str([getattr(one, "target", "") for one in entry.inputs])
        super().commit(entry if "\\ud800" not in text else attrs.evolve(entry, inputs=()))


class OneConfiguration(MemoryStore):
    """Keeps the latest configuration alone."""

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        self._configurations.clear()
        super().keep_configuration(digest, plain)


class Living(MemoryStore):
    """Hands out its own records."""

    def load(self) -> Checkpoint | None:
        return Checkpoint(self._ordinal, self._records) if self._records else None


BROKEN = {
    Forgetful: ("test_entries_come_back_as_they_were_in_order", "yields every entry"),
    Replacing: ("test_a_checkpoint_merges_into_the_one_before", "as the latest checkpoints left them"),
    Hoarding: ("test_a_checkpoint_merges_into_the_one_before", "no None"),
    Eager: ("test_pruning_keeps_what_no_checkpoint_covers", "without a checkpoint nothing may go"),
    Unbounded: ("test_pruning_takes_the_oldest_first", "a limit of nothing takes nothing"),
    Backwards: ("test_entries_come_back_as_they_were_in_order", "in order of ordinal"),
    OneConfiguration: ("test_configurations_are_kept_by_digest", "an empty configuration is one, too"),
    Living: ("test_a_loaded_checkpoint_stays_as_it_is", "returns a copy"),
}


def _run(kind: type[Store], name: str, place: Path, *arguments: Any) -> None:
    class Contract(StoreContract):
        def open_store(self, place: Path) -> Store:
            return kind()

    getattr(Contract(), name)(place, *arguments)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_store_is_told_what_to_mend(kind: type[MemoryStore], tmp_path: Path) -> None:
    """And a sound one passes the same test."""
    name, message = BROKEN[kind]
    with pytest.raises(AssertionError, match=message):
        _run(kind, name, tmp_path)
    _run(MemoryStore, name, tmp_path)


def test_a_store_that_looks_only_at_the_newest_is_told(tmp_path: Path) -> None:
    """Entries about an alert, before and after a checkpoint."""
    with pytest.raises(AssertionError, match="leaves out entries about the alert"):
        _run(Blind, "test_entries_about_an_alert_are_found", tmp_path, True)


def test_a_store_that_changes_text_is_told(tmp_path: Path) -> None:
    """Which kind of text it was."""
    with pytest.raises(AssertionError, match="'lone surrogate' came back changed"):
        _run(Encoding, "test_entries_of_every_kind_come_back", tmp_path, "lone surrogate")


def test_an_author_who_forgets_to_open_is_told(tmp_path: Path) -> None:
    """The one method that has to be there."""
    with pytest.raises(NotImplementedError, match="open_store"):
        StoreContract().open_store(tmp_path)
