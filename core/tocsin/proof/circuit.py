"""Conditions on an alert as a circuit: atoms, and gates that are true when all of their inputs are.

A literal is the number of an atom or a gate, negative where its opposite is meant.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

__all__ = ["FALSE", "TRUE", "Circuit"]

TRUE: Final = 1
FALSE: Final = -1


class Circuit:
    """Grows only. Equal gates are one gate."""

    def __init__(self) -> None:
        self.inputs: dict[int, tuple[int, ...]] = {}
        self.atoms: dict[int, Hashable] = {}
        self.size = TRUE
        self._numbers: dict[Hashable, int] = {}
        self._gates: dict[tuple[int, ...], int] = {}

    def atom(self, what: Hashable) -> int:
        """Return the literal of an atom; what is equal is the same atom."""
        number = self._numbers.get(what)
        if number is None:
            self.size += 1
            number = self._numbers[what] = self.size
            self.atoms[number] = what
        return number

    def free(self) -> int:
        """Return a new literal that nothing says anything about."""
        self.size += 1
        return self.size

    def all_of(self, literals: Iterable[int]) -> int:
        """Return the literal of what is true when all *literals* are."""
        different = {literal for literal in literals if literal != TRUE}
        if FALSE in different or any(-literal in different for literal in different if literal > 0):
            return FALSE
        inputs = tuple(sorted(different))
        if len(inputs) < 2:
            return inputs[0] if inputs else TRUE
        gate = self._gates.get(inputs)
        if gate is None:
            self.size += 1
            gate = self._gates[inputs] = self.size
            self.inputs[gate] = inputs
        return gate

    def any_of(self, literals: Iterable[int]) -> int:
        """Return the literal of what is true when one of *literals* is."""
        return -self.all_of(-literal for literal in literals)
