"""The step: facts and the time in, intentions out; and its undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, assert_never

import attrs

from tocsin.engine import (
    attention,
    codec,
    escalation,
    incidents,
    lanes,
    lines,
    outcomes,
    reload,
    reviews,
    walk,
    watchdog,
)
from tocsin.engine.agenda import Deadline
from tocsin.engine.meeting import meet
from tocsin.engine.plan import Plan
from tocsin.engine.redrive import redrive
from tocsin.engine.state import State
from tocsin.engine.suppression.quiet import Quiet
from tocsin.engine.transaction import Key, Transaction
from tocsin.engine.turn import Instant, StartAttempt, Turn
from tocsin.journal import Restarted
from tocsin.model.event import Event, FactAccepted
from tocsin.model.facts import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Escalated,
    Fact,
    GapFound,
    Noted,
    Redriven,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)

__all__ = ["ENGINE_VERSION", "Engine", "Input", "Instant", "PlanChanged", "Restarted", "StartAttempt", "Step"]


DEADLINES_PER_STEP: Final = 100
LINES_PER_STEP: Final = 25
"""More deadlines that are due, or that touch more lines and escalations, wait for the next step."""

_OVERSLEPT_SECONDS: Final = 10.0
"""After so long without a step everything that was due is met in one, as after a restart; a commit that takes a few
seconds is no such case: what it kept waiting goes on in bounded steps."""

_ALL: Final = float("inf")
_AT_LEAST: Final = 10
"""So many episodes are decided anew in any case, however many the attempts that ended had listed."""

ENGINE_VERSION: Final = 1
"""Rises when the same state and inputs lead to other events, so that a journal of another version can say so."""

_SET_BACK_SECONDS: Final = 1e-3

_ROUNDING: Final = 1e-6
"""Seconds by which a deadline of the wall clock may seem not to be reached yet, for the clocks' sum is rounded."""


@attrs.frozen(slots=True)
class PlanChanged:
    """The configuration changed; ``plan`` is the new one, compiled."""

    plan: Plan


Input = Fact | PlanChanged | Restarted


@attrs.frozen(slots=True)
class Step:
    """What came of a step: an answer per input, the attempts to start now, what to tell observers.

    ``effective`` are the inputs that changed something. ``changed`` is False when nothing needs to be committed.
    """

    answers: tuple[bool, ...]
    starts: tuple[StartAttempt, ...]
    events: tuple[Event, ...]
    effective: tuple[Input, ...]
    changed: bool


