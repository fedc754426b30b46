"""Reads a file of scenarios: whatever is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.document import Items, Scalar
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.errors import ConfigurationError
from tocsin.lab.file_parts import Read, one_or_more, opened, parsed, several
from tocsin.lab.instants import parse_duration, parse_instant
from tocsin.lab.rehearsal import MODES
from tocsin.lab.scenarios.scenario import Acknowledgement, Expectation, Postponement, Quiet, Scenario, Step
from tocsin.model.alert import PerformanceAlert
from tocsin.patterns.label_matchers import parse_label_matchers

__all__ = ["read_scenarios"]

_SINCE: Final = "T+"
_FOR: Final = {"for": "for_seconds"}


def _some(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not value:
        raise ConfigurationError("there is no scenario in it", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class _File:
    scenarios: tuple[Scenario, ...] = attrs.field(validator=_some)
    config: str | None = None


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Return the scenarios in a file, YAML, TOML or JSON by its ending, in order.

    The name of a configuration is relative to the file that says it.

    :raises ConfigurationFileError: with all that is wrong, each with its file, line and column.
    """
    with opened(path) as root:
        found = build(root, Form(kind=_File, readers={"scenarios": several(_scenario), "config": _beside}))
    assert isinstance(found, _File), "what is refused was told"
    return tuple(attrs.evolve(one, config=one.config or found.config) for one in found.scenarios)


def _beside(spot: Spot) -> Any:
    value = conform(spot, str)
    return value if value is REFUSED else str(Path(spot.node.place.file).parent / value)


def _scenario(spot: Spot) -> Any:
    readers = {"steps": _steps, "start": parsed(parse_instant, object), "config": _beside}
    return build(spot, Form(kind=Scenario, readers=readers))


def _steps(spot: Spot) -> Any:
    found = several(_step)(spot)
    if found is REFUSED:
        return REFUSED
    for before, after, own in zip(found, found[1:], list(spot.items())[1:], strict=False):
        if after.at < before.at:
            own.refuse("a step cannot come before the one above it")
    return found


def _step(spot: Spot) -> Any:
    place = spot.node.place
    form = Form(
        kind=Step,
        given={"where": f"{place.file}:{place.line}"},
        readers={
            "at": parsed(_since),
            "receivers": _receivers,
            "silence": one_or_more(_quiet),
            "alert": one_or_more(lambda child: build(child, Form(kind=PerformanceAlert))),
            "resolve": one_or_more(lambda child: conform(child, str)),
            "acknowledge": one_or_more(_acknowledgement),
            "snooze": one_or_more(_for(Postponement)),
            "expect": _expectation,
        },
    )
    return build(spot, form)


def _since(value: Any) -> float:
    try:
        return parse_duration(value.removeprefix(_SINCE) if isinstance(value, str) else value)
    except ValueError:
        raise ValueError(f"expected the time since the beginning, such as T+6m, not {value!r:.60}") from None


def _for(kind: type, **readers: Read) -> Read:
    """Return what reads something that lasts for a while."""
    form = Form(kind=kind, words=_FOR, readers={"for": parsed(parse_duration), **readers})
    return lambda spot: build(spot, form)


def _acknowledgement(spot: Spot) -> Any:
    """Read what somebody acknowledges; the alert's id alone will do."""
    if isinstance(spot.node, Scalar):
        value = conform(spot, str)
        return value if value is REFUSED else Acknowledgement(alert=value)
    return _for(Acknowledgement)(spot)


def _quiet(spot: Spot) -> Any:
    return _for(Quiet, matchers=_matchers)(spot)


def _matchers(spot: Spot) -> Any:
    found = one_or_more(_parsed_matchers)(spot)
    return found if found is REFUSED else tuple(matcher for some in found for matcher in some)


def _parsed_matchers(spot: Spot) -> Any:
    value = conform(spot, str)
    if value is REFUSED:
        return REFUSED
    try:
        return parse_label_matchers(value)
    except ConfigurationError as error:
        spot.refuse(error.problem)
        return REFUSED


def _receivers(spot: Spot) -> Any:
    found = conform(spot, dict[str, str])
    if found is REFUSED:
        return REFUSED
    for name, child in spot.entries():
        if found[name] not in MODES:
            child.refuse(f"a receiver is one of {', '.join(MODES)}")
    return found


def _expectation(spot: Spot) -> Any:
    """Read what is expected; a list is what is told and nothing else, ``nothing`` is an empty one."""
    if isinstance(spot.node, Items):
        names = conform(spot, list[str])
        return names if names is REFUSED else Expectation(told=names)
    if isinstance(spot.node, Scalar):
        if spot.node.value == "nothing":
            return Expectation(told=())
        spot.refuse("expected a list of channels, `nothing`, or a mapping such as {told: […], not_told: […]}")
        return REFUSED
    return build(spot, Form(kind=Expectation))
