"""Discovery: entry points become a registry, sorted; a broken plugin is named and takes nobody down."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import attrs
import importlib_metadata
import pytest

import tocsin
from tocsin import PluginError, hookspecs
from tocsin.discovery import Discovery, load
from tocsin.registry import BackendRegistrar, Provenance, Registry

MODULE = "tocsin_test_plugin_"


@attrs.frozen
class Config:
    """No settings."""


class Dist:
    """As much of a distribution as discovery reads."""

    def __init__(self, name: str, requires: list[str] | None = None) -> None:
        self.name = name
        self.version = "1.0"
        self.requires = requires


def point(
    name: str, value: str, dist: str | None = None, requires: list[str] | None = None
) -> importlib_metadata.EntryPoint:
    """Return an entry point of the group ``tocsin``."""
    found = importlib_metadata.EntryPoint(name, value, "tocsin")
    if dist is not None:
        vars(found)["dist"] = Dist(dist, requires)
    return found


def backend(name: Any = "pigeon", **options: Any) -> Any:
    """Return a hook that registers a backend."""

    @tocsin.hookimpl
    def tocsin_register_backends(registrar: BackendRegistrar) -> None:
        settings: dict[str, Any] = {"config_class": Config, **options}
        registrar.register(name, settings.pop("factory", lambda config, context: config), **settings)

    return tocsin_register_backends


@pytest.fixture
def plugin() -> Iterator[Any]:
    """Make importable modules with hooks, gone after the test."""
    made: list[str] = []

    def make(name: str, **contents: Any) -> str:
        module = types.ModuleType(MODULE + name)
        vars(module).update(contents)
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return module.__name__

    yield make
    for name in made:
        del sys.modules[name]


def problems(discovery: Discovery) -> list[str]:
    """Return what went wrong, one line each."""
    return [str(failure) for failure in discovery.failures]


def test_the_bundled_plugins_are_found() -> None:
    """Through their entry points, each with its distribution."""
    discovery = load()
    assert discovery.failures == ()
    assert {"console", "slack", "webhook"} <= set(discovery.registry.backends)
    console = discovery.registry.backends["console"]
    assert (console.provenance.plugin, console.provenance.distribution) == ("console", "tocsin")
    assert str(console.provenance).startswith("console (tocsin ")


def test_an_import_that_fails_is_named_and_the_others_load(plugin: Any) -> None:
    """With its distribution, whatever the import raises."""
    good = plugin("good", tocsin_register_backends=backend())
    discovery = load(
        entry_points=[
            point("lost", MODULE + "nowhere", "acme"),
            point("leaving", "this_is_no:thing", "acme"),
            point("attribute", f"{good}:nothing", "acme"),
            point("good", good, "fine"),
        ]
    )
    found = problems(discovery)
    assert [line.split(":")[0] for line in found] == ["lost (acme 1.0)", "leaving (acme 1.0)", "attribute (acme 1.0)"]
    assert "ModuleNotFoundError" in found[0]
    assert list(discovery.registry.backends) == ["pigeon"]


def test_an_import_that_exits_is_only_a_failure(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """``sys.exit()`` at import does not end the application."""

    def leave(self: importlib_metadata.EntryPoint) -> object:
        raise SystemExit("bye")

    monkeypatch.setattr(importlib_metadata.EntryPoint, "load", leave)
    assert problems(load(entry_points=[point("rude", "x", "acme")])) == ["rude (acme 1.0): SystemExit: bye"]


def test_a_collision_names_both_sides(plugin: Any) -> None:
    """The first keeps the name; the second loses all that it registered."""
    first = plugin("first", tocsin_register_backends=backend("pigeon"))

    @tocsin.hookimpl
    def tocsin_register_matchers(registrar: Any) -> None:
        registrar.register("wind", lambda value: value)

    second = plugin(
        "second", tocsin_register_backends=backend("pigeon"), tocsin_register_matchers=tocsin_register_matchers
    )
    discovery = load(entry_points=[point("one", first, "acme"), point("two", second, "other")])
    (failure,) = problems(discovery)
    assert failure.startswith("two (other 1.0): ")
    assert "backend 'pigeon' is registered twice: by one (acme 1.0) and by two (other 1.0)" in failure
    assert discovery.registry.backends["pigeon"].provenance.distribution == "acme"
    assert discovery.registry.matchers == {}


def test_a_name_taken_twice_by_one_plugin_is_a_collision() -> None:
    """Also before anything of it was kept."""

    class Twice:
        @tocsin.hookimpl
        def tocsin_register_backends(self, registrar: Any) -> None:
            for _ in range(2):
                registrar.register("pigeon", lambda config, context: config, config_class=Config)

    assert "registered twice" in problems(load(extra=[Twice()], entry_points=[]))[0]


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        (backend(name=""), "whose name is '', not a string"),
        (backend(name=7), "whose name is 7, not a string"),
        (backend(factory="x"), "whose factory is 'x', not a callable"),
        (backend(config_class=dict), "not an attrs class"),
        (backend(config_class=Config()), "not an attrs class"),
    ],
)
def test_what_is_malformed_is_refused_and_the_plugin_named(plugin: Any, hook: Any, problem: str) -> None:
    """The message says what would be right."""
    discovery = load(entry_points=[point("odd", plugin("odd", tocsin_register_backends=hook), "acme")])
    (failure,) = problems(discovery)
    assert "odd (acme 1.0) registers a backend" in failure
    assert problem in failure
    assert discovery.registry == Registry()


def test_an_unknown_hook_names_the_nearest(plugin: Any) -> None:
    """A misspelt hook would otherwise never be called, and nobody would know."""

    @tocsin.hookimpl
    def tocsin_register_backend(registrar: Any) -> None: ...

    name = plugin("typo", tocsin_register_backend=tocsin_register_backend)
    (failure,) = problems(load(entry_points=[point("typo", name, "acme")]))
    assert "unknown hook tocsin_register_backend; did you mean 'tocsin_register_backends'" in failure


def test_a_hook_with_another_argument_is_refused(plugin: Any) -> None:
    """The whole message says so, and it is this plugin's failure alone."""

    @tocsin.hookimpl
    def tocsin_register_backends(registry: Any) -> None: ...

    name = plugin("argument", tocsin_register_backends=tocsin_register_backends)
    good = plugin("good2", tocsin_register_backends=backend())
    discovery = load(entry_points=[point("argument", name, "acme"), point("good", good, "fine")])
    (failure,) = problems(discovery)
    assert failure == (
        "argument (acme 1.0): PluginError: tocsin_register_backends takes 'registry': a hook is called with one"
        " argument, and its name is 'registrar'"
    )
    assert list(discovery.registry.backends) == ["pigeon"]


