"""Puts in what a configuration takes from elsewhere: ``${NAME}`` from the environment, ``file:`` from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import attrs

from tocsin.configfile.document import Entry, Items, Node, Place, Scalar, Table, joined, scalars
from tocsin.configfile.findings import Findings
from tocsin.configfile.reading import read_bytes
from tocsin.errors import Problem, nearest

__all__ = ["Missing", "SecretFiles", "from_environment"]

_VARIABLE: Final = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\})?")
LARGEST_SECRET: Final = 1_000_000
"""Bytes in a file that a value is taken from."""


class Missing:
    """Values that should come from elsewhere and did not.

    Each is an error, unless nobody needs it: then secrets may be missing, and what takes them is left unchecked.
    """

    def __init__(self, findings: Findings, *, spares_secrets: bool = False) -> None:
        self._findings = findings
        self.spares_secrets = spares_secrets
        self._told: list[tuple[Place, str, str]] = []
        self._spared: dict[Place, None] = {}

    def add(self, place: Place, path: str, problem: str) -> None:
        """Note that the value at *path* is missing."""
        if self.spares_secrets:
            self._told.append((place, path, problem))
        else:
            self._findings.add(place, path, problem)

    def spare(self, node: Node) -> bool:
        """Do without the secrets that are missing in *node*, where that may be; return whether there are some."""
        lost = [scalar.place for scalar in scalars(node) if scalar.lost] if self.spares_secrets else []
        self._spared |= dict.fromkeys(lost)
        return bool(lost)

    def settle(self) -> tuple[Problem, ...]:
        """Tell what is needed all the same, and return the rest."""
        spared = Findings()
        for place, path, problem in self._told:
            findings = spared if place in self._spared else self._findings
            findings.add(place, path, problem)
        return spared.problems()


def _mapped(node: Node, path: str, change: Callable[[Node, str], Node | None]) -> Node:
    """Return *node* with everything replaced that *change* returns something for, from the top down."""
    changed = change(node, path)
    if changed is not None:
        return changed
    if isinstance(node, Table):
        entries = {
            name: Entry(entry.place, _mapped(entry.node, joined(path, name), change))
            for name, entry in node.entries.items()
        }
        return Table(node.place, entries)
    if isinstance(node, Items):
        items = (_mapped(item, f"{path}[{index}]", change) for index, item in enumerate(node.items))
        return Items(node.place, tuple(items))
    return node


def from_environment(node: Node, environ: Mapping[str, str], findings: Findings, missing: Missing) -> Node:
    """Return *node* with ``${NAME}`` and ``${NAME:-otherwise}`` replaced in all its strings, and ``$${`` by ``${``.

    A variable that is not set, and has nothing otherwise, is told; so is ``${`` that begins no variable. Otherwise
    counts for an empty one too. What is put in is not looked at again.
    """

    def change(node: Node, path: str) -> Node | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and "${" in node.value:
            return _filled(node, path, environ, findings, missing)
        return None

    return _mapped(node, "", change)


def _filled(scalar: Scalar, path: str, environ: Mapping[str, str], findings: Findings, missing: Missing) -> Scalar:
    came_from: list[str] = []
    lost: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        name, otherwise = found[1], found[3]
        if name is None:
            problem = "${ begins a variable: write ${NAME} or ${NAME:-otherwise}, or $${ for the two characters"
            findings.add(scalar.place, path, problem)
            lost.append(found[0])
            return found[0]
        held = environ.get(name)
        if held is None and found[2] is None:
            problem = f"the environment variable {name} is not set{nearest(name, _alike(name, environ))}"
            missing.add(scalar.place, path, problem)
            lost.append(name)
        came_from.append(f"${{{name}}}")
        return otherwise if not held and otherwise is not None else held or ""

    filled = _VARIABLE.sub(value, scalar.value)
    origins = tuple(dict.fromkeys((*scalar.origins, *came_from)))
    alone = _VARIABLE.fullmatch(scalar.value)
    referred = alone is not None and alone[1] is not None
    return attrs.evolve(scalar, value=filled, origins=origins, lost=bool(lost), referred=referred)


def _alike(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return names that differ in little; the whole environment is nobody's business."""
    return [known for known in environ if nearest(name, [known]).startswith("; did you mean")]


class SecretFiles:
    """Replaces ``file:path`` and ``{file: path}`` by what the file holds, without the line end at its end."""

    def __init__(self, findings: Findings, missing: Missing) -> None:
        self._findings = findings
        self.missing = missing
        self.read: dict[Path, None] = {}

    def put_in(self, node: Node, path: str) -> Node:
        """Return *node* with what stands below it replaced; a path is relative to the file that says it."""
        return _mapped(node, path, self._change)

    def _change(self, node: Node, path: str) -> Node | None:
        if isinstance(node, Table):
            entry = node.entries.get("file") if len(node.entries) == 1 else None
            if entry is None:
                return None
            if isinstance(entry.node, Scalar) and isinstance(entry.node.value, str):
                return self._content(entry.node, entry.node.value, path)
            self._findings.add(entry.node.place, joined(path, "file"), "expected the path of a file, a string")
            return Scalar(node.place, "", lost=True)
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.startswith("file:"):
            return self._content(node, node.value.removeprefix("file:"), path)
        return None

    def _content(self, scalar: Scalar, name: str, path: str) -> Scalar:
        if scalar.lost:
            return scalar
        if name.startswith("///"):
            name = name.removeprefix("//")
        file = Path(scalar.place.file).parent / name
        shown = "the file that is named here" if scalar.origins else f"the file {str(file)!r}"
        self.read[file] = None
        text = None
        try:
            text = read_bytes(file, LARGEST_SECRET).decode("utf-8")
        except UnicodeDecodeError:
            self.missing.add(scalar.place, path, f"{shown} is not UTF-8")
        except ValueError as error:
            self.missing.add(scalar.place, path, f"{shown} {error}")
        origin = "a file" if scalar.origins else f"the file {name}"
        if text is None:
            return Scalar(scalar.place, "", lost=True)
        end = "\r\n" if text.endswith("\r\n") else "\n"
        return Scalar(scalar.place, text.removesuffix(end), origins=(*scalar.origins, origin))
