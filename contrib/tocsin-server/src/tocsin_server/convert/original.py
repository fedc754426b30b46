"""What of Alertmanager's configuration its clients read back from the daemon: the routing, and no secret."""

from __future__ import annotations

from typing import Final

import yaml

from tocsin_server.convert.document import Section

__all__ = ["original"]

_KEPT: Final = ("route", "inhibit_rules", "mute_time_intervals", "time_intervals")
_TEXT: Final = "tag:yaml.org,2002:str"
_MAP: Final = "tag:yaml.org,2002:map"
_LIST: Final = "tag:yaml.org,2002:seq"


def _text(value: str) -> yaml.Node:
    return yaml.ScalarNode(_TEXT, value, style='"')


def _map(*pairs: tuple[str, yaml.Node]) -> yaml.Node:
    return yaml.MappingNode(_MAP, [(yaml.ScalarNode(_TEXT, key), value) for key, value in pairs])


def original(root: Section, common: Section, receivers: list[str]) -> str:
    """Return a configuration of Alertmanager's with the same routing, written as it was.

    Of the receivers it has the names, and of the global settings the timeout alone: the others hold secrets, and are of
    no use to whoever only reads.
    """
    pairs: list[tuple[str, yaml.Node]] = []
    timeout = common.get("resolve_timeout")
    if timeout is not None:
        pairs.append(("global", _map(("resolve_timeout", timeout.node))))
    pairs += [(key, value.node) for key in _KEPT if (value := root.get(key)) is not None]
    named = [_map(("name", _text(name))) for name in receivers]
    pairs.append(("receivers", yaml.SequenceNode(_LIST, named)))
    written: str = yaml.serialize(_map(*pairs), Dumper=yaml.SafeDumper, allow_unicode=True)
    return written
