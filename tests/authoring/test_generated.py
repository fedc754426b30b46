"""What the template makes installs, is found, type-checks and passes its own tests, whatever the answers were."""

from __future__ import annotations

import email.parser
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml
from tests import environments
from tests.authoring.generated import KINDS, Answers, generate
from tests.environments import ROOT, run

from tocsin import HOOK_API

LONGEST = "a2345678-b2345678_c2345678-d2345678-e234"
AWKWARD = {
    "backend": Answers(
        "backend",
        "sms-77_x",
        "acme-77-sms",
        'Says "hello" \\n {{ 7 * 7 }} {% raw %} {# """ \'\'\' <b> `x` ${y} \\',
        'Žofie "Ž" O\'Čech \\ 🦊',
        "MIT",
    ),
    "matcher": Answers("matcher", "class", author="{{ cookiecutter.name }}"),
    "aggregator": Answers("aggregator", LONGEST, LONGEST.replace("_", "-"), "x" * 200, "李 '小' 龙"),
    "scheduler": Answers("scheduler", "x", "x7"),
}


@attrs.frozen
class Made:
    """A distribution that was generated, its wheel, and the interpreter that it is installed for."""

    answers: Answers
    folder: Path
    wheel: Path
    python: Path

    @property
    def project(self) -> dict[str, Any]:
        """Its pyproject.toml."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """The plugin's name."""
        (name,) = self.project["project"]["entry-points"]["tocsin"]
        return str(name)


@pytest.fixture(scope="module")
def everything(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Made]:
    """One of each kind, of awkward answers, installed without anything else."""
    made = {}
    for kind, answers in AWKWARD.items():
        folder = tmp_path_factory.mktemp(kind)
        distribution = generate(answers, folder)
        made[kind] = Made(answers, distribution, environments.build(distribution, folder / "dist", "--wheel"), fresh)
    environments.pip(fresh, "--no-deps", *(one.wheel for one in made.values()))
    return made


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, everything: Mapping[str, Made]) -> Made:
    """Each of them."""
    return everything[request.param]


@pytest.fixture(scope="module")
def listed(everything: Mapping[str, Made], fresh: Path) -> list[dict[str, str]]:
    """What ``tocsin plugins`` lists where all are installed."""
    rows: list[dict[str, str]] = json.loads(run(fresh.with_name("tocsin"), "plugins", "--json"))
    return rows


def test_it_passes_its_own_tests_on_asyncio_and_trio(made: Made) -> None:
    """In the fresh environment, with warnings as errors."""
    shown = run(made.python, "-m", "pytest", "-v", "-p", "no:cacheprovider", folder=made.folder)
    assert "passed" in shown.splitlines()[-1]
    assert all(re.search(rf"\[{loop}[\]-].* PASSED", shown) for loop in ("asyncio", "trio"))


def test_it_type_checks_under_mypy_strict(made: Made, mypy_cache: Path) -> None:
    """By its own settings, against what is installed; source and tests."""
    assert made.project["tool"]["mypy"]["strict"] is True
    shown = run(made.python, "-m", "mypy", "--cache-dir", mypy_cache, folder=made.folder)
    assert re.match(r"Success: no issues found in [345] source files", shown)


def test_it_is_linted_and_formatted(made: Made) -> None:
    """By its own settings."""
    ruff = (made.python, "-m", "ruff")
    run(*ruff, "check", "--no-cache", folder=made.folder)
    run(*ruff, "format", "--check", "--no-cache", folder=made.folder)


def test_tocsin_plugins_lists_it(made: Made, listed: list[dict[str, str]]) -> None:
    """Under its name, with its distribution, and nothing failed."""
    assert {row["state"] for row in listed} == {"loaded"}
    kind = {"scheduler": "escalation_scheduler"}.get(made.answers.kind, made.answers.kind)
    (row,) = (row for row in listed if row["distribution"] == made.project["project"]["name"])
    assert (row["kind"], row["name"], row["version"]) == (kind, made.name, "0.1.0")
    assert row["hook_api"] == f"{HOOK_API[0]}.{HOOK_API[1]}"


def test_the_configuration_in_its_readme_is_right(made: Made, tmp_path: Path) -> None:
    """``tocsin check`` finds nothing wrong; and would, for it is about the plugin."""
    readme = (made.folder / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    assert made.name in block
    (tmp_path / "token").write_text("s3cretT0ken\n", encoding="utf-8")
    file = tmp_path / "tocsin.yaml"
    file.write_text(re.sub(r"/etc/tocsin/[\w-]+-token", (tmp_path / "token").as_posix(), block), encoding="utf-8")
    run(made.python.with_name("tocsin"), "check", file)


def test_what_was_answered_is_in_the_metadata_as_it_was_typed(made: Made) -> None:
    """Quotes, backslashes, braces and emoji included."""
    with zipfile.ZipFile(made.wheel) as archive:
        names = archive.namelist()
        (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = email.parser.Parser().parsestr(archive.read(name).decode())
        (licence,) = (archive.read(name).decode() for name in names if name.endswith("/licenses/LICENSE"))
    answers, project = made.answers, made.project["project"]
    assert metadata["Name"] == project["name"] == (answers.distribution or f"tocsin-{answers.name}")
    assert (answers.description or answers.name) in project["description"]
    assert answers.author in project["authors"][0]["name"]
    assert metadata["License-Expression"] == answers.licence
    assert project["authors"][0]["name"] in licence
    assert ("MIT License" if answers.licence == "MIT" else "Apache License") in licence
    assert any(name.endswith("/py.typed") for name in names)


def test_nothing_of_the_template_is_left(made: Made) -> None:
    """No placeholder, and nothing that belongs to another kind."""
    own = {answer for answer in attrs.astuple(made.answers) if answer}
    for path in _files(made.folder):
        text = path.read_text(encoding="utf-8")
        for answer in own:
            text = text.replace(answer, "").replace(answer.replace("\\", "\\\\").replace('"', '\\"'), "")
        assert re.findall(r"(?<!\$)\{\{.*|\{%.*|cookiecutter.*", text) == [], path
    modules = {path.stem for path in _files(made.folder / "src")} - {"__init__", "py"}
    assert modules == {made.answers.kind, *(["settings"] if made.answers.kind == "backend" else [])}
    assert [path.name for path in _files(made.folder / "tests")] == [f"test_{made.answers.kind}.py"]


def _files(folder: Path) -> Iterator[Path]:
    unwanted = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    return (path for path in folder.rglob("*") if path.is_file() and not unwanted & set(path.parts))


def test_it_has_what_a_distribution_has(made: Made) -> None:
    """README, changelog, licence, and CI over the Pythons that it supports."""
    assert made.name in (made.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (made.folder / ".gitignore").exists()
    workflow = yaml.safe_load((made.folder / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    classifiers = made.project["project"]["classifiers"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers))
    assert job["strategy"]["matrix"]["python"] == supported == ["3.11", "3.12", "3.13"]
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert steps == [
        "python -m pip install --editable '.[dev]'",
        "ruff check",
        "ruff format --check",
        "mypy",
        "pytest",
    ]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step)


def test_it_is_made_with_the_tools_that_tocsin_is_made_with(made: Made) -> None:
    """The same versions of ruff and mypy: what passes here passes there."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = {
        *ours["optional-dependencies"]["dev"],
        *ours["dependencies"],
        f"tocsin[hooks-{HOOK_API[0]}.{HOOK_API[1]}]>=0.1",
    }
    theirs = made.project["project"]
    assert {*theirs["dependencies"], *theirs["optional-dependencies"]["dev"]} <= known
