"""How much work a question may take: counted and not timed, so that it has the same answer everywhere."""

from __future__ import annotations

__all__ = ["Budget", "Exhausted"]


class Exhausted(Exception):
    """The question would take more work than it may."""


class Budget:
    """Units of work: a step of an automaton, a visit of a clause; very roughly a microsecond each."""

    __slots__ = ("left", "units")

    def __init__(self, units: int) -> None:
        self.units = units
        self.left = units

    @property
    def spent(self) -> int:
        """How much was taken so far."""
        return self.units - self.left

    def spend(self, units: int = 1) -> None:
        """Take *units*.

        :raises Exhausted: when not so many are left.
        """
        self.left -= units
        if self.left < 0:
            raise Exhausted(f"it would take more than {self.units} steps of work")
