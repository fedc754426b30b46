"""The codec: the engine's records as plain data, ready for JSON. What a checkpoint is made of.

One record is one key of one table: a mapping from a field's name to its value. Left out is a field that has its default
value; what the record's place says already (an incident's id is its key); and what is derived from other records (who
fires, the lanes' queues, the agendas' heaps): :mod:`tocsin.engine.loading` reads records, and builds that anew. What
lines and escalations hold of single episodes is kept with these, see :mod:`tocsin.engine.standings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

from tocsin.engine.standings import APART, standing
from tocsin.engine.state import Episode, Escalation, Incident, Lane, Line, Outgoing, State
from tocsin.engine.transaction import Key
from tocsin.journal.plain import compact_converter, number_to_plain
from tocsin.model.alert import PerformanceAlert

__all__ = ["AGENDAS", "DERIVED", "FORMAT", "NUMBERS", "SCALARS", "STATE", "dump", "place", "record"]

FORMAT: Final = 2
"""Rises when an older reader would misread a record."""

DERIVED: Final[dict[type, tuple[str, ...]]] = {
    Incident: ("members", "firing"),
    Lane: ("live", "promised", "queue", "sending", "unheld"),
    **APART,
}
_IN_THE_KEY: Final[dict[type, tuple[str, ...]]] = {
    Incident: ("incident_id",),
    Line: ("incident_id", "channel_id"),
    Escalation: ("incident_id", "policy_id"),
    Outgoing: ("notification_id",),
    Lane: ("channel_id",),
}
_BY_HAND: Final[dict[type, tuple[str, ...]]] = {Incident: ("state", "lines", "escalations"), Escalation: ("state",)}

SCALARS: Final = tuple(
    field.name for field in attrs.fields(State) if str(field.type) in {"bool", "int", "float", "str"}
)
STATE: Final = ("state", "")


_EPISODE: Final = tuple(
    (field.name, field.default) for field in attrs.fields(Episode) if field.init and field.name not in {"alert", "ack"}
)
_ALERT: Final = tuple(
    (field.name, field.default)
    for field in attrs.fields(PerformanceAlert)
    if field.name not in {"severity", "labels", "annotations"}
)
NUMBERS: Final = ("current_value", "threshold_value", "timestamp")


def _alert_to_plain(alert: PerformanceAlert) -> dict[str, Any]:
    plain = {name: value for name, default in _ALERT if (value := getattr(alert, name)) != default}
    for name in NUMBERS:
        if name in plain:
            plain[name] = number_to_plain(plain[name])
    plain["severity"] = alert.severity.value
    if alert.labels:
        plain["labels"] = dict(alert.labels)
    if alert.annotations:
        plain["annotations"] = dict(alert.annotations)
    return plain


def _left_out(*names: str) -> dict[str, Any]:
    return {name: override(omit=True) for name in names}


def _converter() -> cattrs.Converter:
    made = compact_converter()
    made.register_unstructure_hook(PerformanceAlert, _alert_to_plain)
    for kind in (Line, Escalation, Incident, Lane, Outgoing):
        names = _left_out(*DERIVED.get(kind, ()), *_BY_HAND.get(kind, ()), *_IN_THE_KEY[kind])
        written = make_dict_unstructure_fn(kind, made, _cattrs_omit_if_default=True, **names)
        made.register_unstructure_hook(kind, written)
    return made


_fields: Final = _converter().unstructure


def _incident(state: State, incident: Incident) -> dict[str, Any]:
    plain: dict[str, Any] = _fields(incident)
    if incident.key is None:
        del plain["key"]
    plain["lines"] = {channel_id: _fields(line) for channel_id, line in incident.lines.items()}
    if incident.state is not None:
        plain["state"] = _fields(incident.state)
    if incident.escalations:
        plain["escalations"] = {policy_id: _escalation(one) for policy_id, one in incident.escalations.items()}
    return plain


def _escalation(escalation: Escalation) -> dict[str, Any]:
    plain: dict[str, Any] = _fields(escalation)
    if escalation.state is not None:
        plain["state"] = _fields(escalation.state)
    return plain


def _episode(state: State, episode: Episode) -> dict[str, Any]:
    """The most of what a checkpoint writes: by hand, and not by the converter."""
    plain: dict[str, Any] = {"alert": _alert_to_plain(episode.alert)}
    for name, default in _EPISODE:
        value = getattr(episode, name)
        if value != default:
            plain[name] = list(value) if isinstance(value, tuple) else value
    if episode.ack is not None:
        plain["ack"] = _fields(episode.ack)
    return plain | standing(state.incidents[episode.incident_id], episode.episode_id, _fields)


def _scalars(state: State) -> dict[str, Any]:
    return {"format": FORMAT, **{name: getattr(state, name) for name in SCALARS}}


def _alone(state: State, value: Any) -> Any:
    return _fields(value)


_TABLES: Final[dict[str, Callable[[State, Any], Any]]] = {
    "episodes": _episode,
    "incidents": _incident,
    "open": _alone,
    "outgoing": _alone,
    "undelivered": _alone,
    "lanes": _alone,
    "silences": _alone,
    "gaps": _alone,
}
AGENDAS: Final = ("agenda", "wall_agenda")


def record(state: State, key: Key) -> tuple[tuple[str, str], Any]:
    """Return the key of a record as two strings, and the record as plain data; None when it is gone."""
    table, name = key
    if key == STATE:
        return key, _scalars(state)
    if table == "review":
        return key, state.review.ranks.get(name)
    if table in AGENDAS:
        return (table, f"{name[0]} {name[1]}"), getattr(state, table).ranks.get(name)
    value = getattr(state, table).get(name)
    return key, None if value is None else _TABLES[table](state, value)


def place(name: tuple[str, str]) -> Key:
    """Return the engine's key of the record that :func:`record` calls *name*."""
    table, text = name
    if table not in AGENDAS:
        return name
    kind, _, subject = text.partition(" ")
    return table, (int(kind), subject)


def dump(state: State) -> dict[tuple[str, str], Any]:
    """Return every record there is."""
    keys: list[Key] = [STATE]
    for table in _TABLES:
        keys.extend((table, name) for name in getattr(state, table))
    keys.extend(("review", name) for name in state.review.ranks)
    for agenda in AGENDAS:
        keys.extend((agenda, name) for name in getattr(state, agenda).ranks)
    return dict(record(state, key) for key in keys)
