"""The section ``escalation_policies``; a level may stand in ``escalation_levels`` or in the policy itself."""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.context import Context
from tocsin.configfile.document import Table
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.errors import nearest
from tocsin.model.escalation import EscalationLevel, EscalationPolicy

__all__ = ["LEVELS", "POLICY", "policy"]

LEVELS: Final = tuple(level.value for level in EscalationLevel)
POLICY: Final = Form(kind=EscalationPolicy, given={"policy_id": "", "escalation_levels": {}})


def policy(spot: Spot, policy_id: str, context: Context) -> Any:
    """Read one policy."""
    if not isinstance(spot.node, Table):
        spot.refuse_kind("a mapping such as {immediate: [ops]}")
        return REFUSED
    levels: dict[str, Any] = {}
    for name, child in spot.entries():
        if name.lower() in LEVELS:
            _enter(levels, name.lower(), child, context)
    nested = spot.get("escalation_levels")
    if nested is not None and conform(nested, dict[str, object]) is not REFUSED:
        for name, child in nested.entries():
            if _is_level(name, child):
                _enter(levels, name.lower(), child, context)
    entries = spot.node.entries.items()
    rest = {name: entry for name, entry in entries if name.lower() not in (*LEVELS, "escalation_levels")}
    form = attrs.evolve(
        POLICY,
        given={"policy_id": policy_id, "escalation_levels": levels},
        readers={
            "default_channels": lambda child: context.several(child, "channels"),
            "level_delays_seconds": _delays,
        },
    )
    return build(attrs.evolve(spot, node=attrs.evolve(spot.node, entries=rest)), form)


def _is_level(name: str, child: Spot) -> bool:
    if name.lower() in LEVELS:
        return True
    child.refuse_key(f"there is no such escalation level{nearest(name, LEVELS)}")
    return False


def _enter(levels: dict[str, Any], name: str, child: Spot, context: Context) -> None:
    if name in levels:
        child.refuse_key(f"the level {name} stands in this policy already")
        return
    channels = context.several(child, "channels")
    levels[name] = () if channels is REFUSED else channels


def _delays(spot: Spot) -> Any:
    if conform(spot, dict[str, object]) is REFUSED:
        return REFUSED
    found = {name: conform(child, float) for name, child in spot.entries() if _is_level(name, child)}
    return {name: delay for name, delay in found.items() if delay is not REFUSED}
