"""A history that somebody wrote down: a file of alerts, in the guide's fields or as Alertmanager has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tocsin.errors import AlertError, ConfigurationError
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.spans import Span
from tocsin.lab.instants import parse_instant
from tocsin.model.alert import PerformanceAlert

__all__ = ["spans_of_alerts"]

_ZERO: Final = "0001-01-01"


def spans_of_alerts(items: Iterable[tuple[str, Any]], labels: Labels) -> Iterator[Span]:
    """Yield the spans of alerts, each given with its place in the file.

    In the guide's fields an alert begins at ``timestamp`` and ends at ``resolved_at``, if it has one; ISO 8601 or
    seconds. In Alertmanager's form (``labels``, ``annotations``, ``startsAt``, ``endsAt``: what its API or a webhook of
    it gives) it has ended if its ``status`` is *resolved*, or if ``endsAt`` is not after ``updatedAt``.

    :raises ConfigurationError: at the first that is no alert, with its place.
    """
    for where, item in items:
        try:
            if not isinstance(item, Mapping):
                raise ConfigurationError(f"an alert is an object, not {type(item).__name__}")
            yield _labelled(item, labels) if "labels" in item and "startsAt" in item else _named(item)
        except AlertError as error:
            raise ConfigurationError(error.problem, f"{where}.{error.where}" if error.where else where) from None
        except ConfigurationError as error:
            raise error.within(where) from None


def _named(item: Mapping[str, Any]) -> Span:
    fields = dict(item)
    if fields.get("timestamp") is None:
        raise ConfigurationError("when it began to fire is missing", "timestamp")
    began = fields["timestamp"] = _instant(fields["timestamp"], "timestamp")
    ended = fields.pop("resolved_at", None)
    if ended is not None:
        ended = _instant(ended, "resolved_at")
        _in_order(began, ended, "resolved_at")
    return Span(PerformanceAlert.parse(fields), began, ended)


def _labelled(item: Mapping[str, Any], labels: Labels) -> Span:
    began = _instant(item["startsAt"], "startsAt")
    ends, updated, status = item.get("endsAt"), item.get("updatedAt"), item.get("status")
    ended = None if ends is None or str(ends).startswith(_ZERO) else _instant(ends, "endsAt")
    if ended is not None:
        _in_order(began, ended, "endsAt")
        over = status == "resolved" if isinstance(status, str) else True
        if updated is not None:
            over = ended <= _instant(updated, "updatedAt")
        ended = ended if over else None
    alert = labels.alert(
        _strings(item, "labels"), _strings(item, "annotations"), began, str(item.get("generatorURL") or "")
    )
    return Span(alert, began, ended)


def _instant(value: Any, name: str) -> float:
    try:
        return parse_instant(value)
    except ValueError as error:
        raise ConfigurationError(str(error), name) from None


def _in_order(began: float, ended: float, name: str) -> None:
    if ended < began:
        raise ConfigurationError("it ends before it begins", name)


def _strings(item: Mapping[str, Any], name: str) -> dict[str, str]:
    value = item.get(name) or {}
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise ConfigurationError("expected an object with a string for each name", name)
    return dict(value)
