"""A YAML document as Alertmanager reads it: mappings, lists and plain texts, each with its line.

Alertmanager knows of each value whether it wants a text, a number or a list, and takes the text as it is written: a
label ``yes`` or ``010`` stays that. So no value is interpreted here before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeVar

import attrs
import yaml

from tocsin import nearest
from tocsin_server.convert.durations import prometheus_duration
from tocsin_server.convert.remarks import NotAlertmanagerError

__all__ = ["Section", "Value", "line_of"]

T = TypeVar("T")

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE: Final = frozenset({"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_MERGE: Final = "<<"


@attrs.frozen(slots=True)
class Value:
    """Whatever stands under a key or in a list; ``name`` says what it is, for messages.

    ``line`` is where its key stands, from 1, or where it begins itself if it has none.
    """

    node: yaml.Node = attrs.field(repr=False)
    name: str
    line: int

    @property
    def absent(self) -> bool:
        """Whether nothing is written there, or null."""
        return self.single and not self.quoted and self.node.value in _NULLS

    @property
    def single(self) -> bool:
        """Whether it is neither a mapping nor a list."""
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def quoted(self) -> bool:
        """Whether it is a text even where it looks like something else."""
        return isinstance(self.node, yaml.ScalarNode) and bool(self.node.style)

    def wrong(self, wanted: str) -> NotAlertmanagerError:
        """Return the error that something else is wanted here."""
        return NotAlertmanagerError(f"{self.name or 'the file'} {wanted}", self.line)

    def text(self) -> str:
        """Return the text, as it is written; null is the empty one."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("is a text, not a mapping or a list")
        return "" if self.absent else str(self.node.value)

    def boolean(self) -> bool:
        """Return what ``true``, ``yes`` or ``on``, or their opposites, mean."""
        if self.single and not self.quoted:
            if self.node.value in _TRUE:
                return True
            if self.node.value in _FALSE or self.absent:
                return False
        raise self.wrong("is true or false")

    def integer(self) -> int:
        """Return a whole number."""
        text = self.text().replace("_", "")
        if self.quoted or not text.lstrip("+-").isdecimal() or not text.isascii() or len(text) > 20:
            raise self.wrong("is a whole number")
        try:
            return int(text)
        except ValueError:
            raise self.wrong("is a whole number") from None

    def duration(self) -> float:
        """Return the seconds of a duration such as ``5m``."""
        found = prometheus_duration(self.text())
        if found is None:
            raise self.wrong("is a duration such as 30s, 5m or 1h30m")
        return found

    def items(self) -> list[Value]:
        """Return the items of a list; null is the empty one."""
        if self.absent:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("is a list")
        return [Value(item, f"{self.name}[{index}]", line_of(item)) for index, item in enumerate(self.node.value)]

    def texts(self) -> list[str]:
        """Return a list of texts."""
        return [item.text() for item in self.items()]

    def section(self, known: Collection[str] | None = None) -> Section:
        """Return a mapping; null is the empty one. Other keys than *known* are refused, where these are given."""
        if self.absent:
            return Section(self.name, self.line, {})
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("is a mapping")
        entries = _entries(self.node, self.name)
        if known is not None:
            for key, value in entries.items():
                if key not in known:
                    raise NotAlertmanagerError(
                        f"{self.name or 'the configuration'} has no field {key!r:.80}{nearest(key, known)}", value.line
                    )
        return Section(self.name, self.line, entries)

    def text_map(self) -> dict[str, str]:
        """Return a mapping of texts to texts."""
        return {key: value.text() for key, value in self.section().items()}


@attrs.frozen(slots=True)
class Section:
    """A mapping; ``line`` is where it begins."""

    name: str
    line: int
    _entries: dict[str, Value] = attrs.field(repr=False)

    def get(self, key: str) -> Value | None:
        """Return what stands under *key*, or None where nothing does, or null."""
        value = self._entries.get(key)
        return None if value is None or value.absent else value

    def filled(self, key: str) -> Value | None:
        """Return what stands under *key*, or None where nothing does, null, or a text that is empty."""
        value = self.get(key)
        return None if value is None or (value.single and not value.text()) else value

    def read(self, key: str, form: Callable[[Value], T], default: T) -> T:
        """Return what *form* makes of the value under *key*, or *default* where there is none."""
        value = self.get(key)
        return default if value is None else form(value)

    def text(self, key: str) -> str:
        """Return the text under *key*, or ''."""
        return self.read(key, Value.text, "")

    def texts(self, key: str) -> list[str]:
        """Return the texts of the list under *key*; none where there is none."""
        return [value.text() for value in self.values(key)]

    def values(self, key: str) -> list[Value]:
        """Return the items of the list under *key*; none where there is none."""
        value = self.get(key)
        return [] if value is None else value.items()

    def items(self) -> Iterator[tuple[str, Value]]:
        """All keys, in the file's order, also those under which null stands."""
        yield from self._entries.items()

    def written(self, key: str) -> bool:
        """Whether *key* is there, if only with null."""
        return key in self._entries

    def line_of(self, key: str) -> int:
        """Return the line of *key*, or where the mapping begins."""
        return self._entries[key].line if key in self._entries else self.line


def _entries(node: yaml.MappingNode, name: str) -> dict[str, Value]:
    entries: dict[str, Value] = {}
    merged: dict[str, Value] = {}
    here = name or "the file"
    for key, value in node.value:
        line = line_of(key)
        if not isinstance(key, yaml.ScalarNode):
            raise NotAlertmanagerError(f"a key in {here} is a text, not a mapping or a list", line)
        if key.value == _MERGE and not key.style:
            for other in reversed(value.value if isinstance(value, yaml.SequenceNode) else [value]):
                if not isinstance(other, yaml.MappingNode):
                    raise NotAlertmanagerError(f"what is merged into {here} is a mapping", line)
                merged |= _entries(other, name)
        elif key.value in entries:
            raise NotAlertmanagerError(f"the key {key.value!r:.80} stands twice in {here}", line)
        else:
            entries[key.value] = Value(value, _joined(name, key.value), line)
    return {**merged, **entries}


def line_of(node: yaml.Node) -> int:
    """Return the line in which *node* begins, from 1."""
    return int(node.start_mark.line) + 1


def _joined(name: str, key: str) -> str:
    return f"{name}.{key[:80]}" if name else key[:80]
