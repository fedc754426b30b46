"""The undo log of one step: a commit that fails, and ``explain``, leave no trace. It also knows what changed."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["Key", "Record", "Table", "Transaction"]

K = TypeVar("K")
V = TypeVar("V")

Key = tuple[str, Any]
"""Names one record: its table, and its key there."""


class Table(dict[K, V], Generic[K, V]):
    """A mapping each of whose values is a record of its own, or a plain value that is kept like one."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Record(Protocol):
    """A slotted object that is kept in a table, or inside another that is."""

    __slots__: tuple[str, ...]

    @property
    def record(self) -> Key:
        """The record that it is, or is a part of."""
        ...


R = TypeVar("R", bound=Record)


class Transaction:
    """Remembers how to take back every change that is made through it, and in which records they were made."""

    __slots__ = ("_edited", "_undo", "changed")

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []
        self._edited: dict[int, object] = {}
        self.changed: dict[Key, None] = {}

    def edit(self, record: R) -> R:
        """Return *record* after noting its fields; assign to them as you like until the step ends.

        Mappings inside it are not noted: they change only through :meth:`put_in` and :meth:`drop_from`.
        """
        if id(record) not in self._edited:
            self._edited[id(record)] = record  # keeps it alive, so that no other object gets its id
            self.changed[record.record] = None
            fields = [(name, getattr(record, name)) for name in type(record).__slots__ if name != "__weakref__"]
            self._undo.append(lambda: self._restore(record, fields))
        return record

    @staticmethod
    def _restore(record: object, fields: list[tuple[str, Any]]) -> None:
        for name, value in fields:
            setattr(record, name, value)

    def put(self, table: Table[K, V], key: K, value: V) -> None:
        """``table[key] = value``; taken back, a new key goes, and an old one gets its value back."""
        self.changed[table.name, key] = None
        self._put(table, key, value)

    def drop(self, table: Table[K, V], key: K) -> None:
        """Remove *key* if it is there; taken back, it is there again, perhaps at another place in the table's order.

        No decision may therefore depend on the order of a mapping that is dropped from.
        """
        if key in table:
            self.changed[table.name, key] = None
            self._drop(table, key)

    def put_in(self, owner: Record, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """As :meth:`put`, in a *mapping* that is a part of *owner*."""
        self.changed[owner.record] = None
        self._put(mapping, key, value)

    def drop_from(self, owner: Record, mapping: MutableMapping[K, V], key: K) -> None:
        """As :meth:`drop`, from a *mapping* that is a part of *owner*."""
        if key in mapping:
            self.changed[owner.record] = None
            self._drop(mapping, key)

    def index(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """As :meth:`put`, in a *mapping* that is derived from the records and is no part of one."""
        self._put(mapping, key, value)

    def unindex(self, mapping: MutableMapping[K, V], key: K) -> None:
        """As :meth:`drop`, from a *mapping* that is derived from the records."""
        if key in mapping:
            self._drop(mapping, key)

    def _put(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        if key in mapping:
            old = mapping[key]
            self._undo.append(lambda: mapping.__setitem__(key, old))
        else:
            self._undo.append(lambda: mapping.__delitem__(key))
        mapping[key] = value

    def _drop(self, mapping: MutableMapping[K, V], key: K) -> None:
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
        self.changed.clear()
