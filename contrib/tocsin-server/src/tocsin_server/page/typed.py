"""A typed alert: one that may never have fired, as an address has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

import attrs

from tocsin import AlertSeverity, ConfigurationError, PerformanceAlert
from tocsin_server.web.refusal import Refused

__all__ = ["FIELDS", "Typed"]

FIELDS: Final = ("severity", "cluster", "metric", "node", "id", "labels", "message")
"""What an address says of an alert; ``labels`` has one in each line, as ``team=db``."""

_NOBODY: Final = "hypothetical"
"""The id of an alert that was given none."""

_MOST_LABELS: Final = 64


@attrs.frozen(slots=True)
class Typed:
    """What was typed, by :data:`FIELDS`; what is empty was not."""

    fields: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, alert: PerformanceAlert) -> Typed:
        """Return what has to be typed to get *alert*, as far as rules look at it."""
        fields = {
            "severity": alert.severity.value,
            "cluster": alert.cluster_id,
            "metric": alert.metric_name,
            "node": alert.node_id or "",
            "id": alert.alert_id,
            "labels": "\n".join(_line(name, value) for name, value in sorted(alert.labels.items())),
            "message": alert.message[:1000],
        }
        return cls({name: value for name, value in fields.items() if value})

    @property
    def query(self) -> str:
        """The part of an address that has it."""
        return urlencode([(name, self.fields[name]) for name in FIELDS if name in self.fields], errors="replace")

    def alert(self) -> PerformanceAlert:
        """Return the alert; :exc:`Refused` with 400 when there can be none like that."""
        get = self.fields.get
        try:
            return PerformanceAlert(
                alert_id=get("id", _NOBODY),
                cluster_id=get("cluster", ""),
                severity=AlertSeverity.parse(get("severity", AlertSeverity.CRITICAL.value)),
                metric_name=get("metric", ""),
                message=get("message", ""),
                node_id=get("node"),
                labels=dict(_labels(get("labels", ""))),
            )
        except ConfigurationError as error:
            raise Refused(400, f"no alert can be so: {error.problem}") from None


def _labels(text: str) -> Iterator[tuple[str, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LABELS:
        raise Refused(400, f"at most {_MOST_LABELS} labels, each in a line")
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise Refused(400, f"a label is written as team=db, and not as {line!r:.80}")
        yield name.strip(), _value(value.strip())


def _value(written: str) -> str:
    """Return the value of a label, in double quotes or without."""
    if not written.startswith('"'):
        return written
    try:
        value = json.loads(written)
    except ValueError:
        raise Refused(400, f"a value that begins with a quote is as JSON has it, and not {written!r:.80}") from None
    return str(value)


def _line(name: str, value: str) -> str:
    plain = value == value.strip() and len(value.splitlines()) < 2 and not value.startswith('"')
    return f"{name}={value if plain else json.dumps(value)}"
