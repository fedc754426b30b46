"""The registry: what plugins register into, with provenance, collisions refused, frozen once loading is done.

A hook receives one typed registrar per kind (:class:`BackendRegistrar`, …) and calls its ``register``. Each
registration remembers the plugin and the distribution it came from. A name that is taken raises and names both sides.
"""

from tocsin.registry.registrars import (
    AggregatorRegistrar,
    BackendRegistrar,
    CommandRegistrar,
    EscalationSchedulerRegistrar,
    MatcherRegistrar,
    ObserverRegistrar,
    RendererRegistrar,
    SourceRegistrar,
    StoreRegistrar,
    TemplateLanguageRegistrar,
)
from tocsin.registry.registry import KINDS, Registry
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

__all__ = [
    "KINDS",
    "AggregatorRegistrar",
    "AggregatorSpec",
    "BackendRegistrar",
    "BackendSpec",
    "CommandRegistrar",
    "CommandSpec",
    "EscalationSchedulerRegistrar",
    "MatcherRegistrar",
    "MatcherSpec",
    "ObserverRegistrar",
    "ObserverSpec",
    "Provenance",
    "Registration",
    "Registry",
    "RendererRegistrar",
    "RendererSpec",
    "SchedulerSpec",
    "SourceRegistrar",
    "SourceSpec",
    "StoreRegistrar",
    "StoreSpec",
    "TemplateLanguageRegistrar",
    "TemplateLanguageSpec",
]