def _unmarked(registrar: Any) -> None: ...


@tocsin.hookimpl
async def _async(registrar: Any) -> None: ...


@tocsin.hookimpl
def _yielding(registrar: Any) -> Any:
    yield registrar


@tocsin.hookimpl
def _taking_nothing() -> None: ...


@tocsin.hookimpl
def _taking_more(registrar: Any, config: Any) -> None: ...


@tocsin.hookimpl(specname="tocsin_register_backend")
def _misnamed(registrar: Any) -> None: ...


class Methods:
    """Has a hook, as a method."""

    @tocsin.hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None: ...


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ({"tocsin_register_backends": _unmarked}, "is not marked as a hook: write @tocsin.hookimpl above it"),
        ({"tocsin_register_backend": _unmarked}, "the name of one; did you mean 'tocsin_register_backends'?"),
        ({"tocsin_register_backends": _async}, "tocsin_register_backends is async: a hook is called once, while"),
        ({"tocsin_register_backends": _yielding}, "has a yield in it, so that calling it does nothing: a hook is"),
        ({"tocsin_register_backends": _taking_nothing}, "takes no argument: a hook is called with one argument,"),
        ({"tocsin_register_backends": _taking_more}, "takes 'registrar', 'config': a hook is called with one"),
        ({"rings": _misnamed}, "unknown hook tocsin_register_backend; did you mean 'tocsin_register_backends'?"),
        ({}, "there is no hook in it: a plugin has functions such as tocsin_register_backends, with @tocsin"),
    ],
)
def test_what_would_be_passed_over_in_silence_is_told(plugin: Any, contents: dict[str, Any], problem: str) -> None:
    """Whole, and the others load."""
    points = [
        point("vain", plugin("vain", **contents), "acme"),
        point("good", plugin("fine", tocsin_register_backends=backend()), "fine"),
    ]
    discovery = load(entry_points=points)
    (failure,) = problems(discovery)
    assert failure.startswith("vain (acme 1.0): PluginError: ")
    assert problem in failure
    assert list(discovery.registry.backends) == ["pigeon"]


def test_a_class_in_place_of_its_object_is_told() -> None:
    """Its hooks are methods that would be called without the object."""
    (failure,) = problems(load(extra=[Methods], entry_points=[]))
    assert failure == (
        "Methods (given by the application): PluginError: tocsin_register_backends is a method of a class: the plugin"
        " is an object of it, Methods()"
    )
    assert problems(load(extra=[Methods()], entry_points=[])) == []


