"""The directive ``plugin-settings``: the settings of each plugin of a kind, from the classes that validate them."""

from __future__ import annotations

import enum
import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Final

import attrs
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import tocsin

__all__ = ["PluginSettings", "kind_of", "section", "written_default"]

_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "boolean",
    object: "anything",
}
_ROLE: Final = re.compile(r":\w+:`([^`]+)`")
_LISTS: Final = (tuple, list, set, frozenset)


class PluginSettings(SphinxDirective):
    """A section and a table for each plugin of the kind that is its argument: ``backends``, ``aggregators``, …."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        found = getattr(tocsin.load_registry(), self.arguments[0])
        text = "\n\n".join(section(name, found[name].spec.config_class) for name in sorted(found))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def section(name: str, config_class: type) -> str:
    """Return the section of one plugin, as Markdown."""
    about = inspect.cleandoc(vars(config_class).get("__doc__") or "").split("\n:raises")[0]
    about = _ROLE.sub(r"`\1`", about.partition("\n\n")[2].replace("``", "`").strip())
    rows = [
        f"| `{field.alias or field.name}` | {kind_of(hint)} | {written_default(field)} |"
        for field, hint in _fields(config_class)
    ]
    if not rows:
        return f"### {name}\n\nIt has no settings."
    return "\n".join([f"### {name}", "", about, "", "| key | takes | default |", "| --- | --- | --- |", *rows])


def _fields(config_class: type) -> list[tuple[attrs.Attribute[Any], Any]]:
    hints = typing.get_type_hints(config_class)
    return [(field, hints[field.name]) for field in attrs.fields(config_class) if field.init]


def kind_of(hint: Any) -> str:
    """Return in words what a setting of that type takes."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join("null" if each is type(None) else kind_of(each) for each in typing.get_args(hint))
    origin = typing.get_origin(hint) or hint
    if origin in _WORDS:
        return _WORDS[origin]
    if origin is typing.Literal:
        return ", ".join(f"`{word}`" for word in typing.get_args(hint))
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return ", ".join(f"`{member.value}`" for member in origin)
    if isinstance(origin, type) and issubclass(origin, _LISTS):
        return _list_of(typing.get_args(hint))
    if isinstance(origin, type) and (attrs.has(origin) or issubclass(origin, Mapping)):
        return "mapping"
    return "list" if str(origin).startswith("<class 'collections.abc.") else "anything"


def _list_of(arguments: tuple[Any, ...]) -> str:
    kind = kind_of(arguments[0]) if arguments else "anything"
    return {"mapping": "list of mappings", "anything": "list"}.get(kind, f"list of {kind}")


def written_default(field: attrs.Attribute[Any]) -> str:
    """Return a default as it would stand in a file."""
    default: Any = field.default
    if default is attrs.NOTHING:
        return "required"
    if hasattr(default, "factory"):
        default = default.factory()
    default = getattr(default, "value", default)
    if default is None or isinstance(default, bool):
        return {None: "null", True: "true", False: "false"}[default]
    if isinstance(default, _LISTS):
        return f"`[{', '.join(map(str, default))}]`"
    if isinstance(default, str):
        return f"`{default}`" if default else '`""`'
    return f"{default:.12g}" if isinstance(default, (int, float)) else "`{}`"
