"""Reads YAML: as PyYAML's safe loader does, with a place for every value, and with bounds on what aliases stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

import attrs

from tocsin.configfile.document import DEEPEST, TOO_DEEP, Entry, Items, Lines, Node, Place, Scalar, Table, joined
from tocsin.configfile.findings import Findings, Unreadable
from tocsin.configfile.kinds import kind_of, scalar_kind

__all__ = ["read_yaml"]

MOST_EXPANDED: Final = 100_000
"""How many values the aliases of one file may stand for."""

_TAG: Final = "tag:yaml.org,2002:"
_SCALARS: Final = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value"))
_MERGE: Final = _TAG + "merge"
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_NUMBER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+")
_EXPONENT: Final = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?[0-9]*\.[0-9]+[eE][0-9]+")
_TRUTH: Final = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})


def read_yaml(text: str, file: str, findings: Findings) -> Node:
    """Return what *text* says; duplicate keys and what no configuration can hold are told, and reading goes on.

    :raises Unreadable: when *text* is no YAML, has several documents, is nested too deeply, or aliases stand for too
        much; or when PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise Unreadable(Place(file), "a YAML file needs PyYAML: pip install 'tocsin[yaml]'") from None
    lines = Lines(file, text)
    if found := _UNPRINTABLE.search(text):
        problem = f"YAML allows no character U+{ord(found[0]):04X}; write it as an escape in double quotes"
        raise Unreadable(lines.at(found.start()), problem)
    try:
        return _Builder(yaml, text, lines, findings).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = lines.at(min(mark.index, len(text))) if mark else Place(file)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(place, TOO_DEEP if "nesting depth" in said else f"this is no YAML: {said}") from None
    except yaml.YAMLError as error:
        raise Unreadable(Place(file), f"this is no YAML: {type(error).__name__}") from None


@attrs.frozen(slots=True)
class _Named:
    """What an anchor names, how many values that is, and how deep."""

    node: Node
    size: int
    height: int


