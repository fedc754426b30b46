"""The hook API's version: what a distribution says of it, what is refused for it, and that it follows the hooks."""

from __future__ import annotations

import inspect
import sys
import tomllib
import types
import warnings
from pathlib import Path
from typing import Any

import attrs
import importlib_metadata
import pluggy
import pytest

import tocsin
from tocsin import (
    HOOK_API,
    Condition,
    FederationAlertingService,
    FieldTest,
    GapKind,
    PluginError,
    discovery,
    hookspecs,
    registry,
)
from tocsin.discovery import load
from tocsin.hook_api import built_for, refusal

ROOT = Path(__file__).resolve().parents[1]
OURS = f"{HOOK_API[0]}.{HOOK_API[1]}"
NEWER = f"{HOOK_API[0]}.{HOOK_API[1] + 1}"
NEXT_MAJOR = f"{HOOK_API[0] + 1}.0"


@pytest.mark.parametrize(
    ("requirements", "versions"),
    [
        ([], ()),
        (["tocsin>=0.1"], ()),
        (["tocsin[hooks-1.0]>=0.1,<0.2"], ("1.0",)),
        (["tocsin[cli,fast,hooks-1-0]>=0.1"], ("1.0",)),
        (["Tocsin [ Hooks_1.0 , cli ] (>=0.1)"], ("1.0",)),
        (["tocsin[hooks-1.10,hooks-1.9]"], ("1.9", "1.10")),
        (["tocsin[hooks-1.0]", "tocsin[hooks-2.0]; python_version >= '3.12'"], ("1.0", "2.0")),
        (["tocsin[hooks-9.9]; extra == 'dev'"], ()),
        (["tocsin[hooks-9.9]>=0.1 ; python_version > '3' and extra=='dev'"], ()),
        (["tocsin-hooks[hooks-9.9]", "acme[hooks-9.9]", "nottocsin[hooks-9.9]", "tocsin [cli"], ()),
        (["tocsin[hooks-newest]"], ("newest",)),
        (["tocsin[hooks-newest,hooks-1.0]"], ("newest", "1.0")),
        (["tocsin[hooks]"], ()),
    ],
)
def test_what_a_distribution_was_built_for_is_read_from_its_requirement(
    requirements: list[str], versions: tuple[str, ...]
) -> None:
    assert built_for(requirements) == versions


@pytest.mark.parametrize("versions", [(), (OURS,), (f"{HOOK_API[0]}.0",), (OURS, NEXT_MAJOR), ("0.9", OURS)])
def test_the_same_major_and_no_newer_minor_is_taken(versions: tuple[str, ...]) -> None:
    assert refusal(versions, "acme") is None


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ((NEWER,), f"was built for hook API {NEWER}, and this tocsin has hook API {OURS}: upgrade tocsin, or"),
        ((NEXT_MAJOR,), f"{NEXT_MAJOR}, and this tocsin has hook API {OURS}: upgrade tocsin, or install an older acme"),
        ((NEWER, NEXT_MAJOR), f"was built for hook API {NEWER} and {NEXT_MAJOR}, and"),
        (("0.9",), f"0.9, and this tocsin has hook API {OURS}, which is another major version: upgrade acme"),
        (("newest",), "requires tocsin[hooks-newest], which is no hook API; this tocsin has"),
    ],
)
def test_another_is_refused_and_says_what_would_be_right(versions: tuple[str, ...], problem: str) -> None:
    assert problem in str(refusal(versions, "acme"))


