"""Specs: what was registered under a name of each kind, and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import attrs

from tocsin.model.outcome import CircuitPolicy, RetryPolicy
from tocsin.roles.aggregator import Aggregator
from tocsin.roles.backend import BackendFactory
from tocsin.roles.matcher import MatcherFactory
from tocsin.roles.observer import Observer
from tocsin.roles.renderer import Renderer
from tocsin.roles.scheduler import EscalationScheduler
from tocsin.roles.source import SourceFactory
from tocsin.roles.template_language import TemplateLanguage

__all__ = [
    "AggregatorSpec",
    "BackendSpec",
    "CommandSpec",
    "MatcherSpec",
    "ObserverSpec",
    "Provenance",
    "Registration",
    "RendererSpec",
    "SchedulerSpec",
    "SourceSpec",
    "StoreSpec",
    "TemplateLanguageSpec",
]


@attrs.frozen(slots=True)
class Provenance:
    """Where a registration came from: the entry point (plugin), its distribution and that one's version.

    ``hook_apis``: for which versions of the hooks that was built, as far as it says; see :mod:`tocsin.hook_api`.
    """

    plugin: str
    distribution: str = "?"
    version: str = "?"
    hook_apis: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution} {self.version})"


@attrs.frozen(slots=True)
class MatcherSpec:
    """A registered matcher."""

    factory: MatcherFactory


@attrs.frozen(slots=True)
class BackendSpec:
    """A registered backend; the fields are the arguments of :meth:`BackendRegistrar.register`."""

    factory: BackendFactory
    config_class: type
    renderer: str = "text"
    human: bool = False
    per_incident: bool = False
    timeout_seconds: float = 10.0
    concurrency: int = 8
    retry: RetryPolicy = RetryPolicy()
    circuit: CircuitPolicy | None = CircuitPolicy()


@attrs.frozen(slots=True)
class RendererSpec:
    """A registered renderer."""

    render: Renderer


@attrs.frozen(slots=True)
class TemplateLanguageSpec:
    """A registered language of templates."""

    language: TemplateLanguage


@attrs.frozen(slots=True)
class AggregatorSpec:
    """A registered aggregator; the fields are the arguments of :meth:`AggregatorRegistrar.register`."""

    factory: Callable[[Any], Aggregator]
    config_class: type
    lists_all: bool = False
    bridges: bool = False


@attrs.frozen(slots=True)
class SchedulerSpec:
    """A registered escalation scheduler."""

    scheduler: EscalationScheduler


@attrs.frozen(slots=True)
class StoreSpec:
    """A registered store: ``factory(config)`` opens it (see ``tocsin.stores``)."""

    factory: Callable[[Any], Any]
    config_class: type


@attrs.frozen(slots=True)
class SourceSpec:
    """A registered source."""

    factory: SourceFactory
    config_class: type


@attrs.frozen(slots=True)
class ObserverSpec:
    """A registered observer."""

    observer: Observer


@attrs.frozen(slots=True)
class CommandSpec:
    """A registered command of the command line: ``factory()`` returns a ``click.Command``."""

    factory: Callable[[], Any]


S = TypeVar("S")


@attrs.frozen(slots=True)
class Registration(Generic[S]):
    """One name of one kind, what was registered under it, and where that came from."""

    kind: str
    name: str
    spec: S
    provenance: Provenance
