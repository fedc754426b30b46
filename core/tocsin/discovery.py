"""Discovery: entry points in, frozen registry out. Sorted, isolated, reported; nothing global.

A plugin that was built for a hook API that this tocsin does not have is refused before it is imported.

Each call of :func:`load` makes a plugin manager of its own, so that two services in one process do not share plugins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import attrs
import importlib_metadata
import pluggy

from tocsin import hookspecs
from tocsin.errors import PluginError, nearest
from tocsin.hook_api import HOOK_API, built_for, refusal
from tocsin.registry import (
    KINDS,
    AggregatorRegistrar,
    BackendRegistrar,
    CommandRegistrar,
    EscalationSchedulerRegistrar,
    MatcherRegistrar,
    ObserverRegistrar,
    Provenance,
    Registry,
    RendererRegistrar,
    SourceRegistrar,
    StoreRegistrar,
    TemplateLanguageRegistrar,
)

__all__ = ["ENTRY_POINT_GROUP", "Discovery", "PluginFailure", "load", "load_registry"]

ENTRY_POINT_GROUP: Final = "tocsin"

_FIELDS: Final = {
    "matcher": "matchers",
    "backend": "backends",
    "renderer": "renderers",
    "template_language": "template_languages",
    "aggregator": "aggregators",
    "escalation_scheduler": "schedulers",
    "store": "stores",
    "source": "sources",
    "observer": "observers",
    "command": "commands",
}


@attrs.frozen(slots=True)
class PluginFailure:
    """A plugin that could not be loaded, and why: one line that names the distribution."""

    provenance: Provenance
    problem: str

    def __str__(self) -> str:
        return f"{self.provenance}: {self.problem}"


@attrs.frozen(slots=True)
class Discovery:
    """What loading gave: the registry, the failures, and the plugins that were switched off by name."""

    registry: Registry
    failures: tuple[PluginFailure, ...] = ()
    disabled: tuple[Provenance, ...] = ()

    def check(self) -> None:
        """Raise :exc:`PluginError`, which lists all failures, if there are any."""
        if self.failures:
            raise PluginError("plugins could not be loaded:", map(str, self.failures))


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".split("\n", 1)[0]


def _hook(kind: str) -> str:
    return f"tocsin_register_{kind}s"


class _Loader:
    """One load: a manager with the specifications, the registrars, and what went wrong so far."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("tocsin")
        self.manager.add_hookspecs(hookspecs)
        self.registrars: dict[str, Any] = {
            registrar.kind: registrar
            for registrar in (
                MatcherRegistrar(),
                BackendRegistrar(),
                RendererRegistrar(),
                TemplateLanguageRegistrar(),
                AggregatorRegistrar(),
                EscalationSchedulerRegistrar(),
                StoreRegistrar(),
                SourceRegistrar(),
                ObserverRegistrar(),
                CommandRegistrar(),
            )
        }
        self.failures: list[PluginFailure] = []
        self.plugins: list[tuple[object, Provenance]] = []

    def add(self, provenance: Provenance, plugin: object) -> None:
        """Register one plugin with pluggy; a hook that is no hook of ours is this plugin's failure alone."""
        try:
            self.manager.register(plugin, name=str(provenance))
            self._check_pending(plugin)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a plugin may raise anything; it is reported and the others load
            if self.manager.is_registered(plugin):
                self.manager.unregister(plugin)
            self.failures.append(PluginFailure(provenance, _describe(error)))
        else:
            self.plugins.append((plugin, provenance))

    def _check_pending(self, plugin: object) -> None:
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            unknown = [
                name
                for name in dir(plugin)
                if self.manager.parse_hookimpl_opts(plugin, name) is not None and not hasattr(hookspecs, name)
            ]
            hooks = [_hook(kind) for kind in KINDS]
            raise PluginError(
                f"unknown hook {', '.join(unknown)}{nearest(unknown[0], hooks)}" if unknown else str(error)
            ) from None

    def call(self) -> None:
        """Let each plugin register, in order; keep all or nothing of each."""
        for plugin, provenance in self.plugins:
            try:
                for kind, registrar in self.registrars.items():
                    registrar.provenance = provenance
                    caller = self.manager.subset_hook_caller(_hook(kind), self._others(plugin))
                    caller(registrar=registrar)
            except (Exception, SystemExit) as error:  # noqa: BLE001  as above
                for registrar in self.registrars.values():
                    registrar.discard()
                self.failures.append(PluginFailure(provenance, _describe(error)))
            else:
                for registrar in self.registrars.values():
                    registrar.commit()

    def _others(self, plugin: object) -> list[object]:
        return [other for other, _ in self.plugins if other is not plugin]

    def registry(self) -> Registry:
        return Registry(**{_FIELDS[kind]: registrar.frozen() for kind, registrar in self.registrars.items()})