class Dist:
    """As much of a distribution as discovery reads."""

    def __init__(self, *requires: str) -> None:
        self.name, self.version, self.requires = "acme", "3.0", list(requires)


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was imported of a plugin for which ``_point`` gives an entry point."""
    seen: list[str] = []
    load_it = importlib_metadata.EntryPoint.load

    def load_and_tell(self: importlib_metadata.EntryPoint) -> object:
        seen.append(self.name)
        return load_it(self)

    monkeypatch.setattr(importlib_metadata.EntryPoint, "load", load_and_tell)
    return seen


def _point(name: str, dist: Dist) -> importlib_metadata.EntryPoint:
    found = importlib_metadata.EntryPoint(name, "tocsin_plugins.none", "tocsin")
    vars(found)["dist"] = dist
    return found


def test_a_refused_plugin_is_not_even_imported_and_the_others_load(imported: list[str]) -> None:
    """What a newer one imports need not be there; all that is told is what to upgrade."""
    points = [_point("next", Dist(f"tocsin[hooks-{NEWER}]")), _point("now", Dist(f"tocsin[hooks-{OURS}]"))]
    found = load(entry_points=points)
    assert imported == ["now"]
    assert [str(failure) for failure in found.failures] == [
        f"next (acme 3.0): was built for hook API {NEWER}, and this tocsin has hook API {OURS}: "
        "upgrade tocsin, or install an older acme"
    ]
    assert {registration.provenance.hook_apis for registration in found.registry} == {(OURS,)}


def test_a_refused_plugin_can_be_switched_off(imported: list[str]) -> None:
    found = load(disabled=["next"], entry_points=[_point("next", Dist(f"tocsin[hooks-{NEWER}]"))])
    assert (found.failures, imported) == ((), [])
    assert [provenance.hook_apis for provenance in found.disabled] == [(NEWER,)]


@pytest.fixture
def newer_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution for a newer hook API, as pip leaves one."""
    folder = tmp_path / "acme_next-3.0.dist-info"
    folder.mkdir()
    folder.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: acme-next\nVersion: 3.0\nRequires-Dist: tocsin[hooks-{NEWER}]\n"
    )
    folder.joinpath("entry_points.txt").write_text("[tocsin]\nacme-next = acme_next_that_is_nowhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_strict_service_refuses_to_start_with_it(newer_is_installed: None) -> None:
    with pytest.raises(PluginError, match=rf"acme-next \(acme-next 3\.0\): was built for hook API {NEWER}"):
        FederationAlertingService(strict=True)


@pytest.mark.anyio
async def test_a_lenient_service_records_a_gap_and_works(newer_is_installed: None) -> None:
    async with FederationAlertingService() as alerting:
        alerting.add_channel(tocsin.create_console_channel("team"))
        await alerting.process_alert(tocsin.PerformanceAlert("a", "c", tocsin.AlertSeverity.INFO, "m"))
        (gap,) = alerting.gaps
    assert (gap.kind, gap.subject, gap.count) == (GapKind.PLUGIN_FAILED, "acme-next", 1)


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\n", "\0\xff"])
def test_a_distribution_that_says_no_name_takes_nobody_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: str
) -> None:
    """Whatever the library that reads the metadata makes of it."""
    folder = tmp_path / "acme_nameless-3.0.dist-info"
    folder.mkdir()
    folder.joinpath("METADATA").write_text(metadata, encoding="utf-8")
    folder.joinpath("entry_points.txt").write_text("[tocsin]\nacme-nameless = acme_nameless\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = load()
    assert [failure.provenance.plugin for failure in found.failures] == ["acme-nameless"]
    assert "console" in found.registry.backends


def test_a_distribution_without_metadata_loses_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an installation or a removal that was broken off leaves one."""
    folder = tmp_path / "acme_half-3.0.dist-info"
    folder.mkdir()
    folder.joinpath("entry_points.txt").write_text("[tocsin]\nacme-half = acme_half\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = load()
    (failure,) = found.failures
    assert str(failure).startswith("acme-half (? ?): the metadata of its distribution cannot be read, install it again")
    assert "console" in found.registry.backends


def test_tocsin_has_an_extra_for_each_hook_api_that_it_takes() -> None:
    """pip warns about an extra that is not there: it tells of a newer plugin when that is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: wants for name, wants in project["optional-dependencies"].items() if name.startswith("hooks")}
    assert extras == {f"hooks-{HOOK_API[0]}.{minor}": [] for minor in range(HOOK_API[1] + 1)}


