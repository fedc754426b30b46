"""The hooks. A plugin implements any of them with ``@tocsin.hookimpl`` and is found through its entry point::

    [project.entry-points.tocsin]
    pager = "acme_tocsin.pager"          # a module (or object) with hook implementations

All hooks run at load time only: once per service, while it is made, plugin by plugin, in order of entry-point name.
Afterwards the registry is frozen, and no hook is called per alert. What a hook registers is kept only if the hook
returns: an exception, a taken name or a malformed registration discards all that this plugin registered for any kind,
names its distribution, and leaves the other plugins alone; strict services then refuse to start, lenient ones report a
gap.
"""

from __future__ import annotations

import pluggy

from tocsin.registry import (
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

__all__ = [
    "hookimpl",
    "hookspec",
    "tocsin_register_aggregators",
    "tocsin_register_backends",
    "tocsin_register_commands",
    "tocsin_register_escalation_schedulers",
    "tocsin_register_matchers",
    "tocsin_register_observers",
    "tocsin_register_renderers",
    "tocsin_register_sources",
    "tocsin_register_stores",
    "tocsin_register_template_languages",
]

hookspec = pluggy.HookspecMarker("tocsin")
hookimpl = pluggy.HookimplMarker("tocsin")
"""Marks a function as a plugin's implementation of the hook of that name."""


@hookspec
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register matchers: names that a rule's ``conditions`` may use.

    :param registrar: takes ``register(name, factory)``; ``factory(value)`` compiles one condition when a rule is
        added, and raises :exc:`tocsin.ConditionError` for a value that makes no sense.

    Example::

        @tocsin.hookimpl
        def tocsin_register_matchers(registrar):
            registrar.register("region", lambda value: Condition.all_of(
                [FieldTest(name="region", values=frozenset([value]))]))
    """


@hookspec
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register backends: names that a channel's ``backend`` may use.

    :param registrar: takes ``register(name, factory, config_class=…, …)``; ``factory(config, context)`` makes one
        backend per channel, when the channel is first used.

    Example::

        @tocsin.hookimpl
        def tocsin_register_backends(registrar):
            registrar.register("pager", PagerBackend, config_class=PagerConfig, human=True)
    """


@hookspec
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register renderers: names that a backend's registration may use.

    :param registrar: takes ``register(name, render)``; ``render(notification, template)`` is pure and is called once
        per attempt.

    Example::

        @tocsin.hookimpl
        def tocsin_register_renderers(registrar):
            registrar.register("shout", lambda notification, template: Message("!", "FIRE"))
    """


@hookspec
def tocsin_register_template_languages(registrar: TemplateLanguageRegistrar) -> None:
    """Register template languages: names that a template's ``language`` may use.

    :param registrar: takes ``register(name, language)``; ``language.check(template)`` raises
        :exc:`tocsin.TemplateError` for what makes no sense, ``language.fill(template, notification)`` returns
        ``template.filled(subject, body)``.

    Example::

        @tocsin.hookimpl
        def tocsin_register_template_languages(registrar):
            registrar.register("mustache", Mustache())
    """


@hookspec
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register aggregators: strategies that form incidents.

    :param registrar: takes ``register(name, factory, config_class=…)``; ``factory(config)`` makes the aggregator when
        a configuration is compiled.

    Example::

        @tocsin.hookimpl
        def tocsin_register_aggregators(registrar):
            registrar.register("by_node", ByNode, config_class=ByNodeConfig)
    """


@hookspec
def tocsin_register_escalation_schedulers(registrar: EscalationSchedulerRegistrar) -> None:
    """Register escalation schedulers: ways to walk through an escalation policy.

    :param registrar: takes ``register(name, scheduler)``.

    Example::

        @tocsin.hookimpl
        def tocsin_register_escalation_schedulers(registrar):
            registrar.register("rota", RotaScheduler())
    """


@hookspec
def tocsin_register_stores(registrar: StoreRegistrar) -> None:
    """Register stores: places where the journal and its checkpoints are kept.

    :param registrar: takes ``register(name, factory, config_class=…)``; ``factory(config)`` opens the store when a
        service starts.

    Example::

        @tocsin.hookimpl
        def tocsin_register_stores(registrar):
            registrar.register("memory", lambda config: MemoryStore(), config_class=MemoryConfig)
    """


@hookspec
def tocsin_register_sources(registrar: SourceRegistrar) -> None:
    """Register sources: parts that find out what is wrong and submit it.

    :param registrar: takes ``register(name, factory, config_class=…)``; ``factory(config)`` makes a source when a
        service that names it starts.

    Example::

        @tocsin.hookimpl
        def tocsin_register_sources(registrar):
            registrar.register("disk", DiskSource, config_class=DiskConfig)
    """


@hookspec
def tocsin_register_observers(registrar: ObserverRegistrar) -> None:
    """Register observers: they are told of every event, after its commit.

    :param registrar: takes ``register(name, observer)``; ``observer(event)`` is synchronous and quick.

    Example::

        @tocsin.hookimpl
        def tocsin_register_observers(registrar):
            registrar.register("audit", lambda event: audit_log.info("%r", event))
    """


@hookspec
def tocsin_register_commands(registrar: CommandRegistrar) -> None:
    """Register commands of the command line ``tocsin`` (extra: ``tocsin[cli]``).

    :param registrar: takes ``register(name, factory)``; ``factory()`` returns a ``click.Command``, and is called only
        when the command line runs.

    Example::

        @tocsin.hookimpl
        def tocsin_register_commands(registrar):
            registrar.register("serve", make_serve_command)
    """
