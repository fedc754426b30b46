"""What the sections of a file share while they are read: the registry, what is wrong, and who refers to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from tocsin.config.settings import structure_settings
from tocsin.configfile.construction import Form, build
from tocsin.configfile.document import Node, Table
from tocsin.configfile.findings import Findings, Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.configfile.substitution import SecretFiles
from tocsin.errors import ConfigurationError, nearest
from tocsin.registry import Registry

__all__ = ["Context", "Reference", "structured"]


def structured(kind: type, values: Mapping[str, Any]) -> Any:
    """Make an instance of a plugin's config class, as the service does.

    Where its validators raise errors of Python's own, what they say of a number is told; of anything else it might
    hold a secret.
    """
    try:
        return structure_settings(values, kind)
    except ConfigurationError as error:
        if error.problem != f"expected {kind.__name__}, found something else":
            raise
        if values and all(isinstance(value, (int, float)) for value in values.values()):
            _validate(kind, values)
        raise ConfigurationError("the plugin refuses this value", error.where) from None


def _validate(kind: type, values: Mapping[str, Any]) -> None:
    try:
        kind(**values)
    except ValueError as error:
        raise ConfigurationError(str(error.args[0] if error.args else error)) from None


@attrs.frozen(slots=True, eq=False)
class Reference:
    """A name that stands for something in the section *section*, and where it is written."""

    section: str
    name: str
    spot: Spot


MOST_HINTS: Final = 100
"""How many names that stand for nothing are compared with all that are known, which takes its time."""

_CALLED: Final = {
    "channels": "channel",
    "escalation_policies": "escalation policy",
    "receivers": "receiver",
    "templates": "template",
    "time_intervals": "time interval",
}


class Context:
    """Handed to the reader of each section. ``unsettled`` are channels that lack a secret which is spared."""

    def __init__(self, root: Spot, registry: Registry, secrets: SecretFiles) -> None:
        self.root = root
        self.registry = registry
        self.secrets = secrets
        self.references: list[Reference] = []
        self.unsettled: set[str] = set()
        self._names: dict[str, frozenset[str]] = {}

    @property
    def findings(self) -> Findings:
        """Where to tell what is wrong."""
        return self.root.findings

    def names(self, section: str) -> frozenset[str]:
        """Return the keys of a section, also of those whose value is refused."""
        if section not in self._names:
            spot = self.root.get(section)
            self._names[section] = frozenset(() if spot is None else (name for name, _ in spot.entries()))
        return self._names[section]

    def name(self, spot: Spot, section: str) -> Any:
        """Read a name of something in *section*."""
        value = conform(spot, str)
        if value is REFUSED:
            return REFUSED
        if not value:
            spot.refuse(f"the name of a {_CALLED[section]} is not empty; leave the setting out to name none")
            return REFUSED
        self.references.append(Reference(section, value, spot))
        return value

    def optional_name(self, spot: Spot, section: str) -> Any:
        """Read a name of something in *section*, or null."""
        return None if spot.plain() is None else self.name(spot, section)

    def several(self, spot: Spot, section: str) -> Any:
        """Read a list of names of things in *section*."""
        if conform(spot, list[object]) is REFUSED:
            return REFUSED
        found = [self.name(item, section) for item in spot.items()]
        return REFUSED if REFUSED in found else tuple(found)

    def one_of(self, spot: Spot, what: str, known: Iterable[str]) -> Any:
        """Read a name of something that is registered."""
        value = conform(spot, str)
        if value is REFUSED or value in (names := list(known)):
            return value
        hidden = bool(getattr(spot.node, "origins", ()))
        called = "that name" if hidden else f"{value!r:.60}"
        spot.refuse(f"no {what} is called {called}{nearest('' if hidden else value, names)}")
        return REFUSED

    def settings(
        self, spot: Spot, config_class: type, without: Iterable[str] = (), *, decides: bool = False
    ) -> tuple[Spot, Any]:
        """Read a plugin's settings; return them with secrets put in, and the instance or :data:`REFUSED`.

        A value may be a secret as it is written: none is repeated. *without* names keys that are no settings. Unless
        they take part in what *decides* about alerts, secrets may be spared; then they are not checked.
        """
        spot = attrs.evolve(spot, node=self._put_in(spot.node, spot.path, set(without)), hidden=True)
        if not decides and self.secrets.missing.spare(spot.node):
            return spot, REFUSED
        return spot, build(spot, Form(kind=config_class, make=structured))

    def _put_in(self, node: Node, path: str, without: set[str]) -> Node:
        if not isinstance(node, Table):
            return node
        entries = {
            name: attrs.evolve(entry, node=self.secrets.put_in(entry.node, f"{path}.{name}"))
            for name, entry in node.entries.items()
            if name not in without
        }
        return attrs.evolve(node, entries=entries)

    def check_references(self) -> None:
        """Tell of every name that stands for nothing; of very many, only the first with the nearest that is known."""
        told = 0
        for reference in self.references:
            known = self.names(reference.section)
            if reference.name not in known:
                told += 1
                hidden = bool(getattr(reference.spot.node, "origins", ()))
                called = "that name" if hidden else f"{reference.name!r:.60}"
                near = nearest("" if hidden else reference.name, known) if told <= MOST_HINTS else ""
                reference.spot.refuse(f"no {_CALLED[reference.section]} is called {called}{near}")
