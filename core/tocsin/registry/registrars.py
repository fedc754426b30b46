"""Registrars: what a hook receives, one for each kind; what is malformed or taken is refused where it is registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import attrs

from tocsin.errors import PluginError
from tocsin.model.outcome import CircuitPolicy, RetryPolicy
from tocsin.registry.specs import (
    AggregatorSpec,
    BackendSpec,
    CommandSpec,
    MatcherSpec,
    ObserverSpec,
    Provenance,
    Registration,
    RendererSpec,
    SchedulerSpec,
    SourceSpec,
    StoreSpec,
    TemplateLanguageSpec,
)
from tocsin.roles.aggregator import Aggregator
from tocsin.roles.backend import BackendFactory
from tocsin.roles.matcher import MatcherFactory
from tocsin.roles.observer import Observer
from tocsin.roles.renderer import Renderer
from tocsin.roles.scheduler import EscalationScheduler
from tocsin.roles.source import SourceFactory
from tocsin.roles.template_language import TemplateLanguage

__all__ = [
    "AggregatorRegistrar",
    "BackendRegistrar",
    "CommandRegistrar",
    "EscalationSchedulerRegistrar",
    "MatcherRegistrar",
    "ObserverRegistrar",
    "RendererRegistrar",
    "SourceRegistrar",
    "StoreRegistrar",
    "TemplateLanguageRegistrar",
]

S = TypeVar("S")
_CIRCUIT: Final = CircuitPolicy()


class _Registrar(Generic[S]):
    """Collects the registrations of one kind; ``provenance`` is whose hook is being called."""

    kind: str = ""

    def __init__(self) -> None:
        self.provenance = Provenance("?")
        self._registrations: dict[str, Registration[S]] = {}
        self._pending: dict[str, Registration[S]] = {}

    def _add(self, name: str, spec: S) -> None:
        if not isinstance(name, str) or not name:  # type: ignore[redundant-expr]  # plugins may be untyped
            raise PluginError(f"{self.provenance} registers a {self.kind} whose name is {name!r}, not a string")
        other = self._registrations.get(name) or self._pending.get(name)
        if other is not None:
            raise PluginError(
                f"{self.kind} {name!r} is registered twice: by {other.provenance} and by {self.provenance}"
            )
        self._pending[name] = Registration(self.kind, name, spec, self.provenance)

    def _callable(self, what: str, value: object) -> None:
        if not callable(value):
            raise PluginError(f"{self.provenance} registers a {self.kind} whose {what} is {value!r}, not a callable")

    def _attrs_class(self, value: object) -> None:
        if not isinstance(value, type) or not attrs.has(value):
            raise PluginError(
                f"{self.provenance} registers a {self.kind} whose config_class is {value!r}, not an attrs class"
            )

    def commit(self) -> None:
        """Keep what the current plugin registered."""
        self._registrations.update(self._pending)
        self._pending.clear()

    def discard(self) -> None:
        """Forget what the current plugin registered."""
        self._pending.clear()

    def frozen(self) -> Mapping[str, Registration[S]]:
        """Return all registrations by name, in order of name."""
        return MappingProxyType(dict(sorted(self._registrations.items())))


class MatcherRegistrar(_Registrar[MatcherSpec]):
    """Takes matchers; a rule's conditions use their names."""

    kind = "matcher"

    def register(self, name: str, factory: MatcherFactory) -> None:
        """Register the matcher *name*."""
        self._callable("factory", factory)
        self._add(name, MatcherSpec(factory))


