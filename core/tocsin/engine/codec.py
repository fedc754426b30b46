"""The codec: the engine's records as plain data, ready for JSON, and back. What a checkpoint is made of.

One record is one key of one table: a mapping from a field's name to its value. Left out is a field that has its default
value; what the record's place says already (an incident's id is its key); and what is derived from other records (who
fires, the lanes' queues, the agendas' heaps), which :func:`load` builds anew. What lines and escalations hold of single
episodes is kept with these, see :mod:`tocsin.engine.standings`. What plugins hold (an aggregator's or
scheduler's state) is structured into their ``state_class``; an incident of a strategy or version that is not there any
more keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from tocsin.engine.agenda import Agenda
from tocsin.engine.plan import Plan
from tocsin.engine.standings import APART, stand_again, standing
from tocsin.engine.state import Episode, Escalation, Incident, Lane, Line, Outgoing, Owed, State
from tocsin.engine.transaction import Key
from tocsin.journal.plain import compact_converter, number_to_plain
from tocsin.model.alert import PerformanceAlert
from tocsin.model.gap import Gap
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Reason
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import SilenceRecord

__all__ = ["FORMAT", "dump", "load", "place", "record"]

FORMAT: Final = 2
"""Rises when an older reader would misread a record."""

_DERIVED: Final[dict[type, tuple[str, ...]]] = {
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
_COPIED: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (tuple[str, ...], tuple),
    (tuple[float, ...], tuple),
    (dict[str, int], dict),
    (dict[str, None], dict),
    (Mapping[str, str], dict),
)
"""Types whose values need no more than a copy: what is read has a digest, and was checked before it was written."""

_SCALARS: Final = tuple(
    field.name for field in attrs.fields(State) if str(field.type) in {"bool", "int", "float", "str"}
)
_STATE: Final = ("state", "")


_EPISODE: Final = tuple(
    (field.name, field.default) for field in attrs.fields(Episode) if field.init and field.name not in {"alert", "ack"}
)
_ALERT: Final = tuple(
    (field.name, getattr(PerformanceAlert, field.name).__set__, field.default)
    for field in attrs.fields(PerformanceAlert)
    if field.name not in {"severity", "labels", "annotations"}
)
_SET_SEVERITY, _SET_LABELS, _SET_ANNOTATIONS = (
    getattr(PerformanceAlert, name).__set__ for name in ("severity", "labels", "annotations")
)
_NUMBERS: Final = ("current_value", "threshold_value", "timestamp")
_SEVERITIES: Final = {severity.value: severity for severity in AlertSeverity}


def _alert_to_plain(alert: PerformanceAlert) -> dict[str, Any]:
    plain = {name: value for name, _, default in _ALERT if (value := getattr(alert, name)) != default}
    for name in _NUMBERS:
        if name in plain:
            plain[name] = number_to_plain(plain[name])
    plain["severity"] = alert.severity.value
    if alert.labels:
        plain["labels"] = dict(alert.labels)
    if alert.annotations:
        plain["annotations"] = dict(alert.annotations)
    return plain


def _alert(plain: Mapping[str, Any], _: Any) -> PerformanceAlert:
    """Return an alert without asking its validators again: most of the time of a restart would go there."""
    made = object.__new__(PerformanceAlert)
    for name, put, default in _ALERT:
        put(made, plain.get(name, default))
    for name in _NUMBERS:
        if isinstance(plain.get(name), str):
            object.__setattr__(made, name, float(plain[name]))
    _SET_SEVERITY(made, _SEVERITIES[plain["severity"]])
    _SET_LABELS(made, dict(plain.get("labels", ())))
    _SET_ANNOTATIONS(made, dict(plain.get("annotations", ())))
    return made


def _left_out(*names: str) -> dict[str, Any]:
    return {name: override(omit=True) for name in names}


def _converter() -> cattrs.Converter:
    made = compact_converter()
    made.register_unstructure_hook(PerformanceAlert, _alert_to_plain)
    made.register_structure_hook(PerformanceAlert, _alert)
    for copied, copy in _COPIED:
        _register_copy(made, copied, copy)
    for kind in (Line, Escalation, Incident, Lane, Outgoing):
        derived, by_hand = _DERIVED.get(kind, ()), _BY_HAND.get(kind, ())
        names = _left_out(*derived, *by_hand, *_IN_THE_KEY[kind])
        written = make_dict_unstructure_fn(kind, made, _cattrs_omit_if_default=True, **names)
        made.register_unstructure_hook(kind, written)
        names = _left_out(*derived, *(name for name in by_hand if name != "state"))
        made.register_structure_hook(
            kind, make_dict_structure_fn(kind, made, _cattrs_detailed_validation=False, **names)
        )
    return made


def _register_copy(made: cattrs.Converter, kind: Any, copy: Callable[[Any], Any]) -> None:
    made.register_structure_hook_func(lambda other: other == kind, lambda value, _: copy(value))


_CONVERTER: Final = _converter()
_fields: Final = _CONVERTER.unstructure
_MAKE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    kind: _CONVERTER.get_structure_hook(kind)
    for kind in (Episode, Escalation, Gap, Incident, Lane, Line, Outgoing, SilenceRecord)
}
"""What the converter would look up for each record again."""

_STANDINGS: Final[dict[str, Callable[[Any], Any]]] = {
    "due": partial(_CONVERTER.structure, cl=Owed),
    "waiting": partial(_CONVERTER.structure, cl=Owed),
    "blocked": Reason,
    "told": int,
    "adopted": tuple,
}


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
    return {"format": FORMAT, **{name: getattr(state, name) for name in _SCALARS}}


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
_CLASSES: Final = {
    "episodes": Episode,
    "outgoing": Outgoing,
    "undelivered": Outgoing,
    "lanes": Lane,
    "silences": SilenceRecord,
    "gaps": Gap,
}
_AGENDAS: Final = ("agenda", "wall_agenda")


def record(state: State, key: Key) -> tuple[tuple[str, str], Any]:
    """Return the key of a record as two strings, and the record as plain data; None when it is gone."""
    table, name = key
    if key == _STATE:
        return key, _scalars(state)
    if table == "review":
        return key, state.review.ranks.get(name)
    if table in _AGENDAS:
        return (table, f"{name[0]} {name[1]}"), getattr(state, table).ranks.get(name)
    value = getattr(state, table).get(name)
    return key, None if value is None else _TABLES[table](state, value)


def place(name: tuple[str, str]) -> Key:
    """Return the engine's key of the record that :func:`record` calls *name*."""
    table, text = name
    if table not in _AGENDAS:
        return name
    kind, _, subject = text.partition(" ")
    return table, (int(kind), subject)


