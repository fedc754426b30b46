"""The distribution as its users get it: built, installed into an environment of its own, and asked what it can do."""

from __future__ import annotations

import email.message
import email.parser
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import importlib_metadata
import pytest
from tests import environments
from tests.environments import ROOT, pip, run

import tocsin

CORE_DEPENDENCIES = {"anyio", "attrs", "cattrs", "httpx", "importlib-metadata", "pluggy"}


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    """The wheel's core metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the wheel, its dependencies, and nothing else."""
    python = environments.make(tmp_path_factory.mktemp("bare"))
    pip(python, wheel)
    return python


@pytest.fixture(scope="module")
def python_with_cli(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the wheel with the extra ``cli``."""
    python = environments.make(tmp_path_factory.mktemp("cli"))
    pip(python, f"{wheel}[cli]")
    return python


def _requirements(metadata: email.message.Message, extra: str | None) -> set[str]:
    names = set()
    for line in metadata.get_all("Requires-Dist", []):
        found = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if (found[1] if found else None) == extra:
            names.add(re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-"))
    return names


def test_the_core_depends_on_exactly_six(metadata: email.message.Message) -> None:
    assert _requirements(metadata, None) == CORE_DEPENDENCIES


def test_the_rest_are_extras(metadata: email.message.Message) -> None:
    assert _requirements(metadata, "cli") == {"click", "pyyaml", "rich"}
    assert _requirements(metadata, "fast") == {"orjson"}
    assert _requirements(metadata, "host") == {"psutil"}
    assert _requirements(metadata, "re2") == {"google-re2"}
    assert _requirements(metadata, "yaml") == {"pyyaml"}


def test_the_licence_and_the_readme_go_with_the_wheel(metadata: email.message.Message, wheel: Path) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Apache License" in _read(wheel, r".*\.dist-info/licenses/LICENSE")
    assert str(metadata.get_payload()).strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()


def _read(wheel: Path, pattern: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if re.fullmatch(pattern, name))
        return archive.read(name).decode()


def test_the_wheel_has_both_packages_typed_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"tocsin", "tocsin_plugins"}
    assert {"tocsin/py.typed", "tocsin_plugins/py.typed"} <= set(names)


def test_the_wheel_has_every_module_of_the_source_tree(wheel: Path) -> None:
    expected = {
        path.relative_to(ROOT / root).as_posix() for root in ("core", "plugins") for path in (ROOT / root).rglob("*.py")
    }
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.endswith(".py")} == expected


def test_the_source_distribution_has_what_it_takes_to_build(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "core/tocsin/py.typed"} <= names
    assert not any(name.startswith((".venv", "contrib", "tests")) for name in names)


def test_the_installed_entry_points_are_those_of_pyproject() -> None:
    """An editable install keeps the entry points that it was made with."""
    stale = "the installed metadata is older than pyproject.toml; reinstall: pip install -e . (or: make test)"
    installed = {
        (point.name, point.value)
        for point in importlib_metadata.distribution("tocsin").entry_points
        if point.group == "tocsin"
    }
    assert installed == set(_project()["entry-points"]["tocsin"].items()), stale
    assert importlib_metadata.version("tocsin") == _project()["version"], stale


def test_the_wheels_entry_points_are_those_of_pyproject(wheel: Path) -> None:
    text = _read(wheel, r".*\.dist-info/entry_points\.txt")
    listed = re.findall(r"^(\S+) = (\S+)$", text.split("[tocsin]", 1)[1], re.MULTILINE)
    assert dict(listed) == _project()["entry-points"]["tocsin"]
    assert "tocsin = tocsin.cli:main" in text


def test_every_bundled_plugin_has_its_entry_point() -> None:
    modules = {
        f"tocsin_plugins.{path.stem}"
        for path in (ROOT / "plugins/tocsin_plugins").glob("*.py")
        if not path.stem.startswith("_") and "hookimpl" in path.read_text(encoding="utf-8")
    }
    assert modules == set(_project()["entry-points"]["tocsin"].values())


def test_the_wheel_gives_every_public_name(python: Path) -> None:
    shown = run(python, "-W", "error", "-c", "import json, tocsin; print(json.dumps([*map(str, dir(tocsin))]))")
    assert set(tocsin.__all__) <= set(json.loads(shown))


def test_importing_tocsin_imports_no_event_loop_and_no_extra(python_with_cli: Path) -> None:
    loops, extras = "'asyncio', 'trio', 'uvloop'", "'click', 'orjson', 'psutil', 're2', 'rich', 'yaml'"
    unwanted = f"{{{loops}, {extras}, 'httpx', 'tocsin_plugins'}}"
    program = f"import sys, tocsin; print(sorted({unwanted} & set(sys.modules)))"
    assert run(python_with_cli, "-W", "error", "-c", program).strip() == "[]"


def test_importing_tocsin_here_imports_no_event_loop_even_where_trio_is_installed() -> None:
    program = "import sys, tocsin; print(sorted({'asyncio', 'trio', 'uvloop'} & set(sys.modules)))"
    assert run(sys.executable, "-W", "error", "-c", program).strip() == "[]"


def test_tocsin_plugins_in_a_fresh_environment_lists_all_as_loaded(python_with_cli: Path) -> None:
    rows = json.loads(run(python_with_cli.with_name("tocsin"), "plugins", "--json"))
    assert {row["state"] for row in rows} == {"loaded"}
    assert {row["distribution"] for row in rows} == {"tocsin"}
    assert {"console", "slack", "webhook"} <= {row["name"] for row in rows if row["kind"] == "backend"}


def test_without_the_extra_the_command_says_what_to_install(python: Path) -> None:
    done = subprocess.run([python.with_name("tocsin"), "plugins"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "tocsin: the command line needs click and rich: pip install 'tocsin[cli]'",
    ]


EMBEDDED = """
import sys, anyio
from tocsin import (
    AlertSeverity, FederationAlertingService, PerformanceAlert, create_console_channel, create_severity_routing_rule,
)

async def main():
    alerting = FederationAlertingService(strict=True)
    alerting.add_channel(create_console_channel("console"))
    alerting.add_routing_rule(create_severity_routing_rule("all", ["error"], ["console"]))
    async with alerting:
        await alerting.process_alert(PerformanceAlert("disk-full", "prod-1", AlertSeverity.ERROR, "disk_used", 97, 90))

anyio.run(main)
"""


def test_the_wheel_tells_somebody(python: Path) -> None:
    assert "disk-full" in run(python, "-W", "error", "-c", EMBEDDED)


def test_mpreg_installs_on_the_wheel_and_gives_the_guides_names(python: Path) -> None:
    pip(python, ROOT / "contrib" / "tocsin-mpreg")
    program = (
        "from mpreg.federation.federation_alerting import *\n"
        "from mpreg.federation.performance_metrics import *\n"
        "print(FederationAlertingService.__name__, PerformanceMetricsService.__name__)"
    )
    assert run(python, "-W", "error", "-c", program).split() == [
        "FederationAlertingService",
        "PerformanceMetricsService",
    ]


def test_the_server_installs_on_the_wheel_and_converts(wheel: Path, tmp_path: Path) -> None:
    python = environments.make(tmp_path / "server")
    pip(python, f"{wheel}[cli,yaml]")
    pip(python, ROOT / "contrib" / "tocsin-server")
    file = tmp_path / "alertmanager.yml"
    file.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    assert "receiver: nobody" in run(python.with_name("tocsin"), "convert", file)


def test_the_servers_wheel_has_every_file_of_its_page(tmp_path: Path) -> None:
    """Templates, the style and the modules are no Python, and would be missed by nobody but a browser."""
    source = ROOT / "contrib" / "tocsin-server" / "src"
    pages = source / "tocsin_server" / "page"
    expected = {
        file.relative_to(source).as_posix() for folder in ("static", "templates") for file in (pages / folder).iterdir()
    }
    wheel = environments.build(source.parent, tmp_path, "--wheel")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(expected) > 10
    assert {name for name in names if "/page/" in name and not name.endswith(".py")} == expected
