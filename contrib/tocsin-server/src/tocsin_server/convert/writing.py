"""Writes a configuration as YAML, as a person would: short lists on one line, nothing sorted, nothing aliased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

__all__ = ["as_yaml"]

_WIDTH: Final = 116


class _Dumper(yaml.SafeDumper):
    """Writes every list under its key indented, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    short = all(isinstance(item, str) and len(item) < 40 for item in items) and sum(map(len, items)) < 90
    quoted = any('"' in item for item in items) if short else False
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=short and not quoted)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text.rstrip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)


def as_yaml(configuration: Mapping[str, Any], source: str) -> str:
    """Return *configuration* as a YAML document that begins by saying that it comes from *source*.

    What tocsin would take for a variable, ``${``, is written so that it is not.
    """
    name = source.encode("ascii", "backslashreplace").decode("ascii").replace("\n", " ").replace("\r", " ")
    text = yaml.dump(
        _escaped(configuration),
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    return f"# Converted from {name} by tocsin convert.\n{text}"


def _escaped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value
