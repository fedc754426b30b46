"""Each distribution of contrib/ alone: its wheel beside tocsin's, in an environment with its dependencies and no more.

First with what it needs to run: it is found, nothing fails, every module can be imported. Then with its extra ``dev``:
all its tests are collected from its sdist, and those of the contracts run; with TOCSIN_ALONE=complete, all of them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest
from release.building import Built, build_all
from release.distributions import ROOT, Distribution, distributions
from tests import environments
from tests.environments import run

from tocsin import HOOK_API

COMPLETE: Final = os.environ.get("TOCSIN_ALONE") == "complete"
CONTRIB: Final = distributions()[1:]

LOADED: Final = """
import importlib, json, pkgutil, sys
from tocsin.discovery import load

found = load()
problems = [str(failure) for failure in found.failures]
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            problems.append(f"{module.name} needs {error.name}")
plugins = {}
for registration in found.registry:
    origin = registration.provenance
    plugins.setdefault(origin.distribution, {})[origin.plugin] = [origin.version, *origin.hook_apis]
print(json.dumps({"problems": problems, "plugins": plugins}))
"""

OPTIONAL: Final = {"tocsin-server": {"opentelemetry"}}
"""What modules of a distribution may need that its extras alone install."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """All distributions, as they are released."""
    return {one.distribution.name: one for one in build_all(ROOT, tmp_path_factory.mktemp("dist"))}


@pytest.fixture(scope="module")
def shelf(built: dict[str, Built], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of all that any of them depends on: fetched once, and installed from there."""
    folder = tmp_path_factory.mktemp("shelf")
    wanted = [f"{one.wheel}[dev]" for name, one in built.items() if name != "tocsin"]
    run(
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--wheel-dir",
        folder,
        built["tocsin"].wheel,
        *wanted,
    )
    return folder


def _install(python: Path, shelf: Path, *requirements: str | Path) -> None:
    environments.pip(python, "--no-index", "--find-links", shelf, *requirements)


def _loads(python: Path, distribution: Distribution) -> None:
    packages = [package.name for package in distribution.packages]
    shown: dict[str, Any] = json.loads(run(python, "-W", "error", "-c", LOADED, *packages))
    excused = OPTIONAL.get(distribution.name, set())
    problems = [line for line in shown["problems"] if line.rsplit(" ", 1)[-1].split(".")[0] not in excused]
    assert problems == [], "it needs what its dependencies do not name"
    described = [distribution.version, f"{HOOK_API[0]}.{HOOK_API[1]}"]
    assert shown["plugins"].get(distribution.name, {}) == dict.fromkeys(distribution.plugins, described)
    assert shown["plugins"].keys() <= {"tocsin", distribution.name}


def _tests(python: Path, sdist: Path, folder: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    chosen = [] if COMPLETE else ["-k", "contract", "--no-header"]
    if not COMPLETE and not list(unpacked.glob("tests/**/test_*contract*.py")):
        chosen = ["--collect-only"]
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, "tests", folder=unpacked)


@pytest.fixture(scope="module")
def bare(built: dict[str, Built], shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that has tocsin with its dependencies; what every other begins with."""
    environment = tmp_path_factory.mktemp("bare") / "environment"
    python = environments.make(environment)
    _install(python, shelf, built["tocsin"].wheel)
    run(python, "-c", "from tocsin.discovery import load; load()")
    return environment


def _copy(environment: Path, to: Path) -> None:
    """Copy an environment; its programs name the interpreter that runs them, and have to name the new one."""
    shutil.copytree(environment, to, symlinks=True)
    for program in (path for path in (to / "bin").iterdir() if not path.is_symlink()):
        text = program.read_text(encoding="utf-8")
        program.write_text(text.replace(str(environment), str(to)), encoding="utf-8")


@pytest.mark.parametrize("distribution", CONTRIB, ids=lambda one: one.name)
def test_it_works_with_its_dependencies_alone(
    distribution: Distribution, built: dict[str, Built], shelf: Path, bare: Path, tmp_path: Path
) -> None:
    environment, one = tmp_path / "environment", built[distribution.name]
    _copy(bare, environment)
    python = environment / "bin" / "python"
    _install(python, shelf, one.wheel)
    _loads(python, distribution)
    _install(python, shelf, f"{one.wheel}[dev]")
    _tests(python, one.sdist, tmp_path)