def test_a_class_whose_hooks_need_no_object_is_a_plugin() -> None:
    """They are static."""

    class Static:
        tocsin_register_backends = staticmethod(backend())

    assert list(load(extra=[Static], entry_points=[]).registry.backends) == ["pigeon"]


def test_a_hook_may_have_a_name_of_its_own_and_specifications_are_none(plugin: Any) -> None:
    """As pluggy has it: the hook that it means is named beside the marker."""

    @tocsin.hookimpl(specname="tocsin_register_backends")
    def rings(registrar: BackendRegistrar) -> None:
        registrar.register("pigeon", lambda config, context: config, config_class=Config)

    contents = {"rings": rings, "tocsin_register_matchers": hookspecs.tocsin_register_matchers}
    discovery = load(entry_points=[point("own", plugin("own", **contents), "acme")])
    assert problems(discovery) == []
    assert list(discovery.registry.backends) == ["pigeon"]


async def _never_awaited(*_: object) -> None: ...


class _Plain:
    def send(self, notification: Any) -> None: ...

    def run(self, submit: Any) -> None: ...


@pytest.mark.parametrize(
    ("kind", "arguments", "problem"),
    [
        ("backend", (_Plain, Config), "send of _Plain is no async def: write `async def send(self, notification)`"),
        ("source", (_Plain, Config), "run of _Plain is no async def: write `async def run(self, submit)`"),
        ("backend", (_never_awaited, Config), "whose factory is async: it is called and never awaited, write `def`"),
        ("matcher", (_never_awaited,), "whose factory is async"),
        ("renderer", (_never_awaited,), "whose render is async"),
        ("observer", (_never_awaited,), "whose observer is async"),
    ],
)
def test_what_is_awaited_is_async_and_nothing_else_is(kind: str, arguments: tuple[Any, ...], problem: str) -> None:
    """It is told where it is registered, and not by the first alert."""
    factory, *config = arguments

    class P:
        @tocsin.hookimpl(specname=f"tocsin_register_{kind}s")
        def register(self, registrar: Any) -> None:
            registrar.register("odd", factory, **({"config_class": config[0]} if config else {}))

    (failure,) = problems(load(extra=[P()], entry_points=[]))
    who = "P (given by the application)"
    assert failure.startswith(f"{who}: PluginError: {who} registers a {kind}")
    assert problem in failure


def test_a_plugin_is_switched_off_by_name(plugin: Any) -> None:
    """It is not even imported; it is listed as disabled."""
    discovery = load(disabled=["lost"], entry_points=[point("lost", MODULE + "nowhere", "acme")])
    assert discovery.failures == ()
    assert discovery.disabled == (Provenance("lost", "acme", "1.0"),)

    class Pigeon:
        tocsin_register_backends = staticmethod(backend())

    assert load(disabled=["Pigeon"], extra=[Pigeon()], entry_points=[]).registry.backends == {}


def test_an_entry_point_that_is_listed_twice_is_loaded_once(plugin: Any) -> None:
    """An editable install beside a stale one; two distributions with one name are two plugins."""
    name = plugin("twice", tocsin_register_backends=backend())
    twice = [point("twice", name, "acme"), point("twice", name, "acme")]
    assert load(entry_points=twice).failures == ()
    assert len(load(entry_points=[*twice, point("twice", name, "other")]).failures) == 1


def test_an_entry_point_without_a_distribution_is_taken(plugin: Any) -> None:
    """Its distribution is not known."""
    discovery = load(entry_points=[point("bare", plugin("bare", tocsin_register_backends=backend()))])
    assert discovery.registry.backends["pigeon"].provenance == Provenance("bare")


def test_two_loads_share_nothing() -> None:
    """A fresh plugin manager each; the registry cannot be changed."""

    class Pigeon:
        tocsin_register_backends = staticmethod(backend())

    assert "pigeon" in load(extra=[Pigeon()]).registry.backends
    assert "pigeon" not in load().registry.backends
    with pytest.raises(TypeError):
        load().registry.backends["x"] = None  # type: ignore[index]  # the mistake that is tested


def test_an_unknown_backend_names_the_nearest() -> None:
    """When the registry is asked for it."""
    with pytest.raises(PluginError, match="no backend is called 'slak'; did you mean 'slack'"):
        load().registry.backend("slak")


def test_registrations_come_in_order_of_name() -> None:
    """Whatever the order of entry points was."""
    registry = load().registry
    for kind in (registry.backends, registry.matchers, registry.renderers, registry.aggregators):
        assert list(kind) == sorted(kind)
