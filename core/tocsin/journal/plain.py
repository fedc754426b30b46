"""An entry as plain data, ready for JSON, and back. docs/reference/journal.md describes the form.

A union's member is told by its ``type``: the class' name. The fact that a ``FactAccepted`` repeats is written once,
among the inputs; the event has its index there. A number that JSON has no form for is written as a string.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import cattrs
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from tocsin.journal.entry import Entry, Input
from tocsin.model.event import Event, FactAccepted
from tocsin.model.facts import Fact
from tocsin.model.severity import AlertSeverity

__all__ = ["FORMAT", "compact_converter", "converter", "entry_from_plain", "entry_to_plain", "number_to_plain"]

FORMAT: Final = 1
"""Rises when an older reader would misread an entry."""


def number_to_plain(value: float) -> float | str:
    """Return a number as JSON has it: one that JSON has no form for as a string."""
    return value if math.isfinite(value) else str(value)


def _number_or_none_to_plain(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)


def _number(value: Any, _: Any) -> float:
    return value if isinstance(value, int) else float(value)


def _number_or_none(value: Any, _: Any) -> float | None:
    return None if value is None else _number(value, None)


def converter() -> cattrs.Converter:
    """Return a converter for the model's classes: severities by name, numbers as they are, also those beyond JSON."""
    return _prepared(make_converter())


def compact_converter() -> cattrs.Converter:
    """Return a converter as :func:`converter` does, that leaves out fields which have their default value.

    What it reads is trusted: a value of another type than the field's may raise anything, or nothing.
    """
    return _prepared(make_converter(omit_if_default=True, detailed_validation=False))


def _prepared(made: cattrs.Converter) -> cattrs.Converter:
    made.register_unstructure_hook(AlertSeverity, lambda severity: severity.value)
    made.register_structure_hook(AlertSeverity, lambda value, _: AlertSeverity.parse(value))
    made.register_unstructure_hook(enum.StrEnum, str)
    made.register_unstructure_hook(float, number_to_plain)
    made.register_unstructure_hook_func(lambda kind: kind == float | None, _number_or_none_to_plain)
    made.register_structure_hook(float, _number)
    made.register_structure_hook(float | None, _number_or_none)
    made.register_unstructure_hook_func(lambda kind: kind == frozenset[str], sorted)
    return made


def _tagged() -> cattrs.Converter:
    made = converter()
    for union in (Fact, Input, Event):
        configure_tagged_union(union, made, tag_name="type")
    return made


_CONVERTER: Final = _tagged()
_input_to_plain: Final[Callable[[Any], Any]] = _CONVERTER.get_unstructure_hook(Input)
_event_to_plain: Final[Callable[[Any], Any]] = _CONVERTER.get_unstructure_hook(Event)
"""What the converter would look up for each of them again."""


def entry_to_plain(entry: Entry) -> dict[str, Any]:
    """Return *entry* as dicts, lists, strings, numbers, booleans and None."""
    events: list[Any] = []
    places = {id(item): index for index, item in enumerate(entry.inputs)}
    for event in entry.events:
        if isinstance(event, FactAccepted):
            events.append({"type": "FactAccepted", "at": event.at, "input": places[id(event.fact)]})
        else:
            events.append(_event_to_plain(event))
    return {
        "ordinal": entry.ordinal,
        "engine_time": entry.engine_time,
        "wall_time": entry.wall_time,
        "configuration": entry.configuration,
        "engine": entry.engine,
        "inputs": list(map(_input_to_plain, entry.inputs)),
        "events": events,
    }


def entry_from_plain(plain: Mapping[str, Any]) -> Entry:
    """Return the entry that :func:`entry_to_plain` gave *plain* for.

    :raises ValueError: when *plain* is no such thing.
    """
    try:
        inputs = tuple(_structure(item, Input) for item in plain["inputs"])
        return Entry(
            ordinal=int(plain["ordinal"]),
            engine_time=float(plain["engine_time"]),
            wall_time=float(plain["wall_time"]),
            inputs=inputs,
            events=tuple(_event(item, inputs) for item in plain["events"]),
            configuration=str(plain["configuration"]),
            engine=int(plain["engine"]),
        )
    except Exception as error:  # whatever a damaged entry makes the converter raise
        raise ValueError(f"no journal entry: {type(error).__name__}") from error


def _event(plain: Mapping[str, Any], inputs: tuple[Input, ...]) -> Event:
    if plain["type"] == "FactAccepted":
        fact: Any = inputs[plain["input"]]
        return FactAccepted(float(plain["at"]), fact)
    event: Event = _structure(plain, Event)
    return event


def _structure(plain: Any, union: Any) -> Any:
    return _CONVERTER.structure(plain, union)