@attrs.frozen(slots=True)
class _Origin:
    """What the metadata of a distribution say, and why its plugins cannot be loaded, where that is known already."""

    name: str = "?"
    version: str = "?"
    hook_apis: tuple[str, ...] = ()
    problem: str | None = None


def _origin(distribution: importlib_metadata.Distribution | None) -> _Origin:
    if distribution is None:
        return _Origin()
    try:
        name, version = str(distribution.name), str(distribution.version)
        requirements = distribution.requires or ()
    except Exception as error:  # noqa: BLE001  one that was removed by half is no reason to lose the others
        return _Origin(problem=f"the metadata of its distribution cannot be read, install it again: {_describe(error)}")
    if name == "tocsin":  # what comes in one wheel is of one version, and no wheel requires itself
        requirements = [f"tocsin[hooks-{HOOK_API[0]}.{HOOK_API[1]}]"]
    hook_apis = built_for(requirements)
    return _Origin(name, version, hook_apis, refusal(hook_apis, name))


def _found(
    entry_points: Iterable[importlib_metadata.EntryPoint] | None,
) -> list[tuple[importlib_metadata.EntryPoint, _Origin]]:
    """Return the entry points with their origins: those given as they come, those that are installed in order.

    The metadata of a distribution are read once, however many plugins it has.
    """
    points = list(importlib_metadata.entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points)
    distributions = {id(point.dist): point.dist for point in points}
    origins = {key: _origin(distribution) for key, distribution in distributions.items()}
    found = [(point, origins[id(point.dist)]) for point in points]
    if entry_points is not None:
        return found
    return sorted(found, key=lambda pair: (pair[0].name, pair[1].name, pair[0].value))


def _key(provenance: Provenance) -> tuple[str, str]:
    return (provenance.plugin, provenance.distribution)


def load(
    *,
    disabled: Collection[str] = (),
    extra: Sequence[object] = (),
    entry_points: Iterable[importlib_metadata.EntryPoint] | None = None,
) -> Discovery:
    """Find the plugins of the group ``tocsin``, load them, and return what they registered.

    :param disabled: entry-point names to leave out.
    :param extra: further plugins (modules or objects with hook implementations), for embedders and tests.
    :param entry_points: instead of those that are installed, for tests.
    """
    loader = _Loader()
    switched_off: list[Provenance] = []
    seen: dict[tuple[str, str], None] = {}
    for point, origin in _found(entry_points):
        provenance = Provenance(point.name, origin.name, origin.version, origin.hook_apis)
        if point.name in disabled:
            switched_off.append(provenance)
            continue
        if _key(provenance) in seen:  # an editable install beside a stale one lists the same plugin twice
            continue
        seen[_key(provenance)] = None
        if origin.problem is not None:
            loader.failures.append(PluginFailure(provenance, origin.problem))
            continue
        try:
            plugin = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  whatever importing it raises is this plugin's failure alone
            loader.failures.append(PluginFailure(provenance, _describe(error)))
        else:
            loader.add(provenance, plugin)
    for plugin in extra:
        name = getattr(plugin, "__name__", type(plugin).__name__)
        provenance = Provenance(name, "given by the application", "")
        if name in disabled:
            switched_off.append(provenance)
        else:
            loader.add(provenance, plugin)
    loader.call()
    return Discovery(loader.registry(), tuple(loader.failures), tuple(switched_off))


def load_registry(*, disabled: Collection[str] = (), extra: Sequence[object] = ()) -> Registry:
    """Return what the installed plugins register; all of them have to load.

    :param disabled: entry-point names to leave out.
    :param extra: further plugins: modules or objects with hook implementations.
    :raises PluginError: when one could not be loaded; lists all of them.
    """
    found = load(disabled=disabled, extra=extra)
    found.check()
    return found.registry
