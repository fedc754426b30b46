"""Names that a template says and nobody knows: found where it is configured, before anybody has to be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import attrs
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from tocsin import Notification, NotificationKind, nearest
from tocsin_jinja.data import ALERT, NOTIFICATION, STATUS_FIELDS, Field
from tocsin_jinja.functions import FUNCTIONS
from tocsin_jinja.rewriting import at_line

__all__ = ["Said", "said", "tells"]

_STATUS_NAMES: Final = frozenset({"status", "Status", "headline", "over"})
_KIND_NAMES: Final = frozenset({"kind", "headline"})
"""``acknowledged_by`` is none: it stands in what calls for somebody else as well."""

_STATUS: Final = "status"
_KIND: Final = "kind"
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
    """What a template says of a notification: the ``names`` of its data, and what its reader can ``tell`` by it.

    ``unclear``: it may say the status of an alert besides, or a label of such a name; that shows when it is filled.
    """

    names: frozenset[str]
    tell: frozenset[str]
    unclear: bool = False

    @property
    def with_status(self) -> Said:
        """The same, of a template that says the status."""
        return attrs.evolve(self, tell=self.tell | {_STATUS}, unclear=False)


def said(tree: nodes.Template) -> Said:
    """Return what the template says.

    :raises TemplateError: for a name or a field that there is not, where that is certain.
    """
    undeclared = find_undeclared_variables(tree) - set(FUNCTIONS) - {"namespace"}
    unknown = undeclared - NOTIFICATION.keys() - _set_somewhere(tree)
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            known = (*NOTIFICATION, *FUNCTIONS)
            raise at_line(node.lineno, f"there is no {node.name!r:.60}{nearest(node.name, known)}")
    reading = _Reading(tree)
    fields: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for field in fields:
        reading.check(field)
    kinds = {reading.kind_of_owner(one) for one in fields if _name(one) in STATUS_FIELDS}
    shows = bool(undeclared & _STATUS_NAMES or kinds & {"alert", "alerts"})
    unclear = not shows and any(one.value in STATUS_FIELDS for one in tree.find_all(nodes.Const) if _is_text(one))
    tell = {_STATUS: shows, _KIND: bool(undeclared & _KIND_NAMES)}
    return Said(
        frozenset(undeclared & NOTIFICATION.keys()),
        frozenset(what for what, shown in tell.items() if shown),
        unclear or (not shows and None in kinds),
    )


def _is_text(node: nodes.Const) -> bool:
    return isinstance(node.value, str)


def _set_somewhere(tree: nodes.Template) -> set[str]:
    """Return what Jinja counts as undeclared as well, for some way through the template may not set it."""
    setting: list[nodes.Assign | nodes.AssignBlock] = [*tree.find_all(nodes.Assign), *tree.find_all(nodes.AssignBlock)]
    return {name.name for node in setting for name in node.find_all(nodes.Name) if name.ctx == "store"}


def tells(tell: frozenset[str], notification: Notification) -> bool:
    """Whether a reader who can *tell* so much takes nothing for what fires that is over, or that somebody has."""
    if notification.kind is NotificationKind.ACKNOWLEDGED:
        return _KIND in tell
    return _STATUS in tell or (notification.single and bool(notification.firing))


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

    def kind_of_owner(self, node: nodes.Getattr | nodes.Getitem) -> str | None:
        """Return the kind of what the field is asked of; None where that is not certain."""
        return self._kind(node.node)

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
