"""Names that a template says and nobody knows: found where it is configured, before anybody has to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import attrs
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from tocsin import nearest
from tocsin_jinja.data import ALERT, NOTIFICATION, Field
from tocsin_jinja.functions import FUNCTIONS
from tocsin_jinja.rewriting import at_line

__all__ = ["Said", "said"]

_STATUS_NAMES: Final = frozenset({"status", "Status", "headline", "over"})
_STATUS_FIELDS: Final = frozenset(
    {"status", "Status", "firing", "Firing", "resolved", "Resolved", "EndsAt", "resolved_at"}
)
_KINDS: Final[Mapping[str, Mapping[str, Field]]] = {"notification": NOTIFICATION, "alert": ALERT}
_ALERTS: Final = frozenset({"firing", "Firing", "resolved", "Resolved"})
_PAIR: Final = frozenset({"Name", "Value", "name", "value"})
_CALLED: Final = {
    "text": "a text",
    "number": "a number",
    "truth": "true or false",
    "instant": "an instant",
    "duration": "a duration",
}
_SAME: Final = frozenset({"list", "rejectattr", "reverse", "selectattr", "sort", "unique"})
_ONE: Final = frozenset({"first", "last", "max", "min"})


@attrs.frozen(slots=True)
class Said:
    """What a template says of a notification: the ``names`` of its data, and whether its reader sees the status."""

    names: frozenset[str]
    shows_status: bool


def said(tree: nodes.Template) -> Said:
    """Return what the template says.

    :raises TemplateError: for a name or a field that there is not, where that is certain.
    """
    undeclared = find_undeclared_variables(tree) - set(FUNCTIONS) - {"namespace"}
    for node in tree.find_all(nodes.Name):
        if node.name in undeclared and node.name not in NOTIFICATION:
            known = (*NOTIFICATION, *FUNCTIONS)
            raise at_line(node.lineno, f"there is no {node.name!r:.60}{nearest(node.name, known)}")
    reading = _Reading(tree)
    fields: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for field in fields:
        reading.check(field)
    shows = bool(undeclared & _STATUS_NAMES) or any(
        _name(one) in _STATUS_FIELDS and not reading.is_of_labels(one) for one in fields
    )
    return Said(frozenset(undeclared), shows)


def _name(node: nodes.Node) -> str | None:
    """Return the name that a field is asked for by, where the template has it."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value
    return None


class _Reading:
    """Knows of which kind an expression is, where that is certain; of a name that the template sets, only in loops."""

    def __init__(self, tree: nodes.Template) -> None:
        stored = Counter(node.name for node in tree.find_all(nodes.Name) if node.ctx != "load")
        self._looped: dict[str, list[nodes.Node]] = {}
        for loop in tree.find_all(nodes.For):
            if isinstance(loop.target, nodes.Name):
                self._looped.setdefault(loop.target.name, []).append(loop.iter)
        self._set = frozenset(stored)
        self._others = {name for name, times in stored.items() if times != len(self._looped.get(name, ()))}

    def check(self, node: nodes.Getattr | nodes.Getitem) -> None:
        """Raise :exc:`TemplateError` if there is certainly no such field."""
        name, kind = _name(node), self._kind(node.node)
        if name is None or kind is None:
            return
        if kind in _KINDS and name not in _KINDS[kind]:
            raise at_line(node.lineno, f"an alert has no field {name!r:.60}{nearest(name, _KINDS[kind])}")
        if kind == "alerts" and name not in _ALERTS:
            raise at_line(
                node.lineno, f"alerts have firing and resolved, and no {name!r:.60}; go through them with for"
            )
        if kind == "pair" and name not in _PAIR:
            raise at_line(node.lineno, f"a pair has Name and Value, and no {name!r:.60}")
        if kind in _CALLED:
            raise at_line(
                node.lineno, f"this is {_CALLED[kind]}, and has no {name!r:.60}; filters change it: |upper, …"
            )

    def is_of_labels(self, node: nodes.Getattr | nodes.Getitem) -> bool:
        """Whether it is certainly a label."""
        return self._kind(node.node) == "labels"

    def _kind(self, node: nodes.Node) -> str | None:
        if isinstance(node, nodes.Name):
            return self._kind_of_name(node.name)
        if isinstance(node, nodes.Filter) and node.node is not None:
            inner = self._kind(node.node)
            if node.name in _SAME:
                return inner
            return _item(inner) if node.name in _ONE else None
        name, of = (
            (_name(node), self._kind(node.node)) if isinstance(node, (nodes.Getattr, nodes.Getitem)) else (None, None)
        )
        if of is None:
            return None
        if name is None:
            return _item(of) if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Slice) else None
        if of == "alerts":
            return "alerts" if name in _ALERTS else None
        if of == "labels":
            return "pairs" if name == "SortedPairs" else None
        found = _KINDS.get(of, {}).get(name)
        return None if found is None else found.kind

    def _kind_of_name(self, name: str) -> str | None:
        if name in self._others:
            return None
        if name not in self._set:
            found = NOTIFICATION.get(name)
            return None if found is None else found.kind
        loops = self._looped.pop(name, [])  # while it is asked for, nobody knows it: it may be its own list's
        kinds = {_item(self._kind(loop)) for loop in loops}
        self._looped[name] = loops
        return kinds.pop() if len(kinds) == 1 else None


def _item(kind: str | None) -> str | None:
    """Return the kind of a list's items."""
    return {"alerts": "alert", "pairs": "pair"}.get(kind or "")
