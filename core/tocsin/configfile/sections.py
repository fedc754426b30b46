"""All sections of a file, each with what reads it, put together to one configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from tocsin.config import Configuration, check_shape, unknown_references
from tocsin.configfile import daemon
from tocsin.configfile.aggregation import aggregation
from tocsin.configfile.channels import channel, receiver, template
from tocsin.configfile.construction import build
from tocsin.configfile.context import Context
from tocsin.configfile.document import scalars
from tocsin.configfile.findings import Spot
from tocsin.configfile.policies import policy
from tocsin.configfile.rules import rules
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.configfile.suppression import inhibition, intervals
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, nearest

__all__ = ["SECTIONS", "assemble", "read_sections"]

LONGEST_BEGINNING: Final = 8
"""Characters of a secret by which a message is known to repeat it, were it cut short."""

Section: TypeAlias = Callable[[Spot, Context], Any]


def _by_name(read: Callable[[Spot, str, Context], Any]) -> Section:
    """Return what reads a mapping from names."""

    def section(spot: Spot, context: Context) -> Any:
        if conform(spot, dict[str, object]) is REFUSED:
            return REFUSED
        found = {}
        for name, child in spot.entries():
            if not name:
                child.refuse_key("a name is not empty")
                continue
            value = read(child, name, context)
            if value is not REFUSED:
                found[name] = value
        return found

    return section


def _inhibitions(spot: Spot, context: Context) -> Any:
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    return tuple(rule for rule in map(inhibition, spot.items()) if rule is not REFUSED)


def _retention(spot: Spot, context: Context) -> Any:
    return build(spot, daemon.RETENTION)


SECTIONS: Final[Mapping[str, Section]] = {
    "channels": _by_name(channel),
    "receivers": _by_name(lambda spot, _, context: receiver(spot, context)),
    "routing_rules": rules,
    "escalation_policies": _by_name(policy),
    "templates": _by_name(template),
    "aggregation": aggregation,
    "inhibition_rules": _inhibitions,
    "time_intervals": _by_name(lambda spot, _, context: intervals(spot)),
    "sources": _by_name(lambda spot, _, context: daemon.source(spot, context)),
    "watchdog": daemon.watchdog,
    "retention": _retention,
    "catch_all_channel": lambda spot, context: context.optional_name(spot, "channels"),
    "escalation_scheduler": lambda spot, context: context.one_of(
        spot, "escalation scheduler", context.registry.schedulers
    ),
    "server": daemon.server,
}
"""The keys of a file, ``include`` apart, and what reads each."""


def read_sections(context: Context) -> dict[str, Any]:
    """Read every section that is there; what is left out, or says nothing, keeps its default."""
    found: dict[str, Any] = {}
    for name, spot in context.root.entries():
        read = SECTIONS.get(name)
        if read is None:
            spot.refuse_key(f"there is no such setting{nearest(name, [*SECTIONS, 'include'])}")
        elif spot.plain() is not None:
            value = read(spot, context)
            if value is not REFUSED:
                found[name] = value
    return found


def assemble(found: Mapping[str, Any], context: Context) -> tuple[Configuration, Plan]:
    """Put the sections together; whatever only the whole can tell is told at the place that it names.

    :raises ConfigurationFileError: when the whole cannot be used.
    """
    parts = {name: found[name] for name in found if name not in ("sources", "server", "retention")}
    if "retention" in found:
        parts |= {f"retain_{name}": value for name, value in _fields(found["retention"]).items()}
    try:
        configuration = Configuration(**parts)
        check_shape(configuration)
        plan = compile_plan(configuration, context.registry, unsettled=context.unsettled)
    except ConfigurationError as error:
        _tell(error, context.root)
    else:
        for missing in unknown_references(configuration):
            _tell(missing, context.root)
    context.findings.check()
    return configuration, plan


def _tell(error: ConfigurationError, root: Spot) -> None:
    """Tell what only the whole can tell, unless a value from elsewhere, or its beginning, is in what it says."""
    said = error.problem.lower()
    secrets = (str(scalar.value).lower() for scalar in scalars(root.node) if scalar.origins and scalar.value)
    repeats = any(secret[:LONGEST_BEGINNING] in said for secret in secrets)
    root.within(error.where).refuse("this is refused together with the rest" if repeats else error.problem)


def _fields(retention: daemon.Retention) -> dict[str, float]:
    return {field.name: getattr(retention, field.name) for field in attrs.fields(daemon.Retention)}
