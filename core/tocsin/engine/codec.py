"""The codec: the engine's records as plain data, ready for JSON, and back. What a checkpoint is made of.

One record is one key of one table. What is derived from the records (who fires, the lanes' queues, the agendas' heaps)
is not written; :func:`load` builds it anew. What plugins hold (an aggregator's or scheduler's state) is structured
into their ``state_class``; an incident of a strategy or version that is not there any more keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs
import cattrs

from tocsin.engine.agenda import Agenda, Ordered
from tocsin.engine.plan import Plan
from tocsin.engine.state import Episode, Escalation, Incident, Lane, Outgoing, State
from tocsin.engine.transaction import Key, Transaction
from tocsin.journal.plain import converter
from tocsin.model.gap import Gap
from tocsin.model.notification import NotificationState
from tocsin.model.silence import SilenceRecord

__all__ = ["FORMAT", "dump", "load", "record"]

FORMAT: Final = 1
"""Rises when an older reader would misread a record."""

_DERIVED: Final = {Incident: {"members", "firing"}, Lane: {"live", "queue", "sending", "unheld"}}
_SCALARS: Final = tuple(
    field.name for field in attrs.fields(State) if str(field.type) in {"bool", "int", "float", "str"}
)
_STATE: Final = ("state", "")


def _converter() -> cattrs.Converter:
    made = converter()
    made.register_structure_hook_func(
        lambda kind: getattr(kind, "__origin__", None) is Ordered, lambda _, kind: Ordered()
    )
    return made


_CONVERTER: Final = _converter()


def _fields(record: Any) -> dict[str, Any]:
    """Return the record's own fields, without those that are derived or held by plugins."""
    derived = _DERIVED.get(type(record), ())
    return {
        field.name: _CONVERTER.unstructure(getattr(record, field.name), unstructure_as=Any)
        for field in attrs.fields(type(record))
        if field.name not in derived
    }


def _incident(incident: Incident) -> dict[str, Any]:
    plain = _fields(attrs.evolve(incident, state=None, escalations={}))
    plain["state"] = _CONVERTER.unstructure(incident.state)
    plain["escalations"] = {policy_id: _fields(one) for policy_id, one in incident.escalations.items()}
    return plain


def _scalars(state: State) -> dict[str, Any]:
    return {"format": FORMAT, **{name: getattr(state, name) for name in _SCALARS}}


_TABLES: Final[dict[str, Callable[[Any], Any]]] = {
    "episodes": _CONVERTER.unstructure,
    "incidents": _incident,
    "open": str,
    "outgoing": _fields,
    "undelivered": _fields,
    "lanes": _fields,
    "silences": _CONVERTER.unstructure,
    "gaps": _CONVERTER.unstructure,
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
    return key, None if value is None else _TABLES[table](value)


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


def _load_escalation(plain: Mapping[str, Any], plan: Plan) -> Escalation:
    state = _plugin_state(plain["state"], plan.schedulers.get(plain["scheduler"]), plain["version"])
    return attrs.evolve(_CONVERTER.structure({**plain, "state": None}, Escalation), state=state)


def _load_incident(plain: Mapping[str, Any], plan: Plan) -> Incident:
    incident = _CONVERTER.structure({**plain, "state": None, "escalations": {}}, Incident)
    grouping = plan.grouping(incident.grouping)
    if incident.strategy == grouping.strategy:
        incident.state = _plugin_state(plain["state"], grouping.aggregator, incident.version)
    for policy_id, escalation in plain["escalations"].items():
        incident.escalations[policy_id] = _load_escalation(escalation, plan)
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
    state = State(**{name: scalars[name] for name in _SCALARS})
    state.incidents.update((name, _load_incident(plain, plan)) for name, plain in tables.get("incidents", ()))
    state.open.update(tables.get("open", ()))
    for table, kind in _CLASSES.items():
        for name, plain in tables.get(table, ()):
            getattr(state, table)[name] = _CONVERTER.structure(plain, kind)
    state.review.ranks.update(tables.get("review", ()))
    state.review.rebuild()
    for table in _AGENDAS:
        _load_agenda(getattr(state, table), tables.get(table, ()))
    _derive(state)
    return state


def _derive(state: State) -> None:
    """Build what is derived, in the order in which it came about."""
    for incident in sorted(state.incidents.values(), key=lambda incident: incident.serial):
        state.roll.add(Transaction(), incident.serial, incident.incident_id)
    for episode in sorted(state.episodes.values(), key=lambda episode: episode.serial):
        incident = state.incidents[episode.incident_id]
        incident.members[episode.episode_id] = None
        if not episode.superseded:
            state.alerts[episode.alert.alert_id] = episode
        if episode.firing:
            incident.firing[episode.episode_id] = None
            state.firing[episode.alert.alert_id] = None
    for out in sorted(state.outgoing.values(), key=lambda out: out.serial):
        lane = state.lanes[out.channel_id]
        lane.live[out.notification_id] = None
        if out.state is NotificationState.SENDING:
            lane.sending[out.notification_id] = None
        elif out.queued:
            lane.queue.ranks[out.notification_id] = out.queue_rank
            if not out.attempted and out.state is NotificationState.QUEUED:
                lane.unheld[out.notification_id] = None
    for lane in state.lanes.values():
        lane.queue.rebuild()
    state.shelf.ranks.update((name, out.serial) for name, out in state.undelivered.items())
    state.shelf.rebuild()
