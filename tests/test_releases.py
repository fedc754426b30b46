"""Releases: all distributions are in line, build to the same bytes, and what is wrong with one is found."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from release.building import BuildError, build_all, members, same_again
from release.contents import problems
from release.dist import make
from release.distributions import ROOT, distributions
from release.version import aligned, main, requirement, stray

from tocsin import HOOK_API

HOOKS = f"hooks-{HOOK_API[0]}.{HOOK_API[1]}"


def test_all_distributions_are_in_line() -> None:
    """Versions, requirements of tocsin, the hook API and the licence."""
    found = stray(ROOT, distributions()[0].version)
    assert [path.relative_to(ROOT).as_posix() for path in found] == [], "make version brings these in line"


def test_every_folder_of_contrib_is_a_distribution_that_is_built_by_hatchling() -> None:
    """Others would not be found, or not be built."""
    found = distributions()
    assert {one.folder.name for one in found[1:]} == {path.parent.name for path in (ROOT / "contrib").glob("*/*")}
    assert [one.folder.name for one in found[1:]] == [one.name for one in found[1:]]
    assert {one.pyproject["build-system"]["build-backend"] for one in found} == {"hatchling.build"}


TEMPLATES = [path for path in ROOT.glob("cookiecutter*/**/pyproject.toml") if "tocsin" in path.read_text()]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_what_a_template_makes_says_for_which_hook_api_it_was_built(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.search(rf'"tocsin\[[^\]"]*{re.escape(HOOKS)}[^\]"]*\]', text), f"it has to require tocsin[{HOOKS}]"


@pytest.mark.parametrize(
    ("version", "extras", "wanted"),
    [
        ("0.1.0", set(), "tocsin>=0.1,<0.2"),
        ("0.1.7", {"yaml", "cli"}, "tocsin[cli,yaml]>=0.1,<0.2"),
        ("0.9.0rc1", set(), "tocsin>=0.9.0rc1,<0.10"),
        ("1.0.0", set(), "tocsin>=1.0,<2"),
        ("1.12.3", {HOOKS}, f"tocsin[{HOOKS}]>=1.12,<2"),
    ],
)
def test_a_distribution_requires_tocsin_of_its_own_series(version: str, extras: set[str], wanted: str) -> None:
    assert requirement(version, extras) == wanted


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "1.2.3-beta", "0.2.0 ", "1.2.3.4"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(SystemExit, match=r"is no version: write MAJOR\.MINOR\.PATCH"):
        main([version])


PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.26"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "An example"
readme = "README.md"
license = "Apache-2.0"
requires-python = ">=3.11"
dependencies = {dependencies}

[project.optional-dependencies]
dev = {dev}

[project.entry-points.tocsin]
{package} = "{package}"

[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]
"""


def _put(folder: Path, name: str, dependencies: str, dev: str = "[]") -> None:
    package = name.replace("-", "_")
    values = {"name": name, "package": package, "dependencies": dependencies, "dev": dev}
    for directory in (folder / "src" / package, folder / "tests"):
        directory.mkdir(parents=True)
    folder.joinpath("pyproject.toml").write_text(PYPROJECT.format(**values))
    folder.joinpath("README.md").write_text(f"# {name}\n\nAn example.\n")
    folder.joinpath("LICENSE").write_text("Do what you like.\n")
    folder.joinpath("src", package, "__init__.py").write_text('"""An example."""\n')
    folder.joinpath("src", package, "py.typed").touch()
    folder.joinpath("tests", "test_it.py").write_text('"""Nothing."""\n')


