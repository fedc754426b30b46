"""Each hook, called through discovery as for an installed plugin: what it registers is what the registry gives back."""

from __future__ import annotations

import inspect
import logging
import textwrap
import types
from typing import Any

import attrs
import pytest

import tocsin
from tocsin import (
    AT_ONCE,
    Aggregator,
    BackendContext,
    Condition,
    EscalationPolicy,
    Event,
    Fact,
    FieldTest,
    Message,
    Notification,
    NotificationTemplate,
    Outcome,
    PerformanceAlert,
    Release,
    Step,
    Telling,
    hookspecs,
)
from tocsin.discovery import load
from tocsin.registry import KINDS, Registration, Registry
from tocsin.roles.source import Submit


@attrs.frozen
class _Config:
    url: str = ""


class _Pager:
    def __init__(self, config: _Config, context: BackendContext) -> None:
        self.config = config

    async def send(self, notification: Notification) -> Outcome:
        return Outcome.delivered()


class _ByNode:
    state_class: type | None = None
    state_version = 1

    def __init__(self, config: _Config) -> None:
        self.config = config

    def key(self, alert: PerformanceAlert, /) -> str | None:
        return alert.node_id

    def open(self, alert: PerformanceAlert, now: float, /) -> None:
        return None

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        return True

    def release(self, state: Any, telling: Telling, /) -> Release:
        return AT_ONCE

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        return None


class _Rota:
    state_class: type | None = None
    state_version = 1

    def begin(self, policy: EscalationPolicy, /) -> None:
        return None

    def next(self, state: Any, /) -> Step | None:
        return None

    def advance(self, state: Any, /) -> None:
        return None

    def steps(self, state: Any, /) -> tuple[Step, ...]:
        return ()


class _Disk:
    def __init__(self, config: _Config) -> None:
        self.config = config

    async def run(self, submit: Submit) -> None:
        fact: Fact = tocsin.AlertResolved("disk")
        await submit(fact)


def _region(value: Any) -> Condition:
    return Condition.all_of([FieldTest("region", frozenset([value]))])


def _shout(notification: Notification, template: NotificationTemplate | None) -> Message:
    return Message("!", "FIRE")


def _audit(event: Event) -> None: ...


def _open_store(config: _Config) -> object:
    return config


def _make_command() -> object:
    raise AssertionError("a command is made only when the command line runs")


class Percent:
    """A language of templates that says the first alert's message after its own text."""

    def check(self, template: NotificationTemplate, /) -> None:
        if "%" in template.body_template:
            raise tocsin.TemplateError("line 1: no % is needed", "body_template")

    def fill(self, template: NotificationTemplate, notification: Notification, /) -> NotificationTemplate | None:
        body = template.body_template
        return template.filled([template.subject_template], [body, notification.alerts[0].alert.message, ""])


class Everything:
    """One plugin that implements every hook."""

    @tocsin.hookimpl
    def tocsin_register_matchers(self, registrar: Any) -> None:
        registrar.register("region", _region)

    @tocsin.hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None:
        registrar.register("pager", _Pager, config_class=_Config, human=True)

    @tocsin.hookimpl
    def tocsin_register_renderers(self, registrar: Any) -> None:
        registrar.register("shout", _shout)

    @tocsin.hookimpl
    def tocsin_register_template_languages(self, registrar: Any) -> None:
        registrar.register("percent", Percent())

    @tocsin.hookimpl
    def tocsin_register_aggregators(self, registrar: Any) -> None:
        registrar.register("by_node", _ByNode, config_class=_Config)

    @tocsin.hookimpl
    def tocsin_register_escalation_schedulers(self, registrar: Any) -> None:
        registrar.register("rota", _Rota())

    @tocsin.hookimpl
    def tocsin_register_stores(self, registrar: Any) -> None:
        registrar.register("drawer", _open_store, config_class=_Config)

    @tocsin.hookimpl
    def tocsin_register_sources(self, registrar: Any) -> None:
        registrar.register("disk", _Disk, config_class=_Config)

    @tocsin.hookimpl
    def tocsin_register_observers(self, registrar: Any) -> None:
        registrar.register("audit", _audit)

    @tocsin.hookimpl
    def tocsin_register_commands(self, registrar: Any) -> None:
        registrar.register("greet", _make_command)