def _surface() -> str:
    """Return what a plugin's author writes against, as text: hooks, registrars' arguments, what roles do."""
    hooks = [name for name in hookspecs.__all__ if name.startswith("tocsin_")]
    lines = [f"{name}{inspect.signature(getattr(hookspecs, name))}" for name in hooks]
    for name in registry.__all__:
        if name.endswith("Registrar"):
            lines.append(f"{name}.register{inspect.signature(getattr(registry, name).register)}")
    roles = (tocsin.Backend, tocsin.TemplateLanguage, tocsin.Aggregator, tocsin.EscalationScheduler)
    for role in (*roles, tocsin.Source, tocsin.Store):
        for method, value in sorted(vars(role).items()):
            if inspect.isfunction(value) and not method.startswith("_"):
                lines.append(f"{role.__name__}.{method}{inspect.signature(value)}")
    for given in (tocsin.BackendContext, tocsin.Notification, tocsin.ListedAlert, tocsin.Message, tocsin.Telling):
        lines.append(f"{given.__name__}: {', '.join(field.name for field in attrs.fields(given))}")
    for taken in (tocsin.Outcome, tocsin.Release, tocsin.Step, FieldTest, Condition):
        lines.append(f"{taken.__name__}: {', '.join(name for name in dir(taken) if not name.startswith('_'))}")
    return "\n".join(lines) + "\n"


def test_the_version_follows_the_hooks() -> None:
    """Who changes a hook decides what that means for plugins that are out there."""
    record = ROOT / "tests/hook_api" / f"{OURS}.txt"
    assert _surface() == record.read_text(encoding="utf-8"), (
        f"the hooks are no longer those of hook API {OURS}. If a release has that one: raise HOOK_API (a minor version "
        "for what is added, a major one for what is taken away), add the extra to pyproject.toml, and record the new "
        f"one beside {record.name}. If none has it yet: record it anew"
    )


def _with_hooks(monkeypatch: pytest.MonkeyPatch, **specs: Any) -> None:
    """Let the hook specifications be ours with some replaced."""
    module = types.ModuleType("hookspecs_of_a_test")
    vars(module).update({name: value for name, value in vars(hookspecs).items() if not name.startswith("__")} | specs)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(discovery, "hookspecs", module)


@attrs.frozen
class _Config:
    """No settings."""


class _Bell:
    @tocsin.hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None:
        registrar.register("bell", lambda config, context: config, config_class=_Config)


@pytest.mark.parametrize("argument", [False, True])
def test_a_deprecated_hook_warns_and_works(monkeypatch: pytest.MonkeyPatch, argument: bool) -> None:
    """As the policy of docs/reference/stability.md says, and an argument that goes does as well."""

    def tocsin_register_backends(registrar: Any) -> None: ...

    going = DeprecationWarning("this goes with hook API 2.0: use tocsin_register_pagers")
    marker = (
        hookspecs.hookspec(warn_on_impl_args={"registrar": going})
        if argument
        else hookspecs.hookspec(warn_on_impl=going)
    )
    _with_hooks(monkeypatch, tocsin_register_backends=marker(tocsin_register_backends))
    with pytest.warns(DeprecationWarning, match="goes with hook API 2.0") as seen:
        found = load(extra=[_Bell()], entry_points=[])
    assert (found.failures, list(found.registry.backends)) == ((), ["bell"])
    assert [warning.filename for warning in seen] == [__file__]


def test_a_hook_that_gets_another_argument_goes_on_to_be_called_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An implementation names the arguments that it wants, so that adding one breaks nobody."""
    seen: list[tuple[str, ...]] = []

    def tocsin_register_backends(registrar: Any, later: Any) -> None: ...

    class Silent:
        @tocsin.hookimpl
        def tocsin_register_backends(self) -> None:
            seen.append(("asked for nothing",))

    _with_hooks(monkeypatch, tocsin_register_backends=hookspecs.hookspec(tocsin_register_backends))
    manager = pluggy.PluginManager("tocsin")
    manager.add_hookspecs(sys.modules["hookspecs_of_a_test"])
    manager.register(_Bell())
    manager.register(Silent())
    bells = registry.BackendRegistrar()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manager.hook.tocsin_register_backends(registrar=bells, later="later")
    bells.commit()
    assert (seen, list(bells.frozen())) == ([("asked for nothing",)], ["bell"])
