"""The registry itself: everything that plugins registered, which never changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from tocsin.errors import PluginError, nearest
from tocsin.registry.specs import (
    AggregatorSpec,
    BackendSpec,
    CommandSpec,
    MatcherSpec,
    ObserverSpec,
    Registration,
    RendererSpec,
    SchedulerSpec,
    SourceSpec,
    StoreSpec,
    TemplateLanguageSpec,
)

__all__ = ["KINDS", "Registry"]

KINDS: Final = (
    "matcher",
    "backend",
    "renderer",
    "template_language",
    "aggregator",
    "escalation_scheduler",
    "store",
    "source",
    "observer",
    "command",
)
"""The kinds of plugin, in the singular; the hook of a kind is ``tocsin_register_`` and its plural."""


@attrs.frozen(slots=True)
class Registry:
    """Everything that plugins registered, by kind and name. It never changes; build another to load again."""

    matchers: Mapping[str, Registration[MatcherSpec]] = MappingProxyType({})
    backends: Mapping[str, Registration[BackendSpec]] = MappingProxyType({})
    renderers: Mapping[str, Registration[RendererSpec]] = MappingProxyType({})
    template_languages: Mapping[str, Registration[TemplateLanguageSpec]] = MappingProxyType({})
    aggregators: Mapping[str, Registration[AggregatorSpec]] = MappingProxyType({})
    schedulers: Mapping[str, Registration[SchedulerSpec]] = MappingProxyType({})
    stores: Mapping[str, Registration[StoreSpec]] = MappingProxyType({})
    sources: Mapping[str, Registration[SourceSpec]] = MappingProxyType({})
    observers: Mapping[str, Registration[ObserverSpec]] = MappingProxyType({})
    commands: Mapping[str, Registration[CommandSpec]] = MappingProxyType({})

    def __iter__(self) -> Iterator[Registration[Any]]:
        """All registrations, by kind in the order of :data:`KINDS`, then by name."""
        for field in attrs.fields(Registry):
            yield from getattr(self, field.name).values()

    def backend(self, name: str) -> BackendSpec:
        """Return the backend *name*; :exc:`PluginError` names the nearest one if there is none."""
        found = self.backends.get(name)
        if found is None:
            raise PluginError(f"no backend is called {name!r}{nearest(name, self.backends)}")
        return found.spec