@pytest.fixture
def registry() -> Registry:
    """What the one plugin registers, without those that are installed."""
    discovery = load(extra=[Everything()], entry_points=[])
    assert discovery.failures == ()
    return discovery.registry


HOOKS = [name for name in hookspecs.__all__ if name.startswith("tocsin_")]

IN_THE_EXAMPLES: dict[str, Any] = {
    "tocsin": tocsin,
    "Condition": Condition,
    "FieldTest": FieldTest,
    "Message": Message,
    "PagerBackend": _Pager,
    "PagerConfig": _Config,
    "Mustache": Percent,
    "ByNode": _ByNode,
    "ByNodeConfig": _Config,
    "RotaScheduler": _Rota,
    "MemoryStore": tocsin.MemoryStore,
    "MemoryConfig": _Config,
    "DiskSource": _Disk,
    "DiskConfig": _Config,
    "audit_log": logging.getLogger("audit"),
    "make_serve_command": _make_command,
}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_in_a_hooks_docstring_is_a_plugin(hook: str) -> None:
    """It names what its author has; with that at hand it loads, and registers one thing of the hook's kind."""
    text = inspect.getdoc(getattr(hookspecs, hook)) or ""
    example = types.ModuleType("example")
    vars(example).update(IN_THE_EXAMPLES)
    exec(textwrap.dedent(text.split("Example::", 1)[1]), vars(example))
    found = load(extra=[example], entry_points=[])
    assert found.failures == ()
    assert [f"tocsin_register_{registration.kind}s" for registration in found.registry] == [hook]


def test_the_example_of_a_matcher_compiles_a_condition() -> None:
    """What is registered is called later: the expression in it is run here."""
    example = types.ModuleType("example")
    vars(example).update(IN_THE_EXAMPLES)
    text = inspect.getdoc(hookspecs.tocsin_register_matchers) or ""
    exec(textwrap.dedent(text.split("Example::", 1)[1]), vars(example))
    condition = load(extra=[example], entry_points=[]).registry.matchers["region"].spec.factory("eu")
    alert = tocsin.PerformanceAlert("a", "c", tocsin.AlertSeverity.INFO, "m", labels={"region": "eu"})
    assert condition.holds(tocsin.AlertView(alert))


def test_every_kind_has_its_hook_and_comes_in_the_order_of_kinds(registry: Registry) -> None:
    assert tuple(registration.kind for registration in registry) == KINDS


def test_registrations_remember_where_they_came_from(registry: Registry) -> None:
    provenances = {registration.provenance.plugin for registration in registry}
    assert provenances == {"Everything"}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("matchers", "region"),
        ("backends", "pager"),
        ("renderers", "shout"),
        ("aggregators", "by_node"),
        ("schedulers", "rota"),
        ("stores", "drawer"),
        ("sources", "disk"),
        ("observers", "audit"),
        ("commands", "greet"),
    ],
)
def test_what_a_hook_registers_stands_under_its_kind_and_name(registry: Registry, field: str, name: str) -> None:
    found: dict[str, Registration[Any]] = dict(getattr(registry, field))
    assert list(found) == [name]


def test_a_registered_matcher_compiles_a_condition(registry: Registry) -> None:
    condition = registry.matchers["region"].spec.factory("eu")
    alert = tocsin.PerformanceAlert("a", "c", tocsin.AlertSeverity.INFO, "m", labels={"region": "eu"})
    assert condition.holds(tocsin.AlertView(alert))


def test_a_registered_backend_keeps_its_config_class_and_settings(registry: Registry) -> None:
    spec = registry.backend("pager")
    assert (spec.config_class, spec.human, spec.renderer) == (_Config, True, "text")
    assert isinstance(spec.factory(_Config("x"), BackendContext("channel")), _Pager)


def test_a_registered_aggregator_is_made_from_its_config(registry: Registry) -> None:
    aggregator: Aggregator = registry.aggregators["by_node"].spec.factory(_Config())
    assert aggregator.key(tocsin.PerformanceAlert("a", "c", tocsin.AlertSeverity.INFO, "m", node_id="n1")) == "n1"
