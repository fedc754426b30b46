"""The contract of stores. A plugin's tests inherit it::

    from tocsin.testing.contracts import StoreContract

    class TestDrawerStore(StoreContract):
        def open_store(self, place):
            return DrawerStore(place / "drawer")

Every test gets a fresh folder. What a store cannot do is exempted by name, with the reason (see ``exempt``).
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from tocsin.errors import StoreError
from tocsin.journal import Entry
from tocsin.stores.interface import Checkpoint, Store
from tocsin.testing.contracts.sample import STRANGE, entry, full_entry

__all__ = ["StoreContract"]

T = TypeVar("T")

_DATA: Mapping[str, Any] = {
    "text": "ŝ\ud800\x00🔔",
    "numbers": [0, -1, 2**70, 0.1, 1e-300, -1e300],
    "nothing": None,
    "flags": [True, False],
    "empty": {"list": [], "object": {}, "text": ""},
    "": {"deep": [[[{"er": [1]}]]]},
}


class StoreContract:
    """What any store owes to a service. Implement :meth:`open_store`; see the others where a test is skipped.

    ``exempt`` maps a capability that the store does not have to the reason, which the skipped tests show:

    - ``durable``: what was committed is there when the store was closed and is opened again;
    - ``crash``: so it is when the process died instead (see :meth:`open_after_crash`);
    - ``exclusive``: two services cannot open the same store at once;
    - ``ordinals``: an entry that does not follow the newest is refused;
    - ``faults``: a device can fail (see :meth:`failing`).
    """

    exempt: ClassVar[Mapping[str, str]] = {}

    def open_store(self, place: Path) -> Store:
        """Open the store that is kept in the folder *place* (or under its name); make it if there is none."""
        raise NotImplementedError("a contract class says how its store is opened: open_store(place)")

    def open_after_crash(self, place: Path, elsewhere: Path) -> Store:
        """Open the store of *place* as it would be found had its process died now; the one that is open stays open.

        This opens a copy of the folder, made in *elsewhere*, which is what a kill leaves of a store of files.
        """
        shutil.copytree(place, elsewhere, dirs_exist_ok=True)
        return self.open_store(elsewhere)

    def failing(self, store: Store, place: Path) -> AbstractContextManager[Callable[[Callable[[], Any]], Any]]:
        """Enter a time in which the device fails; it gives a function that calls what it is given in that time."""
        raise NotImplementedError("say how this store's device fails: failing(store, place); or exempt 'faults'")

    # -- what the tests below are written with -------------------------------------------------------------------------

    def needs(self, *capabilities: str) -> None:
        """Skip the test when the store is exempt from one of *capabilities*."""
        for capability in capabilities:
            if capability in self.exempt:
                pytest.skip(f"{capability}: {self.exempt[capability]}")

    @contextmanager
    def opened(self, place: Path) -> Iterator[Store]:
        """Open the store, and close it."""
        store = self.open_store(place)
        try:
            yield store
        finally:
            store.close()

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """The folder of the test's store."""
        found = tmp_path / "place"
        found.mkdir()
        return found

    # -- the journal ---------------------------------------------------------------------------------------------------

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

    # -- whom an entry is about ----------------------------------------------------------------------------------------

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

    # -- the checkpoint ------------------------------------------------------------------------------------------------

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

    # -- configurations ------------------------------------------------------------------------------------------------

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

    # -- retention -----------------------------------------------------------------------------------------------------

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

    # -- what goes wrong -----------------------------------------------------------------------------------------------

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


def commit(store: Store, *entries: Entry) -> None:
    """Commit the entries, one after another."""
    for one in entries:
        store.commit(one)


def ordinals(store: Store, after: int = 0, subjects: list[str] | None = None) -> list[int]:
    """Return the ordinals of the entries that the store yields."""
    return [found.ordinal for found in store.entries(after, subjects)]


def in_thread(call: Callable[[], T]) -> T:
    """Call it in another thread, and return what it returns, or raise what it raises."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001  whatever it is, it is raised in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
