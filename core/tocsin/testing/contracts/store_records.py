"""The checkpoint and the configurations of a store, and how long entries are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tocsin.stores.interface import Checkpoint
from tocsin.testing.contracts.sample import STRANGE, entry
from tocsin.testing.contracts.store_tests import StoreTests, commit, ordinals

__all__ = ["RecordsContract"]

_DATA: Mapping[str, Any] = {
    "text": "ŝ\ud800\x00🔔",
    "numbers": [0, -1, 2**70, 0.1, 1e-300, -1e300],
    "nothing": None,
    "flags": [True, False],
    "empty": {"list": [], "object": {}, "text": ""},
    "": {"deep": [[[{"er": [1]}]]]},
}


class RecordsContract(StoreTests):
    """Records, configurations, retention."""

    def test_a_checkpoint_merges_into_the_one_before(self, place: Path) -> None:
        """New records are added, changed ones replaced, None takes one away; the others stay."""
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
            store.checkpoint(Checkpoint(1, {("t", "a"): {"n": 1}, ("t", "b"): {"n": 2}, ("u", "a"): "other"}))
            store.checkpoint(Checkpoint(2, {("t", "a"): {"n": 3}, ("t", "b"): None, ("t", "c"): 4, ("t", "no"): None}))
            wanted = Checkpoint(2, {("t", "a"): {"n": 3}, ("t", "c"): 4, ("u", "a"): "other"})
            assert store.load() == wanted, "load() returns all records as the latest checkpoints left them, and no None"

    def test_a_loaded_checkpoint_stays_as_it_is(self, place: Path) -> None:
        """Later checkpoints do not change what load() returned."""
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
            store.checkpoint(Checkpoint(1, {("t", "a"): 1}))
            loaded = store.load()
            store.checkpoint(Checkpoint(2, {("t", "a"): 2}))
            assert loaded == Checkpoint(1, {("t", "a"): 1}), "load() returns a copy"

    @pytest.mark.parametrize("kind", [*sorted(STRANGE), "empty"])
    def test_records_hold_any_plain_data_under_any_name(self, place: Path, kind: str) -> None:
        """What comes back is equal; tables and keys are any strings."""
        name = STRANGE.get(kind, "")
        records = {(name, name): _DATA, (name, "k"): name, ("t", name): [name], ("t", "k"): 0}
        with self.opened(place) as store:
            commit(store, entry(1))
            store.checkpoint(Checkpoint(1, records))
            assert store.load() == Checkpoint(1, records), f"records with names of the kind {kind!r} came back changed"

    def test_a_checkpoint_survives_closing(self, place: Path) -> None:
        """With the entries that follow it."""
        self.needs("durable")
        with self.opened(place) as store:
            commit(store, entry(1))
            store.checkpoint(Checkpoint(1, {("t", "a"): _DATA}))
            commit(store, entry(2))
        with self.opened(place) as store:
            assert store.load() == Checkpoint(1, {("t", "a"): _DATA}), "a checkpoint is there after opening again"
            assert ordinals(store, 1) == [2], "so are the entries after it"

    def test_a_checkpoint_survives_a_crash(self, place: Path, tmp_path: Path) -> None:
        """Its ordinal and its records belong together."""
        self.needs("crash")
        with self.opened(place) as store:
            commit(store, entry(1))
            store.checkpoint(Checkpoint(1, {("t", f"k{number}"): number for number in range(1000)}))
            commit(store, entry(2))
            died = self.open_after_crash(place, tmp_path / "crashed")
            try:
                loaded = died.load()
                assert loaded is not None, "a checkpoint is there after a crash"
                assert (loaded.ordinal, len(loaded.records)) == (1, 1000), "with all its records"
                assert ordinals(died) == [1, 2], "and the journal"
            finally:
                died.close()

    def test_configurations_are_kept_by_digest(self, place: Path) -> None:
        """Several at a time, any plain data, also under the same digest again."""
        with self.opened(place) as store:
            store.keep_configuration("c1", _DATA)
            store.keep_configuration("c2", {})
            store.keep_configuration("c1", _DATA)
            assert store.configuration("c1") == _DATA, "configuration() returns what was kept under the digest"
            assert store.configuration("c2") == {}, "an empty configuration is one, too"
            assert store.configuration("c") is None, "another digest is another configuration"

    def test_configurations_survive_closing(self, place: Path) -> None:
        """An entry may name them for as long as it is kept."""
        self.needs("durable")
        with self.opened(place) as store:
            store.keep_configuration("c1", {"a": 1})
            commit(store, entry(1, configuration="c1"))
        with self.opened(place) as store:
            assert store.configuration("c1") == {"a": 1}, "a configuration is there after opening again"

    def test_pruning_takes_the_oldest_first(self, place: Path) -> None:
        """At most as many as are asked for, only those before the instant, and the number is returned."""
        with self.opened(place) as store:
            commit(store, *(entry(number, "x", wall_time=100.0 + number) for number in range(1, 11)))
            store.checkpoint(Checkpoint(10, {("t", "k"): 1}))
            assert store.prune(105.0, 0) == 0, "a limit of nothing takes nothing"
            assert store.prune(105.0, 3) == 3, "prune() returns how many went, at most 'limit'"
            assert ordinals(store) == list(range(4, 11)), "the oldest go first"
            assert store.prune(105.0, 100) == 1, "one at the instant itself stays"
            assert ordinals(store) == list(range(5, 11)), "those at or after 'before' stay"
            assert ordinals(store, subjects=["x"]) == list(range(5, 11)), "what was pruned is not found by subject"
            assert store.load() == Checkpoint(10, {("t", "k"): 1}), "records are not pruned"

    def test_pruning_keeps_what_no_checkpoint_covers(self, place: Path) -> None:
        """A restart needs the entries after the checkpoint, however old they are."""
        with self.opened(place) as store:
            commit(store, *(entry(number) for number in range(1, 6)))
            assert store.prune(1e12, 100) == 0, "without a checkpoint nothing may go"
            store.checkpoint(Checkpoint(3, {("t", "k"): 1}))
            assert store.prune(1e12, 100) == 3, "up to the checkpoint's entry"
            assert ordinals(store) == [4, 5], "entries after the checkpoint stay"

    def test_a_store_that_was_pruned_goes_on(self, place: Path) -> None:
        """Ordinals are never used again, not even where the journal is empty."""
        with self.opened(place) as store:
            commit(store, entry(1), entry(2))
            store.checkpoint(Checkpoint(2, {("t", "k"): 1}))
            assert store.prune(1e12, 100) == 2, "all entries are covered and old"
        with self.opened(place) as store:
            commit(store, entry(3))
            assert ordinals(store) == [3], "the next entry follows the one that was pruned last"

    def test_a_clock_that_was_set_back_disturbs_nothing(self, place: Path) -> None:
        """Entries are ordered by ordinal; the wall time only says how old they are."""
        times = [500.0, 100.0, -5.0, 300.0]
        with self.opened(place) as store:
            commit(store, *(entry(number, wall_time=time) for number, time in enumerate(times, 1)))
            store.checkpoint(Checkpoint(4, {("t", "k"): 1}))
            assert ordinals(store) == [1, 2, 3, 4], "entries come in order of ordinal, whatever their times"
            gone = store.prune(400.0, 100)
            assert ordinals(store) == list(range(1 + gone, 5)), "pruning leaves no hole"
