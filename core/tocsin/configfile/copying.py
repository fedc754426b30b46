"""Copies what a configuration says, to be looked at and changed: with its references, and without a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tocsin.configfile.document import Items, Node, Scalar, Table
from tocsin.configfile.substitution import VARIABLE

__all__ = ["HIDDEN", "HIDDEN_TEXT", "copied", "variables"]

HIDDEN: Final = "${HIDDEN}"
"""Stands for a setting that is written in the file itself: a reference to what is not there, which is a secret that may
be missing when somebody asks what a configuration decides."""

HIDDEN_TEXT: Final = "(hidden)"
"""Stands for the text of a template: a body may have a token in it, and nothing depends on what it says."""

_SETTINGS: Final = frozenset({"channels", "sources"})
_TEXTS: Final = frozenset({"subject_template", "body_template"})

_LONGEST_NUMBER: Final = 2_000
"""In bits: shorter than the least limit that Python can be given for whole numbers as text, which is 640 digits."""


def copied(root: Node) -> str:
    """Return as one JSON document what *root* says, which has variables put in, and no secrets from files."""
    return json.dumps(_plain(root, ()), ensure_ascii=False, separators=(",", ":"), default=str)


def variables(root: Node, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that *root* takes where no secret is expected, and that are set."""
    names = dict.fromkeys(found[1] for source in _open_sources(root, ()) for found in VARIABLE.finditer(source))
    return {name: environ[name] for name in names if name and name in environ}


def _is_hidden(way: tuple[str, ...]) -> bool:
    """Whether what stands there may be a secret: settings of channels and sources, texts, and hashes of tokens."""
    if len(way) > 2 and way[0] in _SETTINGS:
        return way[2] == "config"
    return _is_text(way) or (way[:2] == ("server", "auth_tokens") and way[-1] == "hash")


def _is_text(way: tuple[str, ...]) -> bool:
    return len(way) > 2 and way[0] == "templates" and way[2] in _TEXTS


def _plain(node: Node, way: tuple[str, ...]) -> Any:
    if isinstance(node, Table):
        named = _named_file(node) if _is_hidden(way[:-1]) or way[-1:] == ("hash",) else None
        if named is not None:
            return {"file": named}
        return {name: _plain(entry.node, (*way, name)) for name, entry in node.entries.items()}
    if isinstance(node, Items):
        return [_plain(item, way) for item in node.items]
    if not _is_hidden(way):
        return node.source or _writable(node.value)
    return HIDDEN_TEXT if _is_text(way) else _shown(node)


def _writable(value: Any) -> Any:
    """Return a number that is too long for Python to write it out as the text of its digits."""
    return hex(value) if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER else value


def _named_file(table: Table) -> str | None:
    """Return the file that ``{file: path}`` names; None: it is no such thing."""
    node = table.entries["file"].node if list(table.entries) == ["file"] else None
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) and not node.source else None


def _shown(scalar: Scalar) -> Any:
    """Return a setting: a reference, or what says nothing, as it is; anything else hidden."""
    value = scalar.source or scalar.value
    if value is None or isinstance(value, bool):
        return value
    reference = VARIABLE.fullmatch(value) if scalar.referred else None
    if reference is not None:
        return f"${{{reference[1]}}}"
    named = isinstance(value, str) and not scalar.source and value.startswith("file:")
    return value if named else HIDDEN


def _open_sources(node: Node, way: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, Table):
        for name, entry in node.entries.items():
            yield from _open_sources(entry.node, (*way, name))
    elif isinstance(node, Items):
        for item in node.items:
            yield from _open_sources(item, way)
    elif node.source and way[:1] != ("server",) and not _is_hidden(way):
        yield node.source
