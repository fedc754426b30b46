"""Reads a model of receivers and people from a file: whatever is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tocsin.configfile.construction import Form, build
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.errors import nearest
from tocsin.lab.file_parts import opened, parsed, several
from tocsin.lab.instants import parse_duration, parse_instant
from tocsin.lab.model import Answering, Model, Outage, Receiver
from tocsin.model.severity import AlertSeverity

__all__ = ["read_model"]

_SEVERITIES: Final = tuple(severity.value for severity in AlertSeverity)


def read_model(path: Path) -> Model:
    """Return the model in a file, YAML, TOML or JSON by its ending.

    :raises ConfigurationFileError: with all that is wrong, each with its file, line and column.
    """
    with opened(path) as root:
        found = build(root, Form(kind=Model, readers={"receivers": _receivers, "people": several(_answering)}))
    assert isinstance(found, Model), "what is refused was told"
    return found


def _receivers(spot: Spot) -> Any:
    if conform(spot, dict[str, object]) is REFUSED:
        return REFUSED
    found = {name: _receiver(child) for name, child in spot.entries()}
    return {name: one for name, one in found.items() if one is not REFUSED}


def _receiver(spot: Spot) -> Any:
    readers = {"outages": several(_outage), "latency_seconds": parsed(parse_duration)}
    return build(spot, Form(kind=Receiver, readers=readers))


def _outage(spot: Spot) -> Any:
    instant = parsed(parse_instant, object)
    words = {"from": "begins", "to": "ends"}
    return build(spot, Form(kind=Outage, words=words, readers={"from": instant, "to": instant}))


def _answering(spot: Spot) -> Any:
    readers = {"min_severity": parsed(_severity, str), "after_seconds": parsed(parse_duration)}
    return build(spot, Form(kind=Answering, readers=readers))


def _severity(value: str) -> str:
    if value not in _SEVERITIES:
        raise ValueError(f"no severity is called {value!r:.60}{nearest(value, _SEVERITIES)}")
    return value
