"""Reads one alert from a file, YAML or JSON, by the rules that configuration files are read by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tocsin.configfile.document import Place, Table, plain
from tocsin.configfile.findings import Findings, Unreadable
from tocsin.configfile.kinds import kind_of
from tocsin.configfile.reading import read_bytes
from tocsin.configfile.yaml_document import read_yaml

__all__ = ["LARGEST_ALERT", "alert_fields", "read_alert_file"]

LARGEST_ALERT: Final = 1_000_000
"""Bytes that one alert may have."""


def read_alert_file(path: Path) -> Mapping[str, Any]:
    """Return the fields of the alert in the file *path*.

    :raises ConfigurationFileError: when it has none.
    """
    findings = Findings()
    try:
        content = read_bytes(path, LARGEST_ALERT)
    except ValueError as error:
        findings.add(Place(str(path)), "", f"the file {error}")
        findings.check()
    return alert_fields(content, str(path))


def alert_fields(content: bytes, name: str) -> Mapping[str, Any]:
    """Return the fields of the alert that *content* holds, which is YAML or JSON; *name* is said in errors.

    :raises ConfigurationFileError: when it holds none.
    """
    findings = Findings()
    start = Place(name)
    try:
        if len(content) > LARGEST_ALERT:
            raise Unreadable(start, f"an alert has at most {LARGEST_ALERT:,} bytes")
        node = read_yaml(content.decode("utf-8").removeprefix("\ufeff"), name, findings)
        if not isinstance(node, Table):
            raise Unreadable(node.place, f"one alert is a mapping of its fields, not {kind_of(node)}")
    except UnicodeDecodeError:
        findings.add(start, "", "this is not UTF-8")
    except Unreadable as error:
        findings.add(error.place, "", error.problem)
    findings.check()
    fields: Mapping[str, Any] = plain(node)
    return fields
