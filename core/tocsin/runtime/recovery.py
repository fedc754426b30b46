"""Recovery: the engine as the store knows it, from the last checkpoint and the journal after it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import attrs

from tocsin.engine.compile import recorded_plan
from tocsin.engine.loading import load
from tocsin.engine.machine import ENGINE_VERSION, Engine, Instant, PlanChanged
from tocsin.engine.machine import Input as EngineInput
from tocsin.engine.mending import Mended, mend
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, StoreError
from tocsin.journal import ConfigurationChanged, Entry, Input
from tocsin.model.facts import GapFound
from tocsin.model.reason import GapKind
from tocsin.registry import Registry
from tocsin.stores.interface import STATE, Checkpoint, Reader, Store, Streaming

__all__ = ["Recovered", "begin", "recover"]

_log: Final = logging.getLogger("tocsin")


@attrs.frozen(slots=True)
class Recovered:
    """What a store brought back: the engine after its last entry, that entry's ordinal, and what went wrong.

    The engine's plan has no settings to send with: the configuration in force now has to be taken in first.
    """

    engine: Engine
    ordinal: int
    gaps: tuple[GapFound, ...]


class _Plans:
    """The configurations that a journal names, compiled."""

    def __init__(self, store: Reader, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self._plans: dict[str, Plan] = {}
        self.problems: dict[str, None] = {}

    def get(self, digest: str) -> Plan:
        if digest not in self._plans:
            plain = self._store.configuration(digest)
            if plain is None:
                raise StoreError(f"the store has lost the configuration {digest}, which its journal names")
            try:
                self._plans[digest], problems = recorded_plan(plain, self._registry)
            except ConfigurationError as error:
                raise StoreError(f"the store keeps no readable configuration {digest}: {error}") from error
            self.problems |= dict.fromkeys(problems)
        return self._plans[digest]

    def inputs(self, recorded: tuple[Input, ...]) -> tuple[EngineInput, ...]:
        """Return what the engine is given for what the journal recorded."""
        return tuple(
            PlanChanged(self.get(item.digest)) if isinstance(item, ConfigurationChanged) else item for item in recorded
        )


def begin(store: Store, engine: Engine) -> None:
    """Write down what a new store's journal begins with: the configuration, and the empty state with its seed."""
    store.keep_configuration(engine.plan.digest, engine.plan.plain)
    store.checkpoint(Checkpoint.naming_its_entry(0, engine.unsaved_records()))
    engine.saved()


def recover(store: Reader, registry: Registry) -> Recovered | None:
    """Return what *store* knows, or None if it is new.

    Every entry after the checkpoint is decided again. Where that leads to other events than it did then, since tocsin
    or a plugin is another version now, no fact is lost, but something may be told twice: that is a gap.

    :raises StoreError: when it cannot be read.
    """
    with _without_collections():
        checkpoint = store.stream() if isinstance(store, Streaming) else store.load()
        if checkpoint is None:
            _check_new(store)
            return None
        plans = _Plans(store, registry)
        engine, losses = _restored(checkpoint, plans)
    ordinal, differing = checkpoint.ordinal, 0
    for entry in store.entries(after=checkpoint.ordinal):
        if entry.ordinal != ordinal + 1:
            raise StoreError(f"the journal has a hole: entry {ordinal + 1} is followed by entry {entry.ordinal}")
        differing += not _same(engine, entry, plans)
        ordinal = entry.ordinal
    gaps = [GapFound(GapKind.RECOVERY, "configuration", problem) for problem in plans.problems]
    gaps += [GapFound(GapKind.RECOVERY, subject, detail) for subject, detail in losses.items()]
    if differing:
        detail = f"{differing} entries lead to other decisions now; something may be told twice"
        gaps.append(GapFound(GapKind.RECOVERY, "journal", detail))
    for gap in gaps:
        _log.warning("recovery: %s: %s", gap.subject, gap.detail)
    return Recovered(engine, ordinal, tuple(gaps))


def _check_new(store: Reader) -> None:
    """A store without records is new, or it lost them: nobody can go on from a journal alone."""
    if any(True for _ in store.entries()):
        raise StoreError(
            "the store has a journal and no records, so that no service can go on from it; restore a backup, or begin "
            "a new store"
        )


@contextmanager
def _without_collections() -> Iterator[None]:
    """Let Python not look for garbage: nothing here is, and looking through all of it again doubles the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # as old at once as they will be, so that the first collection leaves them alone
            gc.freeze()
            gc.unfreeze()
        if collects:
            gc.enable()


def _restored(checkpoint: Checkpoint, plans: _Plans) -> tuple[Engine, Mapping[str, str]]:
    """Return the engine as it was at the checkpoint, and what became of records whose like was lost."""
    try:
        plan = plans.get(checkpoint.records[STATE]["configuration"])
        records = checkpoint.records
        # only what a damaged file was saved to has records missing: a store hands out all of them, or raises
        found = mend(dict(records.items()), plan.config) if checkpoint.is_salvaged else Mended(records)
        return Engine(plan, state=load(found.records, plan), unsaved=found.changed), found.losses
    except StoreError:
        raise
    except Exception as error:  # whatever damaged records make the codec raise
        raise StoreError(f"the store's records cannot be read: {error}") from error


def _same(engine: Engine, entry: Entry, plans: _Plans) -> bool:
    """Decide the entry again; return whether the same came of it."""
    step = engine.step(Instant(entry.engine_time, entry.wall_time), plans.inputs(entry.inputs))
    engine.accept()
    return step.events == entry.events and entry.engine == ENGINE_VERSION
