"""What a store may offer beside what it owes: to stream its records, to prepare a checkpoint, to see to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.stores.interface import Checkpoint, Store, Streaming, Unhurried
from tocsin.testing.contracts.sample import entry
from tocsin.testing.contracts.store_tests import StoreTests, commit, in_thread, ordinals

__all__ = ["OffersContract"]

_RECORDS = {("t", "a"): {"n": 1}, ("t", "b"): [None, "ŝ"], ("u", "a"): "other"}


class OffersContract(StoreTests):
    """``Streaming`` and ``Unhurried``: tests of what a store does not offer are skipped."""

    def test_what_is_streamed_is_what_is_loaded(self, place: Path) -> None:
        """A restart prefers it: the same entry, and every record."""
        with self.opened(place) as store:
            streaming = _streaming(store)
            assert streaming.stream() is None, "stream() returns None where no checkpoint was ever made"
            commit(store, entry(1), entry(2))
            store.checkpoint(Checkpoint(1, _RECORDS))
            store.checkpoint(Checkpoint(2, {("t", "a"): {"n": 2}, ("u", "a"): None}))
            streamed = streaming.stream()
            assert streamed is not None, "stream() returns the latest checkpoint"
            assert Checkpoint(streamed.ordinal, dict(streamed.records.items())) == store.load(), (
                "stream() gives the entry and the records that load() returns"
            )

    def test_what_was_prepared_is_kept_as_it_would_have_been(self, place: Path) -> None:
        """Prepared in another thread, while entries are committed, and then kept; or never."""
        with self.opened(place) as store:
            unhurried = _unhurried(store)
            commit(store, entry(1))
            store.checkpoint(Checkpoint(1, {("t", "gone"): 1, ("t", "a"): 0}))
            commit(store, entry(2))
            taken = Checkpoint(2, {**_RECORDS, ("t", "gone"): None})
            in_thread(lambda: unhurried.ahead(Checkpoint(2, {("t", "never"): 1})))
            made = in_thread(lambda: unhurried.ahead(taken))
            assert made.ordinal == 2, "ahead() returns a checkpoint of the same entry"
            commit(store, entry(3))
            assert store.load() == Checkpoint(1, {("t", "gone"): 1, ("t", "a"): 0}), "ahead() changes nothing"
            store.checkpoint(made)
            assert store.load() == Checkpoint(2, _RECORDS), "what ahead() returned is kept as what it was given"

    def test_a_store_that_sees_to_itself_loses_nothing(self, place: Path) -> None:
        """From another thread, as often as somebody asks for it."""
        with self.opened(place) as store:
            unhurried = _unhurried(store)
            in_thread(unhurried.tend)
            commit(store, entry(1))
            store.checkpoint(Checkpoint(1, _RECORDS))
            commit(store, entry(2))
            in_thread(unhurried.tend)
            commit(store, entry(3))
            assert ordinals(store) == [1, 2, 3], "tend() takes no entry away"
            assert store.load() == Checkpoint(1, _RECORDS), "and no record"


def _streaming(store: Store) -> Streaming:
    if not isinstance(store, Streaming):
        pytest.skip("the store does not offer Streaming")
    return store


def _unhurried(store: Store) -> Unhurried:
    if not isinstance(store, Unhurried):
        pytest.skip("the store does not offer Unhurried")
    return store