class _Builder:
    """Makes nodes of PyYAML's events, one at a time, so that nothing is expanded before it is measured."""

    def __init__(self, yaml: ModuleType, text: str, lines: Lines, findings: Findings) -> None:
        self._yaml = yaml
        self._lines = lines
        self._findings = findings
        self._safe: Any = yaml.SafeLoader("")
        self._events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._anchors: dict[str, _Named | None] = {}
        self._expanded = 0

    def document(self) -> Node:
        """Return the only document."""
        first = self._next_but(self._yaml.StreamStartEvent)
        if isinstance(first, self._yaml.StreamEndEvent):
            raise Unreadable(self._place(first), "the file is empty; `tocsin config init` writes one to begin with")
        found = self._node(next(self._events), 1, "").node
        for event in self._events:
            if isinstance(event, self._yaml.DocumentStartEvent):
                raise Unreadable(self._place(event), "a second document begins here; a configuration is one document")
        return found

    def _next_but(self, *kinds: type) -> Any:
        event = next(self._events)
        return self._next_but(*kinds) if isinstance(event, kinds) else event

    def _place(self, event: Any) -> Place:
        return self._lines.at(event.start_mark.index)

    def _node(self, event: Any, depth: int, path: str) -> _Named:
        yaml = self._yaml
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > DEEPEST:
            raise Unreadable(self._place(event), TOO_DEEP)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            found = _Named(self._scalar(event, path), 1, 1)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._known_tag(event, "seq", path)
            found = self._sequence(event, depth, path)
        else:
            self._known_tag(event, "map", path)
            found = self._mapping(event, depth, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = found
        return found

    def _alias(self, event: Any, depth: int) -> _Named:
        place = self._place(event)
        if event.anchor not in self._anchors:
            raise Unreadable(place, f"*{event.anchor} names nothing that stands above it as &{event.anchor}")
        found = self._anchors[event.anchor]
        if found is None:
            raise Unreadable(place, f"*{event.anchor} stands inside what it names")
        self._expanded += found.size
        if self._expanded > MOST_EXPANDED:
            raise Unreadable(place, f"the aliases up to here stand for more than {MOST_EXPANDED:,} values")
        if depth + found.height - 1 > DEEPEST:
            raise Unreadable(place, TOO_DEEP)
        return found

    def _known_tag(self, event: Any, name: str, path: str) -> None:
        if event.tag not in (None, "!", _TAG + name):
            self._findings.add(self._place(event), path, f"the tag {event.tag!r:.60} means nothing here; leave it out")

    def _children(self, end: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _sequence(self, event: Any, depth: int, path: str) -> _Named:
        children = enumerate(self._children(self._yaml.SequenceEndEvent))
        items = [self._node(child, depth + 1, f"{path}[{index}]") for index, child in children]
        return _measured(Items(self._place(event), tuple(item.node for item in items)), items)

    def _mapping(self, event: Any, depth: int, path: str) -> _Named:
        entries: dict[str, Entry] = {}
        merged: list[tuple[Place, Node]] = []
        children: list[_Named] = []
        for key_event in self._children(self._yaml.MappingEndEvent):
            key = self._node(key_event, depth + 1, path)
            name = "<<" if self._is_merge(key_event) else self._name(key.node, path)
            value = self._node(next(self._events), depth + 1, joined(path, name or "?"))
            children += [key, value]
            if self._is_merge(key_event):
                merged.append((key.node.place, value.node))
            elif name is not None:
                self._enter(entries, name, Entry(key.node.place, value.node), path)
        for place, node in merged:
            self._merge(entries, place, node, path)
        return _measured(Table(self._place(event), entries), children)

    def _is_merge(self, event: Any) -> bool:
        return isinstance(event, self._yaml.ScalarEvent) and self._tag(event) == _MERGE

    def _enter(self, entries: dict[str, Entry], name: str, entry: Entry, path: str) -> None:
        first = entries.setdefault(name, entry)
        if first is not entry:
            problem = f"the key {name!r:.60} stands here twice; the first is in line {first.place.line}"
            self._findings.add(entry.place, joined(path, name), problem)

    def _name(self, key: Node, path: str) -> str | None:
        """Return the name that a key is, or None; what YAML made something else of counts under its text."""
        if not isinstance(key, Scalar):
            self._findings.add(key.place, path, f"a key is a string, not {kind_of(key)}")
            return None
        if isinstance(key.value, str):
            return key.value
        written = key.written or str(key.value)[:60]
        problem = f'a key is a string, and YAML reads this as {scalar_kind(key.value)}; write "{written}"'
        self._findings.add(key.place, joined(path, written), problem)
        return written

    def _merge(self, entries: dict[str, Entry], place: Place, node: Node, path: str) -> None:
        """Add what ``<<`` names; what stands in the mapping itself, or in an earlier one, comes first."""
        for table in node.items if isinstance(node, Items) else (node,):
            if isinstance(table, Table):
                for name, entry in table.entries.items():
                    entries.setdefault(name, entry)
            else:
                problem = f"<< takes a mapping or a list of mappings, not {kind_of(table)}"
                self._findings.add(place, path, problem)

    def _tag(self, event: Any) -> str:
        if event.tag in (None, "!"):
            return str(self._safe.resolve(self._yaml.ScalarNode, event.value, event.implicit))
        return str(event.tag)

    def _scalar(self, event: Any, path: str) -> Scalar:
        tag = self._tag(event)
        place = self._place(event)
        if tag == _MERGE:
            return Scalar(place, event.value)
        if tag not in _SCALARS:
            self._findings.add(place, path, f"the tag {tag!r:.60} means nothing here; leave it out")
            return Scalar(place, event.value)
        value = self._value(tag, event.value)
        if value is None and tag != _TAG + "null":
            name = tag.removeprefix(_TAG)
            self._findings.add(place, path, f"YAML takes this for one of its values ({name}), and it is none")
            return Scalar(place, "", lost=True)
        return Scalar(place, value, _written(event.value, value) if event.implicit[0] else "")

    def _value(self, tag: str, text: str) -> Any:
        """Return what *text* means, or None if it means nothing."""
        if tag == _TAG + "value":  # a lone equals sign, for which the safe loader has no constructor
            return text
        construct: Callable[[Any, Any], Any] = self._safe.yaml_constructors[tag]
        try:
            return construct(self._safe, self._yaml.ScalarNode(tag, text))
        except (ValueError, KeyError, OverflowError, AttributeError, self._yaml.YAMLError):
            return None


def _measured(node: Node, children: list[_Named]) -> _Named:
    size = 1 + sum(child.size for child in children)
    return _Named(node, size, 1 + max((child.height for child in children), default=0))


def _written(text: str, value: object) -> str:
    """Return *text* where YAML made something of it that a reader may not expect."""
    if isinstance(value, str):
        return text if _EXPONENT.fullmatch(text) else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "" if text in _TRUTH else text
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, (int, float)):
        return "" if _PLAIN_NUMBER.fullmatch(text) else text
    return text
