"""The alert that a command asks about: of a file, of labels, or of both; what is left out is assumed, and said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click

from tocsin.configfile.alert_file import LARGEST_ALERT, alert_fields, read_alert_file
from tocsin.configfile.loading import LoadedRouting
from tocsin.errors import ConfigurationError
from tocsin.lab.history.labels import Labels
from tocsin.model.alert import VIEW_FIELDS, PerformanceAlert

__all__ = ["Hypothetical", "alert_options", "hypothetical"]

F = TypeVar("F", bound=Callable[..., Any])

_ASSUMED: Final[Mapping[str, str]] = {
    "alert_id": "hypothetical",
    "cluster_id": "",
    "severity": "warning",
    "metric_name": "",
}
_POSTED: Final = frozenset(
    ("labels", "annotations", "startsAt", "endsAt", "generatorURL", "status", "updatedAt", "fingerprint", "receivers")
)
"""The fields of an alert as Alertmanager has it."""

_ALSO_LABELS: Final[Mapping[str, str]] = {"cluster": "cluster_id", "alertname": "metric_name"}


@attrs.frozen(slots=True)
class Hypothetical:
    """An alert that may never have fired; ``assumed`` are the fields that nobody gave."""

    alert: PerformanceAlert
    assumed: Mapping[str, str]


def alert_options(command: F) -> F:
    """Give a command the options ``--alert`` (``alert_file``) and ``--label`` (``labels``)."""
    label = click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="NAME=VALUE",
        help="A label; may be repeated. severity, cluster_id, metric_name, node_id and alert_id set the alert's own "
        "field; cluster and alertname set cluster_id and metric_name besides.",
    )
    file = click.option(
        "--alert",
        "alert_file",
        metavar="FILE",
        type=click.Path(path_type=Path, allow_dash=True),
        help="Take one alert from FILE, JSON or YAML, in tocsin's fields or Alertmanager's; - is standard input.",
    )
    return file(label(command))


def hypothetical(
    alert_file: Path | None, labels: Sequence[str], routing: LoadedRouting | None = None
) -> Hypothetical | None:
    """Return the alert that the options describe, or None where none was given.

    One in Alertmanager's form becomes what a daemon with that *routing* would make of it (None: with its defaults).

    :raises ConfigurationError: when there can be no such alert.
    """
    if alert_file is None and not labels:
        return None
    fields = {} if alert_file is None else dict(_read(alert_file))
    if fields.keys() <= _POSTED and "labels" in fields:
        fields = _posted(fields, routing)
    for text in labels:
        _set(fields, text)
    assumed = {name: value for name, value in _ASSUMED.items() if name not in fields}
    try:
        alert = PerformanceAlert.parse({**assumed, **fields})
    except ConfigurationError as error:
        raise ConfigurationError(f"no alert can be so: {error}") from None
    return Hypothetical(alert, assumed)


def _read(alert_file: Path) -> Mapping[str, Any]:
    if str(alert_file) != "-":
        return read_alert_file(alert_file)
    return alert_fields(sys.stdin.buffer.read(LARGEST_ALERT + 1), "<stdin>")


def _posted(fields: Mapping[str, Any], routing: LoadedRouting | None) -> dict[str, Any]:
    """Return the fields of an alert that Alertmanager would have in this form."""
    words = Labels() if routing is None else Labels(routing.server.severity_labels, routing.server.cluster_labels)
    pairs = {name: fields.get(name) or {} for name in ("labels", "annotations")}
    for name, values in pairs.items():
        texts = isinstance(values, Mapping) and all(isinstance(one, str) for pair in values.items() for one in pair)
        if not texts:
            raise ConfigurationError("expected a mapping of strings to strings", name)
    alert = words.alert(pairs["labels"], pairs["annotations"], 0.0, str(fields.get("generatorURL") or ""))
    return {**attrs.asdict(alert, recurse=False), "timestamp": None}


def _set(fields: dict[str, Any], text: str) -> None:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is no label, such as team=db", param_hint="--label")
    if name in VIEW_FIELDS:
        fields[name] = value
        return
    if name in _ALSO_LABELS:
        fields.setdefault(_ALSO_LABELS[name], value)
    known = fields.get("labels", {})
    if not isinstance(known, Mapping):
        raise ConfigurationError("labels are a mapping from names to values", "labels")
    fields["labels"] = {**known, name: value}
