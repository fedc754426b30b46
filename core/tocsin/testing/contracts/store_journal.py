"""The journal of a store: what is committed comes back, and is found by whom it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.errors import StoreError
from tocsin.stores.interface import Checkpoint
from tocsin.testing.contracts.sample import STRANGE, entry, full_entry
from tocsin.testing.contracts.store_tests import StoreTests, commit, in_thread, ordinals

__all__ = ["JournalContract"]


class JournalContract(StoreTests):
    """Entries: committed, kept, found."""

    def test_a_new_store_is_empty(self, place: Path) -> None:
        """No checkpoint (None, not an empty one), no entries, no configuration, nothing to prune."""
        with self.opened(place) as store:
            assert store.load() is None, "load() of a store without a checkpoint returns None"
            assert list(store.entries()) == [], "a new store has no entries"
            assert store.configuration("c1") is None, "configuration() of an unknown digest returns None"
            assert store.prune(1e12, 10) == 0, "prune() of an empty store lets go of nothing"

    def test_it_says_whether_it_blocks_and_whether_it_is_volatile(self, place: Path) -> None:
        """Both are plain booleans, known before anything is called."""
        with self.opened(place) as store:
            assert isinstance(store.blocking, bool), "blocking: True if a call may wait for a device, else False"
            assert isinstance(store.volatile, bool), "volatile: True if nothing can be recovered from it, else False"

    def test_entries_come_back_as_they_were_in_order(self, place: Path) -> None:
        """Equal to what was committed, the oldest first; after an ordinal, only later ones."""
        committed = [entry(number, f"a{number}") for number in range(1, 80)]
        with self.opened(place) as store:
            commit(store, *committed)
            assert list(store.entries()) == committed, "entries() yields every entry, equal, in order of ordinal"
            assert list(store.entries(77)) == committed[77:], (
                "entries(after) leaves out 'after' itself and those before"
            )
            assert list(store.entries(79)) == [], "nothing comes after the newest"

    @pytest.mark.parametrize("kind", sorted(STRANGE))
    def test_entries_of_every_kind_come_back(self, place: Path, kind: str) -> None:
        """All inputs and events, with any text in them; serialise with tocsin.journal and ASCII escapes."""
        made = full_entry(1, STRANGE[kind])
        with self.opened(place) as store:
            commit(store, made)
            assert list(store.entries()) == [made], f"an entry with text of the kind {kind!r} came back changed"

    def test_committed_entries_survive_closing(self, place: Path) -> None:
        """And the next one follows them."""
        self.needs("durable")
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
        with self.opened(place) as store:
            commit(store, entry(3))
        with self.opened(place) as store:
            assert ordinals(store) == [1, 2, 3], "what was committed before close() is there after opening again"

    def test_committed_entries_survive_a_crash(self, place: Path, tmp_path: Path) -> None:
        """commit() has done everything that is needed when it returns; close() adds nothing."""
        self.needs("crash")
        with self.opened(place) as store:
            commit(store, entry(1), full_entry(2))
            died = self.open_after_crash(place, tmp_path / "crashed")
            try:
                assert list(died.entries()) == [entry(1), full_entry(2)], "a committed entry was lost with the process"
                commit(died, entry(3))
                assert ordinals(died) == [1, 2, 3], "the store goes on after a crash"
            finally:
                died.close()

    @pytest.mark.parametrize("ordinal", [1, 2, 4, 0, -1])
    def test_an_entry_that_does_not_follow_is_refused(self, place: Path, ordinal: int) -> None:
        """StoreError for an ordinal that is there, or that leaves a hole; nothing is changed."""
        self.needs("ordinals")
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
            with pytest.raises(StoreError):
                store.commit(entry(ordinal, "other"))
            assert list(store.entries()) == [entry(1), entry(2)], "a refused entry changes nothing"
            commit(store, entry(3))

    def test_other_calls_may_come_between_two_entries(self, place: Path) -> None:
        """Hold no transaction or cursor open while a caller looks at an entry."""
        with self.opened(place) as store:
            commit(store, *(entry(number) for number in range(1, 101)))
            seen = []
            for found in store.entries():
                seen.append(found.ordinal)
                if found.ordinal == 2:
                    commit(store, entry(101))
                    store.checkpoint(Checkpoint(101, {("t", "k"): 1}))
                    store.keep_configuration("c", {})
                    store.prune(1e12, 1)
            assert seen[:100] == list(range(1, 101)), "entries() goes on where it was when other methods were called"

    def test_any_thread_may_call_it(self, place: Path) -> None:
        """One after another, also in the middle of entries()."""
        with self.opened(place) as store:
            in_thread(lambda: commit(store, entry(1)))
            commit(store, entry(2))
            in_thread(lambda: store.checkpoint(Checkpoint(2, {("t", "k"): 1})))
            loaded = store.load()
            assert loaded is not None, "a checkpoint that another thread wrote is there"
            found = store.entries()
            assert in_thread(lambda: next(found)) == entry(1), "entries() may begin in one thread"
            assert next(found) == entry(2), "and go on in another"

    @pytest.mark.parametrize("checkpointed", [False, True])
    def test_entries_about_an_alert_are_found(self, place: Path, checkpointed: bool) -> None:
        """All of them and in order, whether or not a checkpoint came since; a few others may come along."""
        with self.opened(place) as store:
            for number in range(1, 41):
                commit(store, entry(number, f"a{number % 4}", f"b{number}"))
                if checkpointed and number in (15, 30):
                    store.checkpoint(Checkpoint(number, {("t", "k"): number}))
            found = ordinals(store, subjects=["a1"])
            assert set(found) >= set(range(1, 41, 4)), "entries(subjects=…) leaves out entries about the alert"
            assert found == sorted(set(found)), "entries(subjects=…) yields each entry once and in order"
            assert set(ordinals(store, 20, ["a1", "b2"])) >= set(range(21, 41, 4)), "'after' and 'subjects' go together"
            assert min(ordinals(store, 20, ["a1", "b2"])) > 20, "'after' holds with 'subjects' too"
            assert ordinals(store, subjects=[]) == [], "nothing is about nobody"

    @pytest.mark.parametrize("kind", sorted(STRANGE))
    def test_entries_about_alerts_with_strange_ids_are_found(self, place: Path, kind: str) -> None:
        """Any string is an id: hash it for an index."""
        name = STRANGE[kind]
        with self.opened(place) as store:
            commit(store, entry(1, "a0"), entry(2, name), entry(3, "a0"))
            store.checkpoint(Checkpoint(3, {("t", "k"): 1}))
            commit(store, entry(4, name, "a0"))
            assert set(ordinals(store, subjects=[name])) >= {2, 4}, f"not found by an id of the kind {kind!r}"
            assert list(store.entries(subjects=["", name[:-1]])) is not None, "unknown ids are no mistake"

    def test_entries_about_an_alert_are_found_after_opening_again(self, place: Path) -> None:
        """Those before the checkpoint and those after it."""
        self.needs("durable")
        with self.opened(place) as store:
            commit(store, entry(1, "x"), entry(2, "y"))
            store.checkpoint(Checkpoint(2, {("t", "k"): 1}))
            commit(store, entry(3, "x"), entry(4, "y"))
        with self.opened(place) as store:
            assert set(ordinals(store, subjects=["x"])) >= {1, 3}, "the index does not survive"
