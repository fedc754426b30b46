"""The undo log of one step: a commit that fails, and ``explain``, leave no trace. It also knows what changed."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar

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

_FIELDS: Final = object()
_ACTION: Final = object()
_NOTHING: Final = object()


_Slots = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]
_KNOWN: Final[dict[type, _Slots]] = {}


def _slots(kind: type) -> _Slots:
    """Return the names of a record's fields, and what reads all of them at once."""
    if kind not in _KNOWN:
        names = tuple(name for name in vars(kind)["__slots__"] if name != "__weakref__")
        assert len(names) > 1, "of one name alone, attrgetter makes no tuple"
        _KNOWN[kind] = names, attrgetter(*names)
    return _KNOWN[kind]


class Transaction:
    """Remembers how to take back every change that is made through it, and in which records they were made."""

    __slots__ = ("_edited", "_undo", "changed")

    def __init__(self) -> None:
        # one tuple for each change: as many closures would keep the collector of garbage busy
        self._undo: list[tuple[Any, Any, Any]] = []
        self._edited: dict[int, object] = {}
        self.changed: dict[Key, None] = {}

    def edit(self, record: R) -> R:
        """Return *record* after noting its fields; assign to them as you like until the step ends.

        Mappings inside it are not noted: they change only through :meth:`put_in` and :meth:`drop_from`.
        """
        if id(record) not in self._edited:
            self._edited[id(record)] = record  # keeps it alive, so that no other object gets its id
            self.changed[record.record] = None
            kind = type(record)
            self._undo.append((_FIELDS, record, (_KNOWN.get(kind) or _slots(kind))[1](record)))
        return record

    def add(self, table: Table[K, R], key: K, record: R) -> None:
        """As :meth:`put`, with a *record* that was made in this step: it goes when that is taken back, as it may be."""
        self.put(table, key, record)
        self._edited[id(record)] = record

    def add_in(self, owner: Record, mapping: MutableMapping[K, R], key: K, record: R) -> None:
        """As :meth:`add`, in a *mapping* that is a part of *owner*."""
        self.put_in(owner, mapping, key, record)
        self._edited[id(record)] = record

    def put(self, table: Table[K, V], key: K, value: V) -> None:
        """``table[key] = value``; taken back, a new key goes, and an old one gets its value back."""
        self.changed[table.name, key] = None
        self._undo.append((table, key, table.get(key, _NOTHING)))
        table[key] = value

    def drop(self, table: Table[K, V], key: K) -> None:
        """Remove *key* if it is there; taken back, it is there again, perhaps at another place in the table's order.

        No decision may therefore depend on the order of a mapping that is dropped from.
        """
        if key in table:
            self.changed[table.name, key] = None
            self._undo.append((table, key, table.pop(key)))

    def put_in(self, owner: Record, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """As :meth:`put`, in a *mapping* that is a part of *owner*."""
        self.changed[owner.record] = None
        self._undo.append((mapping, key, mapping.get(key, _NOTHING)))
        mapping[key] = value

    def drop_from(self, owner: Record, mapping: MutableMapping[K, V], key: K) -> None:
        """As :meth:`drop`, from a *mapping* that is a part of *owner*."""
        if key in mapping:
            self.changed[owner.record] = None
            self._undo.append((mapping, key, mapping.pop(key)))

    def index(self, mapping: MutableMapping[K, V], key: K, value: V) -> None:
        """As :meth:`put`, in a *mapping* that is derived from the records and is no part of one."""
        self._undo.append((mapping, key, mapping.get(key, _NOTHING)))
        mapping[key] = value

    def unindex(self, mapping: MutableMapping[K, V], key: K) -> None:
        """As :meth:`drop`, from a *mapping* that is derived from the records."""
        if key in mapping:
            self._undo.append((mapping, key, mapping.pop(key)))

    def on_undo(self, action: Callable[[], Any]) -> None:
        """Call *action* when the step is taken back, in its place among the others; twice is as good as once."""
        self._undo.append((_ACTION, action, None))

    def rollback(self) -> None:
        """Take everything back, the last change first; one that was cut off goes on where it stood."""
        while self._undo:
            _take_back(*self._undo[-1])
            self._undo.pop()
        self._edited.clear()
        self.changed.clear()


def _take_back(changed: Any, key: Any, old: Any) -> None:
    if changed is _FIELDS:
        for name, value in zip(_slots(type(key))[0], old, strict=True):
            setattr(key, name, value)
    elif changed is _ACTION:
        key()
    elif old is _NOTHING:
        changed.pop(key, None)
    else:
        changed[key] = old
