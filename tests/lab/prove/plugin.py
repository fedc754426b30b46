"""A plugin that says less than a proof needs: a matcher that is a predicate, and an aggregator that may wait."""

from __future__ import annotations

from typing import Any

import attrs

import tocsin
from tocsin import AlertView, Condition, PerformanceAlert


@attrs.frozen
class NoConfig:
    """Nothing to configure."""


class Silent:
    """Every alert is an incident of its own, told at once; nobody is promised that."""

    state_class = None
    state_version = 1

    def __init__(self, config: NoConfig) -> None:
        pass

    def key(self, alert: PerformanceAlert) -> str | None:
        return None

    def open(self, alert: PerformanceAlert, now: float) -> Any:
        return None

    def accepts(self, state: Any, opened_at: float, now: float) -> bool:
        return False

    def release(self, state: Any, telling: tocsin.Telling) -> tocsin.Release:
        return tocsin.AT_ONCE

    def repeat_at(self, state: Any, opened_at: float, told_at: float) -> float | None:
        return None


def long_name(value: Any) -> Condition:
    """The metric's name is so long at least."""

    def holds(view: AlertView) -> bool:
        if value < 0:
            raise ValueError("no name is that short")
        return len(view.field("metric_name")) >= int(value)

    return Condition.opaque(holds, f"the name has {value} characters at least")


@tocsin.hookimpl
def tocsin_register_aggregators(registrar: tocsin.AggregatorRegistrar) -> None:
    registrar.register("silent_about_it", Silent, config_class=NoConfig)


@tocsin.hookimpl
def tocsin_register_matchers(registrar: tocsin.MatcherRegistrar) -> None:
    registrar.register("long_name", long_name)
