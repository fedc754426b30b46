"""The directive ``public-names``: what a module offers, with its docstrings; and where references to names lead."""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import sys
from typing import Any, ClassVar, Final

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

__all__ = ["MODULES", "PublicNames", "offered", "resolve"]

MODULES: Final = (
    "tocsin",
    "tocsin.http",
    "tocsin.patterns",
    "tocsin.wording",
    "tocsin.testing.clock",
    "tocsin.testing.contracts",
    "tocsin.testing.http_receiver",
    "tocsin.testing.receiver",
    "tocsin.testing.recording",
    "tocsin.testing.samples",
    "tocsin.testing.strategies",
)
"""The modules whose ``__all__`` is public."""


def offered(module: str) -> list[str]:
    """Return the public names of a module."""
    return list(importlib.import_module(module).__all__)


_SHORT: Final = 200


class PublicNames(SphinxDirective):
    """Documents names of the module that is its argument: those of its content, or all where there are none.

    ``level`` is that of the heading above each.
    """

    has_content = True
    option_spec: ClassVar = {"level": directives.positive_int}
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the documentation of each name."""
        module = self.arguments[0]
        names = " ".join(self.content).split() or offered(module)
        mark = "#" * self.options.get("level", 3)
        parts = [f"{mark} {name}\n\n````{{eval-rst}}\n{_directive(module, name)}\n````\n" for name in names]
        return self.parse_text_to_nodes("\n".join(parts), allow_section_headings=True)


def _directive(module: str, name: str) -> str:
    value = getattr(importlib.import_module(module), name)
    if inspect.isroutine(value):
        return f".. autofunction:: {module}.{name}\n"
    if not inspect.isclass(value):
        return _constant(module, name, value)
    kind = "exception" if issubclass(value, BaseException) else "class"
    options = [":members:", ":undoc-members:"]
    if not issubclass(value, (BaseException, enum.Enum)):
        options.append(":inherited-members: object, Protocol, Generic, Rehearsed")
    return "\n   ".join([f".. auto{kind}:: {module}.{name}", *options]) + "\n"


def _constant(module: str, name: str, value: object) -> str:
    """A value documents itself where it is short; what is said of it stands where it was made."""
    lines = [f".. py:data:: {module}.{name}"]
    if len(repr(value)) < _SHORT and isinstance(value, (str, int, float, tuple)):
        lines.append(f"   :value: {value!r}")
    return "\n".join([*lines, "", *(f"   {line}" for line in _said(module, name, value)), ""])


def _said(module: str, name: str, value: object) -> list[str]:
    homes = [each for each in list(sys.modules.values()) if each.__name__.startswith(module.split(".")[0] + ".")]
    for home in homes:
        if vars(home).get(name) is value:
            found = ModuleAnalyzer.for_module(home.__name__).find_attr_docs().get(("", name))
            if found:
                return list(found)
    return []


@functools.cache
def _public() -> dict[str, str]:
    """Return the public name of each object by where it is defined."""
    found = {}
    for module in MODULES:
        for name in offered(module):
            value = getattr(importlib.import_module(module), name)
            home = getattr(value, "__module__", module)
            found[f"{home}.{getattr(value, '__qualname__', name)}"] = f"{module}.{name}"
            found.setdefault(name, f"{module}.{name}")
    return found


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Node | None:
    """Lead a reference to where its object is documented; one to anything else that exists is plain text.

    What is left is a mistake, of which Sphinx warns.
    """
    if node.get("refdomain") != "py":
        return None
    target = str(node["reftarget"])
    objects = env.domains.python_domain.objects
    for written, suffix in _ways(target):
        public = _public().get(written)
        entry = objects.get(f"{public}{suffix}")
        if public and entry:
            source = node.get("refdoc", env.docname)
            return make_refnode(app.builder, source, entry.docname, entry.node_id, content, target)
    return content if _exists(target) else None


def _ways(target: str) -> list[tuple[str, str]]:
    """Return the ways to read a dotted name: an object, or an object and one of its members."""
    owner, _, member = target.rpartition(".")
    return [(target, ""), (owner, f".{member}")] if owner else [(target, "")]


def _exists(target: str) -> bool:
    """Whether a dotted name stands for something: of a module, of Python itself, or of a class of tocsin's."""
    parts = target.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        return _has(value, parts[count:])
    return _has(importlib.import_module("builtins"), parts) or _has(sys.modules["typing"], parts)


def _has(value: Any, parts: list[str]) -> bool:
    for part in parts:
        known = getattr(value, "__dataclass_fields__", {})
        if not hasattr(value, part) and part not in known and part not in getattr(value, "__annotations__", {}):
            return False
        value = getattr(value, part, None)
    return True