def dump(state: State) -> dict[tuple[str, str], Any]:
    """Return every record there is."""
    keys: list[Key] = [_STATE]
    for table in _TABLES:
        keys.extend((table, name) for name in getattr(state, table))
    keys.extend(("review", name) for name in state.review.ranks)
    for agenda in _AGENDAS:
        keys.extend((agenda, name) for name in getattr(state, agenda).ranks)
    return dict(record(state, key) for key in keys)


def _plugin_state(plain: Any, owner: Any, version: int) -> Any:
    if plain is None or owner is None or owner.state_class is None or owner.state_version != version:
        return None
    return _CONVERTER.structure(plain, owner.state_class)


def _load_escalation(place: Mapping[str, str], plain: Mapping[str, Any], plan: Plan) -> Escalation:
    escalation: Escalation = _MAKE[Escalation]({**plain, **place, "state": None}, Escalation)
    scheduler = plan.schedulers.get(escalation.scheduler)
    escalation.state = _plugin_state(plain.get("state"), scheduler, escalation.version)
    return escalation


def _load_incident(incident_id: str, plain: Mapping[str, Any], plan: Plan) -> Incident:
    fields = {"key": None, **plain, "incident_id": incident_id, "state": None}
    incident: Incident = _MAKE[Incident](fields, Incident)
    grouping = plan.grouping(incident.grouping)
    if incident.strategy == grouping.strategy:
        incident.state = _plugin_state(plain.get("state"), grouping.aggregator, incident.version)
    for channel_id, line in plain["lines"].items():
        place = {"incident_id": incident_id, "channel_id": channel_id}
        incident.lines[channel_id] = _MAKE[Line]({**line, **place}, Line)
    for policy_id, escalation in plain.get("escalations", {}).items():
        place = {"incident_id": incident_id, "policy_id": policy_id}
        incident.escalations[policy_id] = _load_escalation(place, escalation, plan)
    return incident