def _git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository as ours is, of two small distributions."""
    root = tmp_path / "repository"
    _put(root, "tocsin", "[]")
    dependencies = f'["anyio>=4", "tocsin[{HOOKS}]>=0.1,<0.2"]'
    _put(root / "contrib/tocsin-bell", "tocsin-bell", dependencies, '["pytest>=9", "tocsin[cli]>=0.1,<0.2"]')
    root.joinpath(".gitignore").write_text("__pycache__/\n")
    _git(root, "init", "--quiet")
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", "example")
    return root


def test_a_new_version_is_brought_everywhere(repository: Path) -> None:
    """And nothing else is changed."""
    file = repository / "contrib/tocsin-bell/pyproject.toml"
    before = file.read_text()
    for path, text in stray(repository, "0.2.0").items():
        path.write_text(text)
    expected = before.replace('version = "0.1.0"', 'version = "0.2.0"')
    expected = expected.replace(f"tocsin[{HOOKS}]>=0.1,<0.2", f"tocsin[{HOOKS}]>=0.2,<0.3")
    assert file.read_text() == expected.replace("tocsin[cli]>=0.1,<0.2", "tocsin[cli]>=0.2,<0.3")
    assert [one.version for one in distributions(repository)] == ["0.2.0", "0.2.0"]
    assert stray(repository, "0.2.0") == {}


def test_what_declares_no_hook_api_or_an_old_one_gets_ours(repository: Path) -> None:
    file = repository / "contrib/tocsin-bell/pyproject.toml"
    good = file.read_text()
    for declared in ("tocsin", "tocsin>=0.1", "tocsin[hooks-0.7]>=0.1,<0.2", "tocsin ~= 0.1"):
        file.write_text(good.replace(f"tocsin[{HOOKS}]>=0.1,<0.2", declared))
        assert aligned(distributions(repository)[1], "0.1.0") == good
        tomllib.loads(good)


def test_the_licence_is_that_of_the_root(repository: Path) -> None:
    licence = repository / "contrib/tocsin-bell/LICENSE"
    licence.write_text("Other words.\n")
    assert stray(repository, "0.1.0")[licence] == "Do what you like.\n"


def _build(repository: Path, tmp_path: Path) -> list[str]:
    return problems(build_all(repository, tmp_path / "out"))


def test_a_good_one_has_no_problem_and_builds_to_the_same_bytes(repository: Path, tmp_path: Path) -> None:
    """Elsewhere, from its sdist, and after its files were touched."""
    built = build_all(repository, tmp_path / "out")
    assert problems(built) == []
    same_again(repository, built, tmp_path / "scratch")
    assert "tests/test_it.py" in members(built[1].sdist)
    assert "tocsin_bell/py.typed" in members(built[1].wheel)


def _untracked(root: Path) -> None:
    (root / "contrib/tocsin-bell/src/tocsin_bell/forgotten.py").write_text('"""Not committed."""\n')


def _by_the_clock(root: Path) -> None:
    hook = "import time\nfrom hatchling.metadata.plugin.interface import MetadataHookInterface\n"
    hook += "class Hook(MetadataHookInterface):\n    def update(self, metadata):\n"
    hook += "        metadata['description'] = str(time.perf_counter_ns())\n"
    (root / "contrib/tocsin-bell/hatch_build.py").write_text(hook)
    file = root / "contrib/tocsin-bell/pyproject.toml"
    text = file.read_text().replace('description = "An example"', 'dynamic = ["description"]')
    file.write_text(f"{text}\n[tool.hatch.metadata.hooks.custom]\n")
    _git(root, "add", "--all")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_untracked, r"tocsin_bell-0\.1\.0.*\.whl: built from a clean copy it differs in .*tocsin_bell/forgotten\.py"),
        (_by_the_clock, r"\.whl: built from a clean copy it differs in tocsin_bell-0\.1\.0\.dist-info/METADATA"),
    ],
)
def test_what_builds_to_other_bytes_is_named(
    repository: Path, tmp_path: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    spoil(repository)
    built = build_all(repository, tmp_path / "out")
    with pytest.raises(BuildError, match=problem):
        same_again(repository, built, tmp_path / "scratch")


def _edit(old: str, new: str) -> Callable[[Path], None]:
    def spoil(bell: Path) -> None:
        file = bell / "pyproject.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return spoil


def _remove(name: str) -> Callable[[Path], None]:
    return lambda bell: (bell / name).unlink()


def _add(name: str) -> Callable[[Path], None]:
    def spoil(bell: Path) -> None:
        (bell / name).parent.mkdir(parents=True, exist_ok=True)
        (bell / name).write_text("print()\n")

    return spoil


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_edit('version = "0.1.0"', 'version = "0.1.1"'), "has version 0.1.1, and tocsin 0.1.0"),
        (_edit(HOOKS, "cli"), "has plugins, and does not say for which hook API it was built"),
        (_edit(f"[{HOOKS}]>=0.1,<0.2", f"[{HOOKS}]>=0.1"), "not tocsin>=0.1,<0.2"),
        (_edit(f', "tocsin[{HOOKS}]>=0.1,<0.2"', ""), "requires no tocsin, not tocsin>=0.1,<0.2"),
        (_edit('license = "Apache-2.0"', ""), "says too little of itself"),
        (_edit('readme = "README.md"', ""), "has no description"),
        (_remove("LICENSE"), "has no licence, or another one than tocsin"),
        (_remove("src/tocsin_bell/py.typed"), "has no py.typed in tocsin_bell/"),
        (_add("src/tocsin_bell/tests/test_ring.py"), "holds tocsin_bell/tests/test_ring.py, which nobody needs"),
        (_add("src/tocsin_bell/conftest.py"), "holds tocsin_bell/conftest.py, which nobody needs"),
        (_edit('packages = ["src/tocsin_bell"]', 'packages = ["src/tocsin_bell"]\nexclude = ["__init__.py"]'), "lacks"),
        (_edit('packages = ["src/tocsin_bell"]', 'packages = ["src/tocsin_bell", "tests"]'), "holds tests/test_it.py"),
        (
            _edit(
                "[tool.hatch.build.targets.wheel]",
                '[tool.hatch.build.targets.sdist]\nexclude = ["tests"]\n\n[tool.hatch.build.targets.wheel]',
            ),
            "lacks tests/test_it.py, so that nobody can test it alone",
        ),
    ],
)
def test_what_is_wrong_with_one_is_found(
    repository: Path, tmp_path: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    """In the line of that distribution's file, and nowhere else."""
    spoil(repository / "contrib/tocsin-bell")
    found = _build(repository, tmp_path)
    assert any(problem in line for line in found), found
    assert all(line.startswith("tocsin_bell-0.1.") for line in found)


