"""Many sets of tests at once: one bit per set, and for each label's value the bits of the sets that it rules out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from tocsin.engine.suppression.patterns import PatternTests
from tocsin.model.alert import AlertView
from tocsin.roles.matcher import FieldTest

__all__ = ["Masks", "passes"]

K = TypeVar("K")


def passes(tests: tuple[FieldTest, ...], view: AlertView) -> bool:
    """Whether the alert passes all *tests*."""
    return all(test.accepts(test.read(view)) for test in tests)


class Masks(Generic[K]):
    """Sets of tests under keys. A set that is removed leaves its slot behind: ``slots`` only grows."""

    __slots__ = ("_fields", "_keys", "_live", "_rest", "_slots")

    def __init__(self, members: Mapping[K, tuple[FieldTest, ...]]) -> None:
        self._keys: list[K] = []
        self._slots: dict[K, int] = {}
        self._live = 0
        self._fields: dict[str, _Field] = {}
        self._rest: dict[K, tuple[FieldTest, ...]] = {}
        for key, tests in members.items():
            self.add(key, tests)

    @property
    def slots(self) -> int:
        """How many sets were ever added."""
        return len(self._keys)

    def add(self, key: K, tests: tuple[FieldTest, ...]) -> None:
        """Add a set under *key*, which is free."""
        slot = self._slots[key] = len(self._keys)
        self._keys.append(key)
        self._live |= 1 << slot
        rest = tuple(test for test in tests if not self._take(test, 1 << slot))
        if rest:
            self._rest[key] = rest

    def _take(self, test: FieldTest, bit: int) -> bool:
        if test.own:
            return False
        field = self._fields.get(test.name)
        if field is None:
            field = self._fields[test.name] = _Field()
        return field.take(test, bit)

    def remove(self, key: K) -> None:
        """Remove the set of *key*, which is there."""
        self._live &= ~(1 << self._slots.pop(key))
        self._rest.pop(key, None)

    def met(self, view: AlertView) -> list[K]:
        """Return the keys of the sets all of whose tests the alert passes."""
        mask = self._live
        for name, field in self._fields.items():
            mask &= ~field.refused(view.label(name))
            if not mask:
                return []
        return [key for key in self._keys_of(mask) if passes(self._rest.get(key, ()), view)]

    def _keys_of(self, mask: int) -> list[K]:
        found = []
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            found.append(self._keys[lowest.bit_length() - 1])
        return found


class _Field:
    """What one label's value says about the sets. A set has at most one positive test of each kind here.

    ``_values`` and ``_excluded`` map a value to the sets that want it, or do not; ``_wanting`` are all that want one.
    """

    __slots__ = ("_excluded", "_patterns", "_values", "_wanting")

    def __init__(self) -> None:
        self._values: dict[str, int] = {}
        self._wanting = 0
        self._excluded: dict[str, int] = {}
        self._patterns: PatternTests | None = None

    def take(self, test: FieldTest, bit: int) -> bool:
        """Take in a test of the set *bit*; False when it is of a kind that has to be tried by itself."""
        if test.patterns:
            return self._take_pattern(test, bit)
        if not test.negated:
            if self._wanting & bit:
                return False
            self._wanting |= bit
        by_value = self._excluded if test.negated else self._values
        for value in test.values:
            by_value[value] = by_value.get(value, 0) | bit
        return True

    def _take_pattern(self, test: FieldTest, bit: int) -> bool:
        if test.values or len(test.patterns) > 1:
            return False
        if self._patterns is None:
            self._patterns = PatternTests()
        return self._patterns.take(test.patterns[0], test.negated, bit)

    def refused(self, value: str) -> int:
        """Return the sets that *value* rules out."""
        refused = self._wanting & ~self._values.get(value, 0) | self._excluded.get(value, 0)
        return refused if self._patterns is None else refused | self._patterns.refused(value)
