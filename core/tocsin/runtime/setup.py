"""The set-up of a service: which plugins it has and what was configured, checked before it is taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs

from tocsin.config import Configuration, compile_conditions, unknown_references
from tocsin.discovery import Discovery, load
from tocsin.engine.compile import check_aggregation, compile_plan
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, UnknownReferenceError, nearest
from tocsin.model._check import is_double, shown
from tocsin.model.facts import Fact, GapFound
from tocsin.model.reason import GapKind
from tocsin.model.rule import AlertRoutingRule
from tocsin.registry import Registry

__all__ = ["Setup", "instance", "known", "seconds"]

_log: Final = logging.getLogger("tocsin")


def instance(value: Any, kind: Any) -> Any:
    """Return *value*, or raise :exc:`ConfigurationError` if it is not a *kind*, a class or a union of classes."""
    if not isinstance(value, kind):
        name = getattr(kind, "__name__", "fact")
        raise ConfigurationError(f"expected a {name}, not {type(value).__name__}")
    return value


def known(name: str, names: Collection[str], what: str) -> None:
    """Raise :exc:`UnknownReferenceError` unless *name* is among *names*."""
    if name not in names:
        raise UnknownReferenceError(f"no {what} is called {name!r}{nearest(name, names)}")


def seconds(value: Any, where: str) -> float:
    """Return *value*, a number of seconds of at least 0, or raise :exc:`ConfigurationError` at *where*."""
    if not is_double(value) or not 0 <= value < float("inf"):
        raise ConfigurationError(f"expected a number of seconds, at least 0, not {shown(value)}", where)
    return float(value)


def _discover(plugins: Sequence[object], disabled: Collection[str], *, strict: bool) -> Discovery:
    if isinstance(disabled, str):
        raise ConfigurationError(f"expected a list of plugin names, not {disabled!r}", "disabled_plugins")
    discovery = load(disabled=disabled, extra=plugins)
    found = {provenance.plugin for provenance in discovery.disabled}
    loaded = {registration.provenance.plugin for registration in discovery.registry}
    for name in sorted(set(disabled) - found):
        raise ConfigurationError(f"no plugin is called {name!r}{nearest(name, loaded)}", "disabled_plugins")
    if strict:
        discovery.check()
    for failure in discovery.failures:
        _log.warning("a plugin could not be loaded: %s", failure)
    return discovery


class Setup:
    """The plugins and the configuration; ``stale`` while the engine does not have the newest one yet.

    :raises PluginError: in strict mode, when a plugin could not be loaded; lists all of them.
    """

    def __init__(
        self, config: Configuration, plugins: Sequence[object], disabled: Collection[str], *, strict: bool
    ) -> None:
        self._discovery = _discover(plugins, disabled, strict=strict)
        self._strict = strict
        self._checked = not strict
        self.config = config
        self.stale = False

    @property
    def registry(self) -> Registry:
        """Everything that plugins registered."""
        return self._discovery.registry

    def failures(self) -> list[Fact]:
        """Return the plugins that failed, as gaps."""
        return [
            GapFound(GapKind.PLUGIN_FAILED, failure.provenance.plugin, failure.problem)
            for failure in self._discovery.failures
        ]

    def compile(self, known: Plan | None = None) -> Plan:
        """Return the plan of the configuration; what *known* has compiled already is taken from there."""
        return compile_plan(self.config, self.registry, known)

    @contextmanager
    def changed(self, change: Callable[[Configuration], Configuration], known: Plan) -> Iterator[None]:
        """Take what *change* makes of the configuration; its rules were checked before, the rest is checked here.

        What the block raises takes the change back, so that it can be made again.

        :raises ConfigurationError: when something in it cannot work; nothing is changed then.
        """
        before, config = self.config, change(self.config)
        compile_plan(attrs.evolve(config, routing_rules=()), self.registry, known)
        self.config, self.stale = config, True
        self._checked = not self._strict
        try:
            yield
        except BaseException:  # raised again
            self.config = before
            raise

    def check_rule(self, rule: AlertRoutingRule, where: str) -> None:
        """Raise :exc:`ConditionError` for the first condition that cannot work, in *rule* or its routes."""
        try:
            compile_conditions(rule, self.registry)
        except ConfigurationError as error:
            raise error.within(where) from None
        if rule.aggregation is not None:
            check_aggregation(rule.aggregation, self.registry, f"{where}.aggregation")
        for index, route in enumerate(rule.routes):
            self.check_rule(route, f"{where}.routes[{index}]")

    def check_references(self) -> None:
        """In strict mode, once per configuration: refuse names that stand for nothing, and list all of them.

        :raises ConfigurationError: with every such name, its place and the nearest known one.
        """
        if not self._checked:
            self.check_references_of(self.config)
            self._checked = True

    def check_references_of(self, config: Configuration) -> None:
        """In strict mode refuse names in *config* that stand for nothing, and list all of them."""
        errors = unknown_references(config) if self._strict else ()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ConfigurationError("\n".join(["names that stand for nothing:", *(f"  - {e}" for e in errors)]))
