"""Sets of matchers: which of them does an alert meet? At a cost that does not grow with the sets it does not meet.

Each set hangs on one of its equalities, where it has one: the one that fewest others hang on. An alert asks only the
sets that hang on its own labels' values, and those that have no equality. Many that hang on the same value are told
apart by bits (:mod:`.masks`), few are tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Generic, TypeVar

from tocsin.engine.suppression.masks import Masks, passes
from tocsin.model.alert import LABEL_ALONE, VIEW_FIELDS, AlertView
from tocsin.model.silence import LabelMatcher
from tocsin.roles.matcher import FieldTest, field_test

__all__ = ["MatcherSets", "compiled"]

K = TypeVar("K")
_FEW: Final = 8
_SLACK: Final = 64


@lru_cache(maxsize=16_384)
def compiled(matcher: LabelMatcher) -> FieldTest:
    """Return the test that *matcher* means; see :func:`tocsin.roles.matcher.field_test`."""
    return field_test(matcher)


class MatcherSets(Generic[K]):
    """A collection of sets of tests, each under a key. Its answers do not depend on the order of changes."""

    __slots__ = ("_hooks", "_loose", "_places")

    def __init__(self) -> None:
        self._hooks: dict[str, dict[str, _Bunch[K]]] = {}
        self._loose: _Bunch[K] = _Bunch()
        self._places: dict[K, FieldTest | None] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, key: K, tests: tuple[FieldTest, ...]) -> None:
        """Add a set under *key*, which is free."""
        hook = self._places[key] = self._hook(tests)
        if hook is None:
            self._loose.add(key, tests)
            return
        others = tuple(test for test in tests if test is not hook)
        by_value = self._hooks.setdefault(hook.name, {})
        for value in hook.values:
            by_value.setdefault(value, _Bunch()).add(key, others)

    def remove(self, key: K) -> None:
        """Remove the set of *key*, which is there."""
        hook = self._places.pop(key)
        if hook is None:
            self._loose.remove(key)
            return
        by_value = self._hooks[hook.name]
        for value in hook.values:
            by_value[value].remove(key)
            if not by_value[value]:
                del by_value[value]
        if not by_value:
            del self._hooks[hook.name]

    def met(self, view: AlertView) -> list[K]:
        """Return the keys of the sets all of whose tests the alert passes, in no particular order."""
        found = self._loose.met(view)
        for bunch in self._bunches(view):
            found += bunch.met(view)
        return found

    def _bunches(self, view: AlertView) -> Iterator[_Bunch[K]]:
        hooks = self._hooks
        if not hooks:
            return
        labels = view.alert.labels
        for name, value in labels.items():
            if name in hooks and (bunch := hooks[name].get(value)) is not None:
                yield bunch
        for name in VIEW_FIELDS:
            if name in hooks and name not in labels and (bunch := hooks[name].get(view.field(name))) is not None:
                yield bunch

    def _hook(self, tests: tuple[FieldTest, ...]) -> FieldTest | None:
        """Return the equality that fewest sets hang on, None if there is none that only a present label can meet."""
        return min(filter(_hangable, tests), key=self._crowd, default=None)

    def _crowd(self, test: FieldTest) -> tuple[int, int]:
        by_value = self._hooks.get(test.name, {})
        crowd = max((len(by_value[value]) for value in test.values if value in by_value), default=0)
        return crowd, len(test.values)


def _hangable(test: FieldTest) -> bool:
    """Whether one look at an alert's labels and fields, each by its own name, finds the sets that hang on the test."""
    if test.negated or test.own or test.patterns or "" in test.values:
        return False
    return not test.name.startswith(LABEL_ALONE)


class _Bunch(Generic[K]):
    """Sets that have to be looked at together: few, one by one; many, by bits."""

    __slots__ = ("_masks", "_members")

    def __init__(self) -> None:
        self._members: dict[K, tuple[FieldTest, ...]] = {}
        self._masks: Masks[K] | None = None

    def __len__(self) -> int:
        return len(self._members)

    def add(self, key: K, tests: tuple[FieldTest, ...]) -> None:
        self._members[key] = tests
        if self._masks is not None and self._masks.slots < 2 * len(self._members) + _SLACK:
            self._masks.add(key, tests)
        elif len(self._members) > _FEW:
            self._masks = Masks(self._members)
        else:
            self._masks = None

    def remove(self, key: K) -> None:
        del self._members[key]
        if self._masks is not None:
            self._masks.remove(key)
        if len(self._members) <= _FEW // 2:
            self._masks = None

    def met(self, view: AlertView) -> list[K]:
        if self._masks is not None:
            return self._masks.met(view)
        return [key for key, tests in self._members.items() if passes(tests, view)]