def _load_agenda(agenda: Agenda, records: Iterable[tuple[str, Any]]) -> None:
    for name, at in records:
        kind, _, subject = name.partition(" ")
        agenda.ranks[(int(kind), subject)] = at
    agenda.rebuild()


def load(records: Mapping[tuple[str, str], Any], plan: Plan) -> State:
    """Return the state of which :func:`dump` gave these *records*.

    :raises ValueError: when they were written in a format that this version does not read, or make no sense.
    """
    scalars = records[_STATE]
    if scalars.get("format") != FORMAT:
        raise ValueError(f"records of format {scalars.get('format')!r}; this version reads format {FORMAT}")
    tables: dict[str, list[tuple[str, Any]]] = {}
    for (table, name), plain in records.items():
        tables.setdefault(table, []).append((name, plain))
    state = State(**{name: scalars[name] for name in _SCALARS if name in scalars})  # an older version knew fewer
    state.incidents.update((name, _load_incident(name, plain, plan)) for name, plain in tables.get("incidents", ()))
    state.open.update(tables.get("open", ()))
    for table, kind in _CLASSES.items():
        into, make, in_the_key = getattr(state, table), _MAKE[kind], _IN_THE_KEY.get(kind, ())
        for name, plain in tables.get(table, ()):
            into[name] = make({**plain, **dict.fromkeys(in_the_key, name)} if in_the_key else plain, kind)
    for name, plain in tables.get("episodes", ()):
        episode = state.episodes[name]
        stand_again(state.incidents[episode.incident_id], episode, plain, _STANDINGS)
    state.review.ranks.update(tables.get("review", ()))
    state.review.rebuild()
    for table in _AGENDAS:
        _load_agenda(getattr(state, table), tables.get(table, ()))
    _derive(state)
    return state


def _derive(state: State) -> None:
    """Build what is derived, in the order in which it came about."""
    for episode_id, episode in sorted(state.episodes.items(), key=lambda item: item[1].serial):
        incident = state.incidents[episode.incident_id]
        incident.members[episode_id] = None
        if not episode.superseded:
            state.alerts[episode.alert.alert_id] = episode
        if episode.firing:
            incident.firing[episode_id] = None
            state.firing[episode.alert.alert_id] = None
    fires = (incident for incident in state.incidents.values() if incident.firing)
    state.roll.fill((incident.serial, incident.incident_id) for incident in fires)
    for out in sorted(state.outgoing.values(), key=lambda out: out.serial):
        lane = state.lanes[out.channel_id]
        lane.live[out.notification_id] = None
        if out.promised is not None:
            lane.promised.ranks[out.notification_id] = out.promised
        if out.state is NotificationState.SENDING:
            lane.sending[out.notification_id] = None
        elif out.queued:
            lane.queue.ranks[out.notification_id] = out.queue_rank
            if not out.attempted and out.state is NotificationState.QUEUED:
                lane.unheld[out.notification_id] = None
    for lane in state.lanes.values():
        lane.queue.rebuild()
        lane.promised.rebuild()
    state.shelf.ranks.update((name, out.serial) for name, out in state.undelivered.items())
    state.shelf.rebuild()