def test_two_that_hold_the_same_file_are_found(repository: Path, tmp_path: Path) -> None:
    """pip lets the second overwrite the first."""
    shutil.copytree(repository / "contrib/tocsin-bell", repository / "contrib/tocsin-ring")
    _edit('name = "tocsin-bell"', 'name = "tocsin-ring"')(repository / "contrib/tocsin-ring")
    found = [line for line in _build(repository, tmp_path) if "installed together" in line]
    assert found[0].startswith(
        "tocsin_ring-0.1.0-py3-none-any.whl: holds tocsin_bell/__init__.py, as tocsin_bell-0.1.0"
    )


def test_twine_and_check_wheel_contents_are_heeded(repository: Path, tmp_path: Path) -> None:
    """They know what we do not look for: here a duplicate of a module."""
    bell = repository / "contrib/tocsin-bell/src/tocsin_bell"
    bell.joinpath("one.py").write_text("print('the same')\n")
    bell.joinpath("two.py").write_text("print('the same')\n")
    _git(repository, "add", "--all")
    with pytest.raises(BuildError, match=r"check_wheel_contents objects:\n.*W002"):
        make(repository, tmp_path / "out")


def test_ours_are_built_and_checked(tmp_path: Path) -> None:
    """What make dist does; what was in the folder before is gone."""
    (tmp_path / "tocsin_old-0.0.1-py3-none-any.whl").touch()
    built = make(ROOT, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(path for one in built for path in (one.sdist, one.wheel))
    assert [one.distribution.name for one in built] == [one.name for one in distributions()]


def test_where_git_knows_nothing_it_is_said(repository: Path, tmp_path: Path) -> None:
    """In one line, with git's own words."""
    shutil.rmtree(repository / ".git")
    with pytest.raises(BuildError, match=r"is asked of git, which says: .*not a git repository"):
        build_all(repository, tmp_path / "out")
