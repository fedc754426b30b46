"""Reads a file of scenarios: whatever is wrong is told with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.document import Items, Place, Scalar, Table
from tocsin.configfile.findings import Findings, Spot, Unreadable
from tocsin.configfile.reading import read_file
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.errors import ConfigurationError
from tocsin.lab.instants import parse_duration, parse_instant
from tocsin.lab.rehearsal import MODES
from tocsin.lab.scenarios.scenario import Acknowledgement, Expectation, Postponement, Quiet, Scenario, Step
from tocsin.model.alert import PerformanceAlert
from tocsin.patterns.label_matchers import parse_label_matchers

__all__ = ["read_scenarios"]

_SINCE: Final = "T+"
_FOR: Final = {"for": "for_seconds"}


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Return the scenarios in a file, YAML, TOML or JSON by its ending, in order.

    :raises ConfigurationFileError: with all that is wrong, each with its file, line and column.
    """
    findings = Findings()
    findings.enter(str(path))
    start = Place(str(path))
    try:
        node = read_file(path, findings)
    except Unreadable as error:
        findings.add(error.place, "", f"the file {error.problem}" if error.unopened else error.problem)
        node = Table(start, {})
    found = _file(Spot(node, "", start, findings), path)
    findings.check()
    return found


@attrs.frozen(slots=True, kw_only=True)
class _File:
    scenarios: tuple[Scenario, ...]
    config: str | None = None


def _file(root: Spot, path: Path) -> tuple[Scenario, ...]:
    form = Form(
        kind=_File,
        readers={
            "scenarios": lambda child: _several(child, _scenario),
            "config": lambda child: _beside(child, path),
        },
    )
    found = build(root, form)
    if found is REFUSED:
        return ()
    return tuple(attrs.evolve(one, config=one.config or found.config) for one in found.scenarios)


def _beside(spot: Spot, path: Path) -> Any:
    value = conform(spot, str)
    return value if value is REFUSED else str(path.parent / value)


def _several(spot: Spot, read: Callable[[Spot], Any]) -> Any:
    """Read a list; what is refused is left out, and told."""
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    return tuple(one for one in map(read, spot.items()) if one is not REFUSED)


def _one_or_more(read: Callable[[Spot], Any]) -> Callable[[Spot], Any]:
    """Return what reads a list, or the one item that stands in its place."""

    def several(spot: Spot) -> Any:
        if isinstance(spot.node, Items):
            return _several(spot, read)
        found = read(spot)
        return found if found is REFUSED else (found,)

    return several


def _parsed(spot: Spot, parse: Callable[[Any], float]) -> Any:
    value = conform(spot, float | str)
    if value is REFUSED:
        return REFUSED
    try:
        return parse(value)
    except ValueError as error:
        spot.refuse(str(error))
        return REFUSED


def _duration(spot: Spot) -> Any:
    return _parsed(spot, parse_duration)


def _since(value: Any) -> float:
    try:
        return parse_duration(value.removeprefix(_SINCE) if isinstance(value, str) else value)
    except ValueError:
        raise ValueError(f"expected the time since the beginning, such as T+6m, not {value!r:.60}") from None


def _scenario(spot: Spot) -> Any:
    path = Path(spot.node.place.file)
    form = Form(
        kind=Scenario,
        readers={
            "steps": _steps,
            "start": lambda child: _parsed(child, parse_instant),
            "config": lambda child: _beside(child, path),
        },
    )
    return build(spot, form)


def _steps(spot: Spot) -> Any:
    found = _several(spot, _step)
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
            "at": lambda child: _parsed(child, _since),
            "receivers": _receivers,
            "silence": _one_or_more(_quiet),
            "alert": _one_or_more(lambda child: build(child, Form(kind=PerformanceAlert))),
            "resolve": _one_or_more(lambda child: conform(child, str)),
            "acknowledge": _one_or_more(_named(Acknowledgement)),
            "snooze": _one_or_more(_named(Postponement)),
            "expect": _expectation,
        },
    )
    return build(spot, form)


def _named(kind: type) -> Callable[[Spot], Any]:
    """Return what reads what somebody does about an alert; its id alone will do."""

    def read(spot: Spot) -> Any:
        if isinstance(spot.node, Scalar) and kind is Acknowledgement:
            value = conform(spot, str)
            return value if value is REFUSED else Acknowledgement(alert=value)
        return build(spot, Form(kind=kind, words=_FOR, readers={"for": _duration}))

    return read


def _quiet(spot: Spot) -> Any:
    return build(spot, Form(kind=Quiet, words=_FOR, readers={"for": _duration, "matchers": _matchers}))


def _matchers(spot: Spot) -> Any:
    found = _one_or_more(_parsed_matchers)(spot)
    return found if found is REFUSED else tuple(matcher for several in found for matcher in several)


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
