"""Includes other files: their mappings are merged with a file's own, their lists come after its own."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from tocsin.configfile.document import Entry, Items, Node, Place, Scalar, Table, joined
from tocsin.configfile.findings import Findings, Unreadable
from tocsin.configfile.kinds import kind_of
from tocsin.configfile.reading import read_file
from tocsin.configfile.substitution import Missing, from_environment

__all__ = ["Inclusion"]

MOST_FILES: Final = 1_000
"""How many files one configuration may have."""

DEEPEST_INCLUSION: Final = 20
"""How many files may include one another in a row."""

_WILD: Final = re.compile(r"[*?\[]")


class Inclusion:
    """Reads a file and all that it includes, each once, and keeps note of them."""

    def __init__(self, environ: Mapping[str, str], findings: Findings, missing: Missing) -> None:
        self._environ = environ
        self._missing = missing
        self._findings = findings
        self._named: dict[Path, Place] = {}
        self._open: list[Path] = []
        self.files: list[Path] = []
        self.complete = True

    def read(self, path: Path) -> Table | None:
        """Return what *path* says together with its includes, or None if the file itself says nothing."""
        return self._read(path, Place(str(path)))

    def _read(self, path: Path, named: Place) -> Table | None:
        self._findings.enter(str(path))
        self.files.append(path)
        self._named[_identity(path)] = named
        try:
            node = read_file(path, self._findings)
        except Unreadable as error:
            self._refuse(error, named if self._open else None)
            return None
        if not isinstance(node, Table):
            problem = f"a configuration is a mapping such as {{channels: …}}, not {kind_of(node)}"
            self.complete = False
            self._findings.add(node.place, "", problem)
            return None
        self._open.append(_identity(path))
        merged = self._with_included(path, node)
        self._open.pop()
        return merged

    def _refuse(self, error: Unreadable, named: Place | None) -> None:
        """Tell that a file says nothing: in its own place, or, if it was not even opened, where it is *named*."""
        self.complete = False
        if error.unopened and named is not None:
            self._findings.add(named, "include", f"the file {error.place.file!r} {error.problem}")
        else:
            self._findings.add(error.place, "", f"the file {error.problem}" if error.unopened else error.problem)

    def _with_included(self, path: Path, table: Table) -> Table:
        included = table.entries.get("include")
        own = attrs.evolve(table, entries={k: v for k, v in table.entries.items() if k != "include"})
        filled = from_environment(own, self._environ, self._findings, self._missing)
        merged = dict(filled.entries) if isinstance(filled, Table) else {}
        for item in self._listed(included):
            for file in self._found(path, item):
                if self._may_read(file, item):
                    other = self._read(file, item.place)
                    self._merge(merged, other)
        return attrs.evolve(own, entries=merged)

    def _listed(self, included: Entry | None) -> Iterator[Scalar]:
        """Yield the names that are included; anything else is told."""
        if included is None or _is_nothing(included.node):
            return
        if not isinstance(included.node, Items):
            problem = f'expected a list of files such as ["conf.d/*.yaml"], not {kind_of(included.node)}'
            self._findings.add(included.node.place, "include", problem)
            return
        for index, item in enumerate(included.node.items):
            path = f"include[{index}]"
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                self._findings.add(item.place, path, f"expected the name of a file, a string, not {kind_of(item)}")
            elif not item.value:
                self._findings.add(item.place, path, "the name of a file is not empty")
            elif "${" in item.value:
                self._findings.add(item.place, path, "a file's name takes no variable; messages name the file")
            else:
                yield item

    def _found(self, path: Path, item: Scalar) -> list[Path]:
        name: str = item.value
        if not _WILD.search(name):
            return [path.parent / name]
        found = glob.glob(name, root_dir=path.parent, recursive=True)  # noqa: PTH207  it may be absolute
        return [path.parent / one for one in sorted(found)]

    def _may_read(self, file: Path, item: Scalar) -> bool:
        identity = _identity(file)
        before = self._named.get(identity)
        if identity in self._open:
            chain = " → ".join(one.name for one in [*self._open[self._open.index(identity) :], identity])
            self._tell(item, f"{str(file)!r} would include itself: {chain}")
        elif before is not None:
            self._tell(item, f"{str(file)!r} is included already, at {before.file}:{before.line}:{before.column}")
        elif len(self._open) > DEEPEST_INCLUSION:
            self._tell(item, f"files include one another at most {DEEPEST_INCLUSION} deep")
        elif len(self.files) >= MOST_FILES:
            self._tell(item, f"a configuration has at most {MOST_FILES:,} files")
        else:
            return True
        return False

    def _tell(self, item: Scalar, problem: str) -> None:
        self.complete = False
        self._findings.add(item.place, "include", problem)

    def _merge(self, merged: dict[str, Entry], other: Table | None) -> None:
        for name, entry in other.entries.items() if other else ():
            first = merged.get(name)
            if first is None or _is_nothing(first.node):
                merged[name] = entry
            elif _is_nothing(entry.node):
                continue
            else:
                merged[name] = attrs.evolve(first, node=self._both(name, first.node, entry))

    def _both(self, name: str, first: Node, second: Entry) -> Node:
        """Return two files' parts of one section as one."""
        if isinstance(first, Items) and isinstance(second.node, Items):
            return attrs.evolve(first, items=(*first.items, *second.node.items))
        if not isinstance(first, Table) or not isinstance(second.node, Table):
            self._twice(second.place, name, first.place)
            return first
        entries = dict(first.entries)
        for key, entry in second.node.entries.items():
            if key in entries:
                self._twice(entry.place, joined(name, key), entries[key].place)
            else:
                entries[key] = entry
        return attrs.evolve(first, entries=entries)

    def _twice(self, place: Place, path: str, first: Place) -> None:
        self._findings.add(place, path, f"this stands at {first.file}:{first.line}:{first.column} already")


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _identity(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path