class BackendRegistrar(_Registrar[BackendSpec]):
    """Takes backends; a channel's ``backend`` uses their names."""

    kind = "backend"

    def register(
        self,
        name: str,
        factory: BackendFactory,
        *,
        config_class: type,
        renderer: str = "text",
        human: bool = False,
        per_incident: bool = False,
        timeout_seconds: float = 10.0,
        concurrency: int = 8,
        retry: RetryPolicy | None = None,
        circuit: CircuitPolicy | None = _CIRCUIT,
    ) -> None:
        """Register the backend *name*.

        :param config_class: an attrs class; ``channel.config`` is structured into it when a channel is added.
        :param renderer: the name of the renderer that makes its messages.
        :param human: whether a person reads what it delivers, unless the channel says otherwise.
        :param per_incident: whether its receiver keeps incidents of its own (PagerDuty): no limit merges them.
        :param timeout_seconds: how long one attempt may take before it is cancelled.
        :param concurrency: how many attempts of one channel may run at the same time.
        :param retry: when another attempt is made (None: :class:`RetryPolicy`'s defaults).
        :param circuit: when a receiver that fails is left alone (None: never).
        """
        self._callable("factory", factory)
        self._attrs_class(config_class)
        retries = retry or RetryPolicy()
        spec = BackendSpec(
            factory, config_class, renderer, human, per_incident, timeout_seconds, concurrency, retries, circuit
        )
        self._add(name, spec)


class RendererRegistrar(_Registrar[RendererSpec]):
    """Takes renderers; a backend's ``renderer`` uses their names."""

    kind = "renderer"

    def register(self, name: str, render: Renderer) -> None:
        """Register the renderer *name*."""
        self._callable("render", render)
        self._add(name, RendererSpec(render))


class TemplateLanguageRegistrar(_Registrar[TemplateLanguageSpec]):
    """Takes template languages; a template's ``language`` uses their names."""

    kind = "template_language"

    def register(self, name: str, language: TemplateLanguage) -> None:
        """Register the template language *name*."""
        for method in ("check", "fill"):
            self._callable(method, getattr(language, method, None))
        self._add(name, TemplateLanguageSpec(language))


class AggregatorRegistrar(_Registrar[AggregatorSpec]):
    """Takes aggregators; the configuration's ``aggregation.strategy`` uses their names."""

    kind = "aggregator"

    def register(
        self,
        name: str,
        factory: Callable[[Any], Aggregator],
        *,
        config_class: type,
        lists_all: bool = False,
        bridges: bool = False,
    ) -> None:
        """Register the aggregator *name*; *factory* makes it from an instance of *config_class* (attrs).

        :param lists_all: whether each notification lists everything of the incident that fires, not only what is new.
        :param bridges: whether an alert that fires again before a channel was told of its end never ended there.
        """
        self._callable("factory", factory)
        self._attrs_class(config_class)
        self._add(name, AggregatorSpec(factory, config_class, lists_all, bridges))


class EscalationSchedulerRegistrar(_Registrar[SchedulerSpec]):
    """Takes escalation schedulers."""

    kind = "escalation_scheduler"

    def register(self, name: str, scheduler: EscalationScheduler) -> None:
        """Register the escalation scheduler *name*."""
        for method in ("begin", "next", "advance", "steps"):
            self._callable(method, getattr(scheduler, method, None))
        self._add(name, SchedulerSpec(scheduler))


class StoreRegistrar(_Registrar[StoreSpec]):
    """Takes stores."""

    kind = "store"

    def register(self, name: str, factory: Callable[[Any], Any], *, config_class: type) -> None:
        """Register the store *name*; *factory* opens it from an instance of *config_class* (attrs)."""
        self._callable("factory", factory)
        self._attrs_class(config_class)
        self._add(name, StoreSpec(factory, config_class))


class SourceRegistrar(_Registrar[SourceSpec]):
    """Takes sources."""

    kind = "source"

    def register(self, name: str, factory: SourceFactory, *, config_class: type) -> None:
        """Register the source *name*; *factory* makes it from an instance of *config_class* (attrs)."""
        self._callable("factory", factory)
        self._attrs_class(config_class)
        self._add(name, SourceSpec(factory, config_class))


class ObserverRegistrar(_Registrar[ObserverSpec]):
    """Takes observers."""

    kind = "observer"

    def register(self, name: str, observer: Observer) -> None:
        """Register the observer *name*."""
        self._callable("observer", observer)
        self._add(name, ObserverSpec(observer))


class CommandRegistrar(_Registrar[CommandSpec]):
    """Takes commands of the command line."""

    kind = "command"

    def register(self, name: str, factory: Callable[[], Any]) -> None:
        """Register the command *name*; *factory* returns a ``click.Command`` and may import what it needs."""
        self._callable("factory", factory)
        self._add(name, CommandSpec(factory))
