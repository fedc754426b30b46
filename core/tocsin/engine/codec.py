"""The codec: the engine's records as plain data, ready for JSON, and back. The seam of every checkpoint.

What is derived (agendas' heaps) is rebuilt; what plugins hold (an aggregator's or scheduler's state) is structured into
their ``state_class``, and an incident of a strategy or version that is not there any more keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import cattrs
from cattrs.preconf.json import make_converter

from tocsin.engine.agenda import Agenda, Ordered
from tocsin.engine.plan import Plan
from tocsin.engine.state import Escalation, Incident, State
from tocsin.model.severity import AlertSeverity

__all__ = ["FORMAT", "dump", "load"]

FORMAT: Final = 1


def _number_or_none(value: Any, _: Any) -> float | None:
    return None if value is None else float(value)


def _converter() -> cattrs.Converter:
    converter: cattrs.Converter = make_converter()
    converter.register_unstructure_hook(AlertSeverity, lambda severity: severity.value)
    converter.register_structure_hook(AlertSeverity, lambda value, _: AlertSeverity.parse(value))
    converter.register_unstructure_hook_func(_is(Ordered), _dump_ordered)
    converter.register_structure_hook_func(_is(Ordered), lambda value, _: _load_ordered(value, Ordered()))
    converter.register_unstructure_hook(Agenda, _dump_ordered)
    converter.register_structure_hook(Agenda, lambda value, _: _load_agenda(value))
    converter.register_structure_hook(float | None, _number_or_none)
    return converter


def _is(generic: type) -> Callable[[Any], bool]:
    return lambda kind: getattr(kind, "__origin__", kind) is generic


def _dump_ordered(ordered: Ordered[Any]) -> list[Any]:
    return [[key, rank] for key, rank in sorted(ordered.ranks.items())]


def _load_ordered(pairs: Any, ordered: Ordered[Any]) -> Ordered[Any]:
    ordered.ranks.update((key, tuple(rank)) for key, rank in pairs)
    ordered.rebuild()
    return ordered


def _load_agenda(pairs: Any) -> Agenda:
    agenda = Agenda()
    agenda.ranks.update(((int(kind), name), float(at)) for (kind, name), at in pairs)
    agenda.rebuild()
    return agenda


_CONVERTER: Final = _converter()


def _dump_state(value: Any) -> Any:
    return None if value is None else _CONVERTER.unstructure(value)


def _dump_incident(incident: Incident) -> dict[str, Any]:
    plain = {
        field.name: _CONVERTER.unstructure(getattr(incident, field.name), unstructure_as=Any)
        for field in attrs.fields(Incident)
        if field.name not in {"escalations", "state"}
    }
    plain["state"] = _dump_state(incident.state)
    plain["escalations"] = {
        policy_id: {field.name: _dump_state(getattr(escalation, field.name)) for field in attrs.fields(Escalation)}
        for policy_id, escalation in incident.escalations.items()
    }
    return plain


def dump(state: State) -> dict[str, Any]:
    """Return *state* as plain data: dicts, lists, strings, numbers, booleans and None."""
    plain = {
        field.name: _CONVERTER.unstructure(getattr(state, field.name), unstructure_as=Any)
        for field in attrs.fields(State)
        if field.name not in {"alerts", "incidents"}
    }
    plain["alerts"] = {alert_id: episode.episode_id for alert_id, episode in state.alerts.items()}
    plain["incidents"] = {key: _dump_incident(incident) for key, incident in state.incidents.items()}
    plain["format"] = FORMAT
    return plain


def _load_plugin_state(plain: Any, owner: Any, version: int) -> Any:
    if plain is None or owner is None or owner.state_class is None or owner.state_version != version:
        return None
    return _CONVERTER.structure(plain, owner.state_class)


def _load_escalation(plain: Mapping[str, Any], plan: Plan) -> Escalation:
    scheduler = plan.schedulers.get(plain["scheduler"])
    state = _load_plugin_state(plain["state"], scheduler, plain["version"])
    return attrs.evolve(_CONVERTER.structure({**plain, "state": None}, Escalation), state=state)


def _load_incident(plain: Mapping[str, Any], plan: Plan) -> Incident:
    incident = _CONVERTER.structure({**plain, "state": None, "escalations": {}}, Incident)
    if incident.strategy == plan.strategy:
        incident.state = _load_plugin_state(plain["state"], plan.aggregator, incident.version)
    for policy_id, escalation in plain["escalations"].items():
        incident.escalations[policy_id] = _load_escalation(escalation, plan)
    return incident


def load(plain: Mapping[str, Any], plan: Plan) -> State:
    """Return the state that :func:`dump` gave *plain* for.

    :raises ValueError: when it was written in a format that this version does not read.
    """
    if plain.get("format") != FORMAT:
        raise ValueError(f"records of format {plain.get('format')!r}; this version reads format {FORMAT}")
    rest = {key: value for key, value in plain.items() if key not in {"format", "alerts", "incidents"}}
    state = _CONVERTER.structure({**rest, "alerts": {}, "incidents": {}}, State)
    for alert_id, episode_id in plain["alerts"].items():
        state.alerts[alert_id] = state.episodes[episode_id]
    for incident_id, incident in plain["incidents"].items():
        state.incidents[incident_id] = _load_incident(incident, plan)
    return state
