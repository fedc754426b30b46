"""Loading: the engine's records, as :mod:`tocsin.engine.codec` writes them, made into a state again.

A restart waits for this, and most of it is the same few classes over and over. So it is done in one pass, in which no
record is held on to, and with the constructors themselves. What is read has a digest, and was checked before it was
written: a value of another type than its field's may raise anything, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache, partial
from typing import Any, Final, get_args, get_origin

import attrs
import cattrs

from tocsin.engine.agenda import Agenda
from tocsin.engine.codec import AGENDAS, DERIVED, FORMAT, NUMBERS, SCALARS, STATE
from tocsin.engine.plan import Plan
from tocsin.engine.standings import stand_again
from tocsin.engine.state import Episode, Escalation, Incident, Lane, Line, Outgoing, Owed, State
from tocsin.journal.plain import compact_converter
from tocsin.model.alert import PerformanceAlert
from tocsin.model.gap import Gap
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Reason
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import SilenceRecord

__all__ = ["load"]

_ALERT: Final = tuple(
    (field.name, getattr(PerformanceAlert, field.name).__set__, field.default)
    for field in attrs.fields(PerformanceAlert)
    if field.name not in {"severity", "labels", "annotations"}
)
_SET_SEVERITY, _SET_LABELS, _SET_ANNOTATIONS = (
    getattr(PerformanceAlert, name).__set__ for name in ("severity", "labels", "annotations")
)
_SEVERITIES: Final = {severity.value: severity for severity in AlertSeverity}


def _alert(plain: Mapping[str, Any]) -> PerformanceAlert:
    """Return an alert without asking its validators again."""
    made = object.__new__(PerformanceAlert)
    given = plain.get
    for name, put, default in _ALERT:
        put(made, given(name, default))
    for name in NUMBERS:
        if type(given(name)) is str:  # a number that JSON has no form for
            object.__setattr__(made, name, float(plain[name]))
    _SET_SEVERITY(made, _SEVERITIES[plain["severity"]])
    _SET_LABELS(made, given("labels") or {})
    _SET_ANNOTATIONS(made, given("annotations") or {})
    return made


Read = Callable[[Any], Any]


def _tuples(kind: Any) -> Callable[[Any, Any], Any]:
    """Return what structures tuples of that type: nothing is looked up again for each item."""
    items = [_of_type(item) for item in get_args(kind) if item is not ...]
    if not any(items):
        return lambda value, _: tuple(value)
    reads = [read or _as_it_is for read in items]
    if get_args(kind)[-1] is ...:
        return lambda value, _: tuple(map(reads[0], value))
    return lambda value, _: tuple([read(item) for read, item in zip(reads, value, strict=True)])


def _as_it_is(value: Any) -> Any:
    return value


def _is_of_tuples(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple and bool(get_args(kind))


def _converter() -> cattrs.Converter:
    made = compact_converter()
    made.register_structure_hook_factory(_is_of_tuples, _tuples)
    return made


_CONVERTER: Final = _converter()
_BY_TYPE: Final[tuple[tuple[Any, Read | None], ...]] = (
    (PerformanceAlert, _alert),
    (tuple[str, ...], tuple),
    (tuple[float, ...], tuple),
    (dict[str, int], dict),
    *((kind, None) for kind in (str, int, bool, str | None, int | None)),
)
"""What makes a field's value of what a record has; None: it is that already. Other types are left to the converter."""


def _of_type(kind: Any) -> Read | None:
    for known, read in _BY_TYPE:
        if known == kind:
            return read
    hook = _CONVERTER.get_structure_hook(kind)
    return lambda value: hook(value, kind)


class _Missing:
    """Stands for a field that a record must have."""


_MISSING: Final = _Missing()


def _maker(kind: type, by_hand: Collection[str] = ()) -> Callable[..., Any]:
    """Return what makes an instance of *kind* of a record, and of the class' first fields, which its place gives.

    Left out are fields that are derived from other records, or made *by_hand* afterwards. What a newer version wrote
    and this one has no field for is read past.
    """
    attrs.resolve_types(kind)
    fields = [field for field in attrs.fields(kind) if field.init]
    left_out = {*DERIVED.get(kind, ()), *by_hand}
    reads = {field.name: (at, _of_type(field.type)) for at, field in enumerate(fields) if field.name not in left_out}
    plain = {name: at for name, (at, read) in reads.items() if read is None}
    known = {name: (at, read) for name, (at, read) in reads.items() if read is not None}
    needed = sum(field.default is attrs.NOTHING for field in fields)  # these come first
    absent = [
        _default(field) if at >= needed else None if field.name in by_hand else _MISSING
        for at, field in enumerate(fields)
    ]

    required = [at for at in range(needed) if absent[at] is _MISSING]

    def make(record: Mapping[str, Any], *place: Any) -> Any:
        values = absent.copy()  # by place, for a call with many keywords takes four times as long
        values[: len(place)] = place
        for name, value in record.items():
            if name in plain:
                values[plain[name]] = value
            elif name in known:
                at, read = known[name]
                values[at] = read(value)
        for at in required:
            if values[at] is _MISSING:
                raise ValueError(f"a record lacks {fields[at].name}")
        return kind(*values)

    return make


