"""The writer: facts go through the engine and into the store, one batch at a time, or nothing of them happens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, cast

import attrs

from tocsin.engine.machine import ENGINE_VERSION, Engine, Input, Instant, PlanChanged, Step
from tocsin.errors import StoreError
from tocsin.journal import ConfigurationChanged, Entry
from tocsin.journal import Input as Recorded
from tocsin.model.facts import GapFound
from tocsin.model.reason import GapKind
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure
from tocsin.runtime.first_attempts import Waiting
from tocsin.runtime.saver import Saver
from tocsin.runtime.threads import in_thread
from tocsin.stores.interface import Checkpoint, Store, Unhurried

__all__ = ["Committed", "Writer"]

_log: Final = logging.getLogger("tocsin")

_RECORDS: Final = "records"
"""The subject of the gap that tells of checkpoints that fail."""

_LOOK_SECONDS: Final = 60.0
_CLOCK_SET_SECONDS: Final = 1.0


@attrs.frozen(slots=True)
class Committed:
    """What a caller gets: the answers to its own facts, and what there is to wait for, perhaps of others' too."""

    answers: tuple[bool, ...]
    waiting: Waiting | None


class Writer:
    """Steps the engine and commits, under one lock; callable from any thread.

    *after* is called with each committed step, under the lock, so that events are seen in the order of commits; it
    returns what callers may wait for.
    *failed* is called, under the lock, when the store could not commit.
    *prelude* gives inputs that have to come first (a changed configuration). *ordinal* is the last entry's.

    The entry is the commit; what changed in the records follows from time to time, as a checkpoint.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        clock: Clock,
        *,
        ordinal: int = 0,
        prelude: Callable[[], Sequence[Input]],
        after: Callable[[Step], Waiting | None],
        failed: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self.engine = engine
        self.lock = threading.RLock()
        self.store = store
        self._clock = clock
        self._shift = self._time_that_passed() if ordinal else 0.0
        self._prelude = prelude
        self._after = after
        self._failed = failed
        self._ordinal = self._handed_on = ordinal
        self._unfinished: Step | None = None
        self._saver = Saver(engine, store, clock, ordinal)
        self._deadline = engine.next_deadline()
        self._ahead = engine.state.wall_time - engine.state.engine_time
        self._by_the_wall = False

    @property
    def blocking(self) -> bool:
        """Whether a commit waits for a device."""
        return self.store.blocking

    @property
    def ordinal(self) -> int:
        """The last entry's."""
        return self._ordinal

    def now(self) -> Instant:
        """Return this moment on both clocks."""
        return Instant(self._clock.now() + self._shift, self._clock.wall())

    def _time_that_passed(self) -> float:
        """Return what makes engine time go on where the last process left it, plus the wall time since."""
        state = self.engine.state
        passed = max(0.0, self._clock.wall() - state.wall_time)
        return state.engine_time + passed - self._clock.now()

    def seconds_left(self) -> float | None:
        """Return in how many seconds the engine has to be stepped again; None: only when somebody wants something.

        As of the last commit, and without waiting for another one. While something depends on the date, it is looked
        at every minute: the machine's clock may have been set. Also when nothing more happens, the records follow the
        journal in time, and what is over is let go of.
        """
        now = self.now()
        if self._by_the_wall and abs(now.wall - now.engine - self._ahead) > _CLOCK_SET_SECONDS:
            return 0.0
        left = [] if self._deadline is None else [self._deadline - now.engine]
        if self._by_the_wall:
            left.append(_LOOK_SECONDS)
        if not self.store.volatile:
            left.append(self._saver.at - self._clock.now())
        return min(left, default=None)

    def commit(self, inputs: Sequence[Input] = ()) -> Committed:
        """Take *inputs* in and commit, in the calling thread.

        :raises StoreError: when the store could not commit; nothing happened then.
        """
        with self.lock:
            committed = self._commit(inputs)
            self._save_if_due()
            return committed

    def commit_only(self, inputs: Sequence[Input]) -> Committed:
        """Do the same; the records follow later, once the callers have their answers.

        :raises StoreError: when the store could not commit; nothing happened then.
        """
        with self.lock:
            return self._commit(inputs)

    def _commit(self, inputs: Sequence[Input]) -> Committed:
        self._finish()
        first = tuple(self._prelude())
        step = self._step((*first, *inputs))
        self._deadline = self.engine.next_deadline()
        self._by_the_wall = self.engine.depends_on_the_date
        return Committed(step.answers[len(first) :], self._hand_on(step))

    def _step(self, inputs: tuple[Input, ...]) -> Step:
        now = self.now()
        self._ahead = now.wall - now.engine
        try:
            self._unfinished = step = self.engine.step(now, inputs)
            if step.changed:
                self._keep(now, step)
            self.engine.accept()
        except StoreError as error:
            self._unfinished = None
            self.engine.undo()
            self._failed(error)
            raise
        except BaseException:  # a signal, for example; raised again, once it is clear what holds
            self._finish()
            raise
        return step

    def _hand_on(self, step: Step) -> Waiting | None:
        waiting = self._after(step)
        self._handed_on, self._unfinished = self._ordinal, None
        return waiting

    def _finish(self) -> None:
        """Bring to its end what a signal cut off: a step whose entry is kept holds; any other never happened."""
        step = self._unfinished
        if step is not None and self._is_kept():
            self.engine.accept()
            self._hand_on(step)
        else:
            self.engine.undo()
            self._unfinished = None

    def _is_kept(self) -> bool:
        """Whether there is an entry that nothing was handed on of; a store that cannot say so has none."""
        if self._ordinal == self._handed_on:
            with suppress(Exception):
                self._ordinal += any(True for _ in self.store.entries(after=self._ordinal))
        return self._ordinal > self._handed_on

    def _keep(self, now: Instant, step: Step) -> None:
        plan = self.engine.plan
        reconfigured = PlanChanged in map(type, step.effective)
        inputs = tuple(map(_recorded, step.effective)) if reconfigured else cast("tuple[Recorded, ...]", step.effective)
        entry = Entry(
            self._ordinal + 1,
            now.engine,
            now.wall,
            inputs,
            step.events,
            self.engine.state.configuration,
            ENGINE_VERSION,
        )
        try:
            if reconfigured:
                self.store.keep_configuration(plan.digest, plan.plain)
            self.store.commit(entry)
        except StoreError:
            raise
        except Exception as error:  # a store may raise anything
            raise StoreError(f"the store could not commit: {describe_failure(error)}") from error
        self._ordinal = entry.ordinal

    def _save_if_due(self) -> None:
        with self.lock:
            if self._saver.due:
                self._tell_of(self.save())

    def _tell_of(self, problem: str | None) -> None:
        if problem is not None:
            with suppress(StoreError):  # whoever hears of commits hears of that
                self._commit([GapFound(GapKind.STORE_FAILED, _RECORDS, problem)])

    @property
    def save_is_due(self) -> bool:
        """Whether the records are to follow the journal, and nobody is about to let them."""
        return self._saver.due

    def take_records(self, given_up: threading.Event) -> Checkpoint | None:
        """Return what is to be saved, if that is due and was not *given_up*; the first of three, as the saver has it.

        Whoever gives it up says so first, and gives them back then.
        """
        with self.lock:
            return self._saver.take(self._ordinal) if self._saver.due and not given_up.is_set() else None

    def prepare_records(self, taken: Checkpoint) -> Checkpoint:
        """Return it as far as it can be prepared; without a lock."""
        return self._saver.prepare(taken)

    def keep_records(self, taken: Checkpoint) -> None:
        """Have the store keep what was taken."""
        with self.lock:
            self._tell_of(self._saver.keep(taken))

    def give_records_back(self) -> None:
        """What was taken is saved with the next."""
        with self.lock:
            self._saver.give_back()

    async def tend(self) -> None:
        """Have the store do what it needs now and then, beside commits; a failure is logged, and harms nothing."""
        if isinstance(self.store, Unhurried):
            try:
                await in_thread(self.store.tend)
            except Exception as error:  # noqa: BLE001  a store may raise anything
                _log.warning("the store could not tend itself: %s", describe_failure(error))

    def save(self) -> str | None:
        """Bring the store's records up to date, and let go of what is over; return why that failed."""
        return self._saver.save(self._ordinal)

    def close(self) -> None:
        """Bring the records up to date, and let go of the store."""
        with self.lock:
            self.save()
            self.store.close()


def _recorded(item: Input) -> Recorded:
    return ConfigurationChanged(item.plan.digest) if isinstance(item, PlanChanged) else item
