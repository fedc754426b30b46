"""The roll: what is put, removed and put back stands in the order of its numbers, and an undo leaves no trace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.roll import Roll
from tocsin.engine.transaction import Transaction


def listed(roll: Roll[int]) -> list[int]:
    """Return all numbers, as a walk comes by them."""
    found, serial = [], 0
    while (first := roll.first(serial)) is not None:
        found.append(first[0])
        serial = first[0] + 1
    return found


@given(st.lists(st.tuples(st.lists(st.integers(0, 200), max_size=30), st.booleans()), max_size=20))
def test_the_roll_is_a_sorted_set_of_those_that_are_there(steps: list[tuple[list[int], bool]]) -> None:
    """A number adds the next one if it is even, and removes or puts back an earlier one if it is odd."""
    roll, known, made = Roll[int](), set[int](), 0
    for numbers, kept in steps:
        tx, before, made_before = Transaction(), set(known), made
        for number in numbers:
            if number % 2 == 0 or not made:
                roll.add(tx, made, f"i{made}")
                known.add(made)
                made += 1
                continue
            serial = number % made
            if serial in known:
                roll.remove(tx, serial)
            else:
                roll.put_back(tx, serial, f"i{serial}")
            known ^= {serial}
        if kept:
            roll.tidy()
        else:
            tx.rollback()
            known, made = before, made_before
        assert listed(roll) == sorted(known)
        assert all(roll.first(serial) == (serial, f"i{serial}") for serial in known)
