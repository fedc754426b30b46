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
from tocsin import PluginError
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
    """pluggy says so, and it is this plugin's failure alone."""

    @tocsin.hookimpl
    def tocsin_register_backends(registry: Any) -> None: ...

    name = plugin("argument", tocsin_register_backends=tocsin_register_backends)
    good = plugin("good2", tocsin_register_backends=backend())
    discovery = load(entry_points=[point("argument", name, "acme"), point("good", good, "fine")])
    (failure,) = problems(discovery)
    assert failure.startswith("argument (acme 1.0): PluginValidationError")
    assert list(discovery.registry.backends) == ["pigeon"]


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
