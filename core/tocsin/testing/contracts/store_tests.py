"""What the contract of stores is written with: how a store is opened, and how it comes to harm."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from tocsin.journal import Entry
from tocsin.stores.interface import Store

__all__ = ["StoreTests", "commit", "in_thread", "ordinals"]

T = TypeVar("T")


class StoreTests:
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