class Engine:
    """The state machine. Not safe for threads: whoever steps it holds a lock until :meth:`accept` or :meth:`undo`.

    Each step is provisional until one of those two is called; :meth:`hold` lets others follow it that are so, too.

    :param seed: makes ids and jitter; a given *state* has its own.
    :param unsaved: the names of records, as the codec gives them, that are not kept as they are in *state*.
    """

    def __init__(
        self, plan: Plan, *, seed: int = 0, state: State | None = None, unsaved: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.plan = plan
        self.state = State(seed=seed, configuration=plan.digest) if state is None else state
        self.quiet = Quiet(plan.config.inhibition_rules, self.state)
        self._ahead = self.state.wall_time - self.state.engine_time
        self._tx: Transaction | None = None
        self._held: list[Transaction] = []
        self._changed: dict[Key, None] = dict.fromkeys(map(codec.place, unsaved))
        self._handed_out: dict[Key, None] = {}

    def next_deadline(self) -> float | None:
        """Return the instant, in engine time, at which the engine wants to be stepped next; None: only on input."""
        return self.state.engine_time if walk.active(self.state) else self._next_due(self._ahead)

    def _next_due(self, ahead: float) -> float | None:
        """Return the first deadline's instant, in engine time, with the wall clock so many seconds *ahead*."""
        engine, wall = self.state.agenda.next_instant(), self.state.wall_agenda.next_instant()
        if wall is None:
            return engine
        at = wall - ahead
        return at if engine is None else min(engine, at)

    @property
    def depends_on_the_date(self) -> bool:
        """Whether a jump of the wall clock may change something."""
        return len(self.state.wall_agenda) > 0

    def step(self, now: Instant, inputs: Sequence[Input] = (), *, whole: bool = False) -> Step:
        """Meet every deadline up to *now*, each at its own instant, then take in *inputs*.

        What many deadlines of one instant, or a change for many alerts, ask for is worked off in several steps, so
        that inputs need not wait: :meth:`next_deadline` is then not after *now*.

        :param now: not before the last step's instant on the engine's clock; an earlier one is taken as that one.
        :param whole: do all of it in this step.
        """
        assert self._tx is None, "the last step was neither accepted nor undone"
        tx = self._tx = Transaction()
        state = self.state
        engine_now = max(now.engine, state.engine_time)
        turn = Turn(state, self.plan, self.quiet, tx, Instant(engine_now, now.wall))
        turn.clock = state.engine_time
        turn.ahead = state.wall_time - state.engine_time
        turn.restarting = Restarted in map(type, inputs)
        episodes = _ALL if whole else reviews.EPISODES_PER_STEP
        late = turn.restarting or self._overslept(engine_now)
        deadlines = _ALL if whole or late else DEADLINES_PER_STEP
        self._note_time(turn)
        episodes = self._drain(turn, deadlines, episodes, late=late)
        turn.clock = engine_now
        if turn.ahead != self._ahead:
            self._set_wall(turn)
            episodes = self._drain(turn, deadlines, episodes, late=late)
        answers: list[bool] = []
        effective: list[Input] = []
        for item in inputs:
            changed = self._take(turn, item)
            answers.append(changed or isinstance(item, AlertFired))
            if changed:
                effective.append(item)
        reviews.work_off(turn, max(episodes - turn.handled, min(episodes, _AT_LEAST)))
        self._flush(turn)
        if not (turn.events or tx.changed):
            tx.rollback()  # time alone is no change: a journal that leaves this step out leads to the same
        return Step(
            answers=tuple(answers),
            starts=tuple(turn.starts),
            events=tuple(turn.events),
            effective=tuple(effective),
            changed=bool(turn.events or tx.changed),
        )

    def glance(self, now: Instant) -> Turn:
        """Return a turn to read the state with; nothing may be changed through it."""
        return Turn(self.state, self.plan, self.quiet, Transaction(), now)

    def accept(self) -> None:
        """Keep the last step."""
        assert not self._held, "steps that are held can only be taken back"
        if self._tx is not None:
            self._changed |= self._tx.changed
            self._tx = None
            self.state.roll.tidy()
            for tally in self.state.tallies.values():
                tally.by_serial.tidy()
                tally.by_severity.tidy()

    @property
    def unsaved(self) -> int:
        """How many records changed since they were saved, or handed out, last."""
        return len(self._changed)

    def unsaved_records(self) -> dict[tuple[str, str], Any]:
        """Return the records that changed since :meth:`saved` was called last, as plain data; None: it is gone."""
        keys = self._handed_out | self._changed
        return dict(codec.record(self.state, key) for key in (*keys, self.state.record))

    def hand_out_records(self) -> dict[tuple[str, str], Any]:
        """Return them while the engine goes on: what changes from now on is not among them.

        Until :meth:`take_back_records` is called, or :meth:`saved_handed_out`, they count as neither saved nor unsaved.
        """
        records = self.unsaved_records()
        self._handed_out |= self._changed
        self._changed = {}
        return records

    def saved_handed_out(self) -> None:
        """What :meth:`hand_out_records` returned is kept."""
        self._handed_out = {}

    def take_back_records(self) -> None:
        """What :meth:`hand_out_records` returned is not kept."""
        self._changed = self._handed_out | self._changed
        self._handed_out = {}

    def saved(self) -> None:
        """What :meth:`unsaved_records` returned is kept."""
        self._changed.clear()
        self._handed_out = {}

    def hold(self) -> None:
        """Let another step follow the last one, which stays provisional: :meth:`undo` takes both back."""
        if self._tx is not None:
            self._held.append(self._tx)
            self._tx = None

    def undo(self) -> None:
        """Take the last step back, and all that are held: the state is what it was before them."""
        if self._tx is not None:
            self._tx.rollback()
            self._tx = None
        while self._held:
            self._held.pop().rollback()

    def _overslept(self, now: float) -> bool:
        """Whether nobody stepped for a while although a deadline was due: all of that is met at once, each at its own
        instant, as after a restart."""
        state, late = self.state, now - _OVERSLEPT_SECONDS
        if state.engine_time >= late:
            return False
        due = self._next_due(state.wall_time - state.engine_time)
        return due is not None and due < late

    def _note_time(self, turn: Turn) -> None:
        turn.tx.on_undo(partial(self._set_time, self.state.engine_time, self.state.wall_time))
        self._set_time(turn.now.engine, turn.now.wall)
        self._ahead = turn.now.wall - turn.now.engine

    def _set_wall(self, turn: Turn) -> None:
        """Let the turn's wall clock be what it is now; it may have been set since the last step, and nobody knew."""
        back = turn.ahead - self._ahead
        turn.ahead = self._ahead
        if back > _SET_BACK_SECONDS:
            if self.state.wall_floor > turn.now.wall:
                turn.tx.edit(self.state).wall_floor = turn.now.wall
            reload.wall_went_back(turn)

    def _set_time(self, engine: float, wall: float) -> None:
        self.state.engine_time, self.state.wall_time = engine, wall

    def _upcoming(self, turn: Turn) -> tuple[float, bool] | None:
        """Return the instant, in engine time, of the first deadline that is due, and whether it is the wall's."""
        engine = self.state.agenda.next_instant()
        if engine is not None and engine > turn.now.engine:
            engine = None
        wall = self.state.wall_agenda.next_instant()
        if wall is not None and wall <= turn.now.engine + turn.ahead + _ROUNDING:
            at = min(turn.now.engine, max(turn.clock, wall - turn.ahead))
            if engine is None or at <= engine:
                return at, True
        return None if engine is None else (engine, False)

    def _drain(self, turn: Turn, deadlines: float, episodes: float, *, late: bool) -> float:
        """Meet what is due, in order, so many *deadlines* at most; between two instants all of the first is settled.

        That includes what was to be decided anew, so many *episodes* at most; return how many are left of these.
        *late*: all of it is decided at its instant, for silences that came and went meanwhile stopped clocks.
        """
        room = LINES_PER_STEP if deadlines < _ALL else _ALL  # not for reviews: these may go on for long
        while True:
            upcoming = self._upcoming(turn)
            later = (turn.now.engine if upcoming is None else upcoming[0]) > turn.clock
            edges_met = later or (upcoming is not None and not upcoming[1])  # what mutes comes before what is due
            if late and edges_met and walk.active(self.state):
                reviews.work_off(turn, _ALL)
            elif edges_met and episodes > 0 and walk.active(self.state):
                episodes = reviews.work_off(turn, episodes)
            elif (later or upcoming is None) and turn.unsettled:
                self._settle(turn)
            elif upcoming is None or deadlines == 0 or room <= 0:
                return episodes
            else:
                at, of_wall = upcoming
                turn.clock = max(turn.clock, at)
                deadlines -= 1
                room += len(turn.lines) + len(turn.escalations)
                meet(turn, *self._pop(turn, of_wall))
                room -= len(turn.lines) + len(turn.escalations)

    def _pop(self, turn: Turn, of_wall: bool) -> tuple[Deadline, str]:
        if of_wall:
            popped = self.state.wall_agenda.pop_due(turn.tx, turn.now.engine + turn.ahead + _ROUNDING)
        else:
            popped = self.state.agenda.pop_due(turn.tx, turn.now.engine)
        assert popped is not None, "its instant was read just before"
        if of_wall:
            turn.tx.edit(self.state).wall_floor = popped[2]
        return popped[0], popped[1]

    def _take(self, turn: Turn, item: Input) -> bool:
        if isinstance(item, PlanChanged):
            old = self.plan
            turn.tx.on_undo(lambda: setattr(self, "plan", old))
            self.plan = item.plan
            turn.tx.edit(self.state).configuration = item.plan.digest
            reload.change_plan(turn, item.plan)
            return True
        if isinstance(item, Restarted):
            reload.restart(turn, item.waiting)
            return True
        before = len(turn.events)
        changed = incidents.fire(turn, item.alert) if isinstance(item, AlertFired) else self._take_fact(turn, item)
        if changed and not isinstance(item, AttemptEnded):
            turn.events.insert(before, FactAccepted(turn.clock, item))  # what came of it follows
        return changed

    def _take_fact(
        self,
        turn: Turn,
        fact: AlertResolved
        | Acknowledged
        | Snoozed
        | Escalated
        | Noted
        | AttemptEnded
        | SilenceSet
        | SilenceExpired
        | Redriven
        | GapFound,
    ) -> bool:
        match fact:
            case AlertResolved(alert_id):
                return incidents.resolve_alert(turn, alert_id)
            case Acknowledged():
                return attention.acknowledge(turn, fact)
            case Snoozed():
                return attention.snooze(turn, fact)
            case Escalated(target):
                return attention.escalate(turn, target)
            case Noted(target):
                return target in self.state.alerts or target in self.state.incidents
            case AttemptEnded() if watchdog.is_heartbeat(fact.notification_id) and fact.attempt == 1:
                return watchdog.heartbeat_ended(turn, fact.outcome.success, fact.outcome.detail)
            case AttemptEnded():
                return outcomes.attempt_ended(turn, fact)
            case SilenceSet(silence):
                return reload.set_silence(turn, silence)
            case SilenceExpired(silence_id, by):
                return reload.expire_silence(turn, silence_id, by)
            case Redriven(notification_id):
                return redrive(turn, notification_id)
            case GapFound(kind, subject, detail):
                turn.gap(kind, subject, detail)
                return True
            case _:
                assert_never(fact)

    def _flush(self, turn: Turn) -> None:
        """Settle and pump every lane that something happened to, until none is left."""
        if turn.beats:
            watchdog.beat(turn)
        turn.fresh.clear()  # of what deadlines made, facts may have changed what it tells
        self._settle(turn)
        while turn.lanes:
            waiting, turn.lanes = turn.lanes, {}
            for lane in waiting.values():
                lanes.pump(turn, lane)
            self._settle(turn)

    def _settle(self, turn: Turn) -> None:
        """Draw the consequences of what happened at this instant, apart from attempts: these can only start now."""
        while turn.unsettled:
            gaps, turn.gaps = turn.gaps, {}
            for gap in gaps.values():
                incidents.tell_gap(turn, gap)
            running, turn.escalations = turn.escalations, {}
            for incident, one in running.values():
                escalation.advance(turn, incident, one)
            while turn.lines:
                line_id = next(iter(turn.lines))
                lines.settle(turn, turn.lines.pop(line_id))
