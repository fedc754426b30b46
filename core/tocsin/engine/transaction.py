"""The undo log of one step: a commit that fails, and ``explain``, leave no trace."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

__all__ = ["Transaction"]

K = TypeVar("K")
V = TypeVar("V")


R = TypeVar("R", bound=object)


class Transaction:
    """Remembers how to take back every change that is made through it."""

    __slots__ = ("_edited", "_undo")

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []
        self._edited: dict[int, object] = {}

    @property
    def changed(self) -> bool:
        """Whether anything changed."""
        return bool(self._undo)

    def edit(self, record: R) -> R:
        """Return *record*, a slotted object, after noting its fields; assign to them as you like until the step ends.

        Mappings inside it are not noted: they change only through :meth:`put` and :meth:`drop`.
        """
        if id(record) not in self._edited:
            self._edited[id(record)] = record  # keeps it alive, so that no other object gets its id
            fields = [(name, getattr(record, name)) for name in type(record).__slots__ if name != "__weakref__"]  # type: ignore[attr-defined]
            self._undo.append(lambda: self._restore(record, fields))
        return record

    @staticmethod
    def _restore(record: object, fields: list[tuple[str, Any]]) -> None:
        for name, value in fields:
            setattr(record, name, value)

    def put(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """``mapping[key] = value``; taken back, a new key goes, and an old one gets its value back."""
        if key in mapping:
            old = mapping[key]
            self._undo.append(lambda: mapping.__setitem__(key, old))
        else:
            self._undo.append(lambda: mapping.__delitem__(key))
        mapping[key] = value

    def drop(self, mapping: MutableMapping[K, V], key: K) -> None:
        """Remove *key* if it is there; taken back, it is there again, perhaps at another place in the mapping's order.

        No decision may therefore depend on the order of a mapping that is dropped from.
        """
        if key in mapping:
            value = mapping.pop(key)
            self._undo.append(lambda: mapping.__setitem__(key, value))

    def on_undo(self, action: Callable[[], Any]) -> None:
        """Call *action* when the step is taken back, in its place among the others."""
        self._undo.append(action)

    def rollback(self) -> None:
        """Take everything back, the last change first."""
        while self._undo:
            self._undo.pop()()
        self._edited.clear()
