"""What a store does when something goes wrong: all or nothing, and an error that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.errors import StoreError
from tocsin.stores.interface import Checkpoint
from tocsin.testing.contracts.sample import entry
from tocsin.testing.contracts.store_tests import StoreTests, commit, ordinals

__all__ = ["FaultsContract"]


class FaultsContract(StoreTests):
    """Failures, and other services."""

    def test_a_commit_that_fails_leaves_nothing(self, place: Path, tmp_path: Path) -> None:
        """StoreError; not in the journal now, nor after a crash; and the same store works when the device does."""
        self.needs("faults", "crash")
        with self.opened(place) as store:
            commit(store, entry(1))
            with self.failing(store, place) as meanwhile, pytest.raises(StoreError):
                meanwhile(lambda: store.commit(entry(2, "lost")))
            assert list(store.entries()) == [entry(1)], "an entry whose commit failed is not there"
            died = self.open_after_crash(place, tmp_path / "crashed")
            try:
                assert list(died.entries()) == [entry(1)], "an entry whose commit failed comes back after a crash"
            finally:
                died.close()
            commit(store, entry(2, "kept"))
            assert list(store.entries()) == [entry(1), entry(2, "kept")], "the store works again"

    def test_a_checkpoint_that_fails_changes_nothing(self, place: Path) -> None:
        """Neither the records nor the ordinal; the next one succeeds."""
        self.needs("faults")
        old = Checkpoint(1, {("t", "a"): 1, ("t", "b"): 1})
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
            store.checkpoint(old)
            with self.failing(store, place) as meanwhile, pytest.raises(StoreError):
                meanwhile(lambda: store.checkpoint(Checkpoint(2, {("t", "a"): None, ("t", "b"): "x" * 100_000})))
            assert store.load() == old, "a failed checkpoint leaves the one before"
            store.checkpoint(Checkpoint(2, {("t", "a"): None}))
            assert store.load() == Checkpoint(2, {("t", "b"): 1}), "the next checkpoint succeeds"

    def test_what_cannot_be_kept_is_refused(self, place: Path) -> None:
        """A record that is no plain data raises, and the others of its checkpoint are not written either."""
        self.needs("durable")
        with self.opened(place) as store:
            commit(store, entry(1))
            with pytest.raises(StoreError):
                store.checkpoint(Checkpoint(1, {("t", "a"): 1, ("t", "b"): object()}))
            assert store.load() is None, "a checkpoint is kept whole or not at all"

    def test_a_second_service_is_refused(self, place: Path) -> None:
        """StoreError while the store is open, also for the same process; the first is not disturbed."""
        self.needs("exclusive")
        with self.opened(place) as store:
            commit(store, entry(1))
            with pytest.raises(StoreError):
                self.open_store(place).close()
            commit(store, entry(2))
        with self.opened(place) as store:
            assert ordinals(store) == [1, 2], "closing lets the next one in, and nothing was lost"
