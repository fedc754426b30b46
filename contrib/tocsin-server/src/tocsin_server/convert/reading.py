"""The first document of a file as a section; whatever is no YAML, or more than anybody writes, is an error."""

from __future__ import annotations

from typing import Final

import yaml

from tocsin_server.convert.document import Value, line_of
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["read_document"]

_DEEPEST: Final = 200
_LARGEST: Final = 1_000_000


def read_document(text: str, remarks: Remarks) -> Value:
    """Return the first document of *text*; Alertmanager reads no other, which is remarked.

    :raises NotAlertmanagerError: for what is not YAML, contains itself, or is deeper or larger than can be meant.
    """
    loader = _loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        if node is None:
            raise NotAlertmanagerError("the file is empty: no route is provided", 1)
        _measure(node)
        if loader.check_node():
            remarks.add(_line(loader), "only the first document of the file counts, as in Alertmanager")
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(error) from None
    except (RecursionError, yaml.YAMLError):
        raise NotAlertmanagerError("this is no YAML, or is nested too deeply", 1) from None
    finally:
        loader.dispose()
    return Value(node, "", line_of(node))


def _loader(text: str) -> yaml.SafeLoader:
    try:
        return yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotAlertmanagerError("a control character, or another that YAML does not allow", line) from None


def _line(loader: yaml.SafeLoader) -> int:
    return int(loader.line) + 1


def _no_yaml(error: yaml.MarkedYAMLError) -> NotAlertmanagerError:
    mark = error.problem_mark or error.context_mark
    return NotAlertmanagerError(f"this is no YAML: {error.problem or error.context}", mark.line + 1 if mark else 1)


def _measure(root: yaml.Node) -> None:
    """Refuse a document that contains itself, or that aliases make larger than anybody writes one."""
    sizes: dict[int, int] = {}
    open_ids: set[int] = set()
    waiting: list[tuple[yaml.Node, bool]] = [(root, False)]
    while waiting:
        node, leaving = waiting.pop()
        if leaving:
            open_ids.remove(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in _children(node))
            if sizes[id(node)] > _LARGEST:
                raise NotAlertmanagerError("aliases make this larger than can be meant", line_of(node))
        elif id(node) in open_ids:
            raise NotAlertmanagerError("an alias stands inside what it stands for", line_of(node))
        elif id(node) not in sizes:
            _check_text(node)
            if len(open_ids) > _DEEPEST:
                raise NotAlertmanagerError(f"more than {_DEEPEST} mappings and lists in one another", line_of(node))
            open_ids.add(id(node))
            waiting.append((node, True))
            waiting.extend((child, False) for child in _children(node))


def _check_text(node: yaml.Node) -> None:
    """Refuse halves of surrogate pairs, which PyYAML lets an escape make and which no file can hold."""
    if isinstance(node, yaml.ScalarNode) and any("\ud800" <= character <= "\udfff" for character in node.value):
        raise NotAlertmanagerError("an escape stands for half a character", line_of(node))


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
