"""The agenda against a sorted list, through steps that are kept and steps that are taken back."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.agenda import Agenda, Deadline, Ordered
from tocsin.engine.transaction import Transaction

Key = tuple[int, str]


class Model:
    """Deadlines as a plain mapping, sorted whenever somebody asks."""

    def __init__(self) -> None:
        self.at: dict[Key, float] = {}

    def first(self) -> tuple[float, Key] | None:
        return min(((at, key) for key, at in self.at.items()), default=None)

    def pop_due(self, now: float) -> tuple[Deadline, str, float] | None:
        first = self.first()
        if first is None or first[0] > now:
            return None
        at, key = first
        del self.at[key]
        return Deadline(key[0]), key[1], at


_kinds = st.sampled_from([Deadline.SILENCE_EDGE, Deadline.LEVEL, Deadline.RETRY, Deadline.FORGET])
_names = st.sampled_from("abc")
_instants = st.integers(0, 6).map(float)
_operation = st.one_of(
    st.tuples(st.just("set"), _kinds, _names, _instants),
    st.tuples(st.just("set_earlier"), _kinds, _names, _instants),
    st.tuples(st.just("cancel"), _kinds, _names),
    st.tuples(st.just("pop_due"), _instants),
)
_steps = st.lists(st.tuples(st.booleans(), st.lists(_operation, max_size=8)), max_size=20)


def apply(agenda: Agenda, tx: Transaction, known: Model, operation: tuple[Any, ...]) -> None:
    """Do the same to both, and compare."""
    match operation:
        case ("set", kind, name, at):
            agenda.set(tx, kind, name, at)
            known.at[(int(kind), name)] = at
        case ("set_earlier", kind, name, at):
            agenda.set_earlier(tx, kind, name, at)
            known.at[(int(kind), name)] = min(at, known.at.get((int(kind), name), at))
        case ("cancel", kind, name):
            agenda.cancel(tx, kind, name)
            known.at.pop((int(kind), name), None)
        case ("pop_due", now):
            assert agenda.pop_due(tx, now) == known.pop_due(now)
    same(agenda, known)


def same(agenda: Agenda, known: Model) -> None:
    """Both hold the same, and give the same first."""
    assert agenda.ranks == known.at
    assert len(agenda) == len(known.at)
    assert agenda.first() == known.first()
    assert agenda.next_instant() == (None if (first := known.first()) is None else first[0])


@given(steps=_steps)
@settings(max_examples=300, deadline=None)
def test_the_agenda_is_a_sorted_list_through_steps_and_undo(steps: list[tuple[bool, list[tuple[Any, ...]]]]) -> None:
    """In order of (instant, kind, id); a step that is taken back leaves it as it was."""
    agenda, known = Agenda(), Model()
    for kept, operations in steps:
        before = dict(known.at)
        tx = Transaction()
        for operation in operations:
            apply(agenda, tx, known, operation)
        if not kept:
            tx.rollback()
            known.at = before
        same(agenda, known)


@pytest.mark.parametrize("seed", range(5))
def test_thousands_of_changes_keep_it_in_order_and_in_bounds(seed: int) -> None:
    """Deadlines that move all the time leave no heap of stale ones behind, whether steps are kept or taken back."""
    chance = random.Random(seed)
    agenda, known = Agenda(), Model()
    for _ in range(300):
        before = dict(known.at)
        tx = Transaction()
        for _ in range(20):
            kind, name, at = chance.choice(list(Deadline)), chance.choice("abcdef"), float(chance.randrange(50))
            choices: list[tuple[Any, ...]] = [("set", kind, name, at), ("cancel", kind, name), ("pop_due", at)]
            apply(agenda, tx, known, chance.choices(choices, weights=[6, 1, 1])[0])
        if chance.random() < 0.5:
            tx.rollback()
            known.at = before
        same(agenda, known)
    while (popped := known.pop_due(100.0)) is not None:
        assert agenda.pop_due(Transaction(), 100.0) == popped
    assert agenda.first() is None


def test_deadlines_of_one_instant_come_in_order_of_kind_then_id() -> None:
    agenda, tx = Agenda(), Transaction()
    for kind, name in (
        (Deadline.LANE, "a"),
        (Deadline.LEVEL, "b"),
        (Deadline.LEVEL, "a"),
        (Deadline.SILENCE_EDGE, "z"),
    ):
        agenda.set(tx, kind, name, 7.0)
    popped = [agenda.pop_due(tx, 7.0) for _ in range(4)]
    assert [(one[0], one[1]) for one in popped if one] == [
        (Deadline.SILENCE_EDGE, "z"),
        (Deadline.LEVEL, "a"),
        (Deadline.LEVEL, "b"),
        (Deadline.LANE, "a"),
    ]


def test_nothing_is_due_before_its_instant() -> None:
    agenda, tx = Agenda(), Transaction()
    agenda.set(tx, Deadline.RETRY, "a", 5.0)
    assert agenda.pop_due(tx, 4.999) is None
    assert agenda.pop_due(tx, 5.0) == (Deadline.RETRY, "a", 5.0)
    assert agenda.pop_due(tx, 5.0) is None


def test_a_queue_orders_by_rank_and_a_key_has_one_place() -> None:
    queue: Ordered[str] = Ordered()
    tx = Transaction()
    queue.put(tx, "a", (-1, 5.0))
    queue.put(tx, "b", (-3, 9.0))
    assert queue.first() == ((-3, 9.0), "b")
    queue.put(tx, "a", (-4, 5.0))
    assert queue.first() == ((-4, 5.0), "a")
    tx.rollback()
    assert ("a" in queue, queue.first()) == (False, None)
