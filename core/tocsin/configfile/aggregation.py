"""The section ``aggregation``, and a rule's own: an aggregator, and its settings beside its name."""

from __future__ import annotations

from typing import Any

from tocsin.configfile.context import Context
from tocsin.configfile.document import Table, plain
from tocsin.configfile.findings import Spot, attempt
from tocsin.configfile.shapes import REFUSED
from tocsin.model.aggregation import Aggregation

__all__ = ["aggregation"]

_DEFAULT = Aggregation()


def aggregation(spot: Spot, context: Context) -> Any:
    """Read an aggregation; without a strategy the settings are those of the default one."""
    if spot.plain() is None:
        return None
    if not isinstance(spot.node, Table):
        spot.refuse_kind("a mapping such as {strategy: window}")
        return REFUSED
    named = spot.get("strategy")
    known = context.registry.aggregators
    strategy = _DEFAULT.strategy if named is None else context.one_of(named, "aggregator", known)
    if strategy is REFUSED or strategy not in known:
        return REFUSED
    filled, settings = context.settings(spot, known[strategy].spec.config_class, without=("strategy",), decides=True)
    if settings is REFUSED:
        return REFUSED
    error = attempt(known[strategy].spec.factory, settings)
    if error is not None:
        filled.refuse_with(error, lambda: None)
        return REFUSED
    return Aggregation(strategy, plain(filled.node))