def _default(field: attrs.Attribute[Any]) -> Any:
    """Return what a constructor takes for a field that is not given; one with a factory takes the lack of it."""
    return attrs.NOTHING if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]  # it is a class


_episode: Final = _maker(Episode)
_escalation: Final = _maker(Escalation, {"state"})
_incident: Final = _maker(Incident, {"state", "lines", "escalations"})
_line: Final = _maker(Line)
_ALONE: Final = {
    "outgoing": (_maker(Outgoing), True),
    "undelivered": (_maker(Outgoing), True),
    "lanes": (_maker(Lane), True),
    "silences": (_maker(SilenceRecord), False),
    "gaps": (_maker(Gap), False),
}
"""Tables whose records need no other, and whether the first field is their key there."""

_STANDINGS: Final[dict[str, Read]] = {
    "due": partial(_CONVERTER.structure, cl=Owed),
    "waiting": partial(_CONVERTER.structure, cl=Owed),
    "blocked": Reason,
    "told": int,
    "adopted": tuple,
}


def load(records: Mapping[tuple[str, str], Any], plan: Plan) -> State:
    """Return the state of which :func:`tocsin.engine.codec.dump` gave these *records*, in any order.

    It may keep parts of them, which nobody changes any more.

    What plugins hold (an aggregator's or scheduler's state) is structured into their ``state_class``; an incident of a
    strategy or version that is not there any more keeps no state.

    :raises ValueError: when they were written in a format that this version does not read, or make no sense.
    """
    scalars = records[STATE]
    if scalars.get("format") != FORMAT:
        raise ValueError(f"records of format {scalars.get('format')!r}; this version reads format {FORMAT}")
    state = State(**{name: scalars[name] for name in SCALARS if name in scalars})  # an older version knew fewer
    early = _take_in(state, records, plan)
    for episode, record in early:
        stand_again(state.incidents[episode.incident_id], episode, record, _STANDINGS)
    state.review.rebuild()
    state.agenda.rebuild()
    state.wall_agenda.rebuild()
    _derive(state)
    return state


def _take_in(
    state: State, records: Mapping[tuple[str, str], Any], plan: Plan
) -> list[tuple[Episode, Mapping[str, Any]]]:
    """Put every record into its table; return episodes that came before their incidents, with their records."""
    episodes, incidents = state.episodes, state.incidents
    early = []
    for (table, name), record in records.items():
        if table == "episodes":
            episodes[name] = episode = _episode(record)
            incident = incidents.get(episode.incident_id)
            if incident is not None:
                stand_again(incident, episode, record, _STANDINGS)
            else:
                early.append((episode, record))
        elif table == "incidents":
            incidents[name] = _load_incident(name, record, plan)
        elif table in AGENDAS:
            kind, _, subject = name.partition(" ")
            agenda: Agenda = getattr(state, table)
            agenda.ranks[(int(kind), subject)] = record
        elif table in _ALONE:
            make, keyed = _ALONE[table]
            getattr(state, table)[name] = make(record, name) if keyed else make(record)
        elif table == "open":
            state.open[name] = record
        elif table == "review":
            state.review.ranks[name] = record
    return early


def _load_incident(incident_id: str, record: Mapping[str, Any], plan: Plan) -> Incident:
    incident: Incident = _incident(record, incident_id, record.get("key"))
    grouping = plan.grouping(incident.grouping)
    if incident.strategy == grouping.strategy:
        incident.state = _plugin_state(record.get("state"), grouping.aggregator, incident.version)
    for channel_id, line in record["lines"].items():
        incident.lines[channel_id] = _line(line, incident_id, channel_id)
    for policy_id, plain in record.get("escalations", {}).items():
        incident.escalations[policy_id] = escalation = _escalation(plain, incident_id, policy_id)
        scheduler = plan.schedulers.get(escalation.scheduler)
        escalation.state = _plugin_state(plain.get("state"), scheduler, escalation.version)
    return incident


def _plugin_state(plain: Any, owner: Any, version: int) -> Any:
    if plain is None or owner is None or owner.state_class is None or owner.state_version != version:
        return None
    return _structuring(owner.state_class)(plain, owner.state_class)


_structuring: Final = cache(_CONVERTER.get_structure_hook)


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
