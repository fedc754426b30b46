"""Answers that cannot be are refused before anything is written, each in a line that says why."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.authoring.generated import KINDS, TEMPLATE, Answers
from tests.environments import ROOT, surroundings

from tocsin.discovery import load

HOOK = (TEMPLATE / "hooks/pre_gen_project.py").read_text(encoding="utf-8")
PLACEHOLDER = "{{cookiecutter | tojson | tojson}}"
WELL = {
    "kind": "backend",
    "name": "bellhop",
    "distribution": "tocsin-bellhop",
    "description": "Rings.",
    "author": "Ada",
}


def refusal(**answers: str) -> str:
    """Return what the hook says to *answers*; empty where they are well."""
    source = HOOK.replace(PLACEHOLDER, repr(json.dumps({**WELL, **answers})))
    assert source != HOOK
    code = compile(source, "pre_gen_project.py", "exec")
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.suppress(SystemExit):
        exec(code, {"__name__": "hook"})
    return said.getvalue()


@pytest.mark.parametrize("name", ["a", "sms77", "sms-77", "a_b-c", "class", "http", "con", "os", "tocsin", "a" * 40])
def test_names_that_are_odd_and_well(name: str) -> None:
    """No file, class or module bears the plugin's name, so that it may be that of anything."""
    assert refusal(name=name) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "7up", "Bell", "bell hop", "bell.hop", "bell--hop", "-bell", "bell-", "glöckchen", "a" * 41, "a\n"),
        *("../bell", "bell/hop", "{{ 1 }}", "bell'hop", 'bell"', "bell\\", "\u0661", "a\u0300", "🦊", "$(id)"),
    ],
)
def test_names_that_are_none(name: str) -> None:
    """Only what needs no quotes anywhere."""
    assert refusal(name=name) == f"name: {name!a:.60} is to be lower-case letters and digits, joined by - or _, " + (
        "a letter first, at most 40 characters\n"
    )


@pytest.mark.parametrize("name", ["yes", "no", "on", "off", "y", "n", "true", "false", "null"])
def test_names_that_yaml_takes_for_something_else(name: str) -> None:
    """A rule's condition is a key in YAML."""
    assert "is no string where it stands in YAML" in refusal(name=name)


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_come_with_tocsin_are_taken(kind: str) -> None:
    """All of that kind, and only of that kind."""
    found = load().registry
    its = {"scheduler": "escalation_scheduler"}.get(kind, kind)
    bundled = [one.name for one in found if one.kind == its and one.provenance.distribution == "tocsin"]
    assert bundled
    assert [name for name in bundled if "comes with tocsin" not in refusal(kind=kind, name=name)] == []
    other = "slack" if kind != "backend" else "severity"
    assert refusal(kind=kind, name=other) == ""


@pytest.mark.parametrize(
    "distribution", ["acme-alerts", "sms77", "tocsin-class", "tocsin-con", "tocsin-json", "a" * 40]
)
def test_distributions_that_are_well(distribution: str) -> None:
    """Also without tocsin in front."""
    assert refusal(distribution=distribution) == ""


@pytest.mark.parametrize(
    "distribution",
    [
        *("", "Tocsin-Bell", "tocsin_bell", "tocsin.bell", "7up", "-x", "x-", "x--y", "../x", "x/y", "a" * 41, "x\n"),
        *("{{ 1 }}", "tocsin-bell'hop", "glöckchen", "x y"),
    ],
)
def test_distributions_that_are_none(distribution: str) -> None:
    """Only what every index and every file system takes."""
    assert "joined by -, a letter first, at most 40 characters" in refusal(distribution=distribution)


@pytest.mark.parametrize("distribution", ["class", "json", "test", "http", "con", "nul", "com1", "lpt9", "site"])
def test_distributions_that_python_or_windows_take_for_their_own(distribution: str) -> None:
    """A package that would stand before the standard library's, or a folder that cannot be."""
    assert "put tocsin- before it" in refusal(distribution=distribution)


def test_distributions_that_hide_what_the_plugin_needs() -> None:
    """Everything that core and its extras depend on, and tocsin itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        line
        for name, extra in project["optional-dependencies"].items()
        if name not in {"dev", "docs"}
        for line in extra
    ]
    needed = {line.split(">")[0].lower() for line in (*project["dependencies"], *extras)}
    needed |= {"tocsin-plugins", "tocsin", "pytest", "trio", "yaml"}
    assert [name for name in needed if "put tocsin- before it" not in refusal(distribution=name)] == []


def test_distributions_that_tocsin_has_already() -> None:
    """Those in contrib."""
    ours = [path.name for path in (ROOT / "contrib").iterdir() if (path / "pyproject.toml").exists()]
    assert [name for name in ours if "has already" not in refusal(distribution=name)] == []


@pytest.mark.parametrize("question", ["author", "description"])
@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "a\x1b[2J", "x\u202etxt", "x" * 201, "\u2028"])
def test_texts_that_cannot_stand_on_one_line(question: str, text: str) -> None:
    """What is wrong is shown escaped."""
    said = refusal(**{question: text})
    assert said.startswith(f"{question}: {text!a:.60} is ")
    assert said.isascii()
    assert said.count("\n") == 1


def test_an_author_with_a_comma() -> None:
    """Metadata would read two."""
    assert refusal(author="Lovelace, Ada").startswith("author: 'Lovelace, Ada' is to have no comma")
    assert refusal(description="Rings, once.") == ""


@pytest.mark.parametrize("text", ['O\'Čech "Ž" \\ 🦊', "{{ 1 }} {% x %} {#", '"""', "<b>", "李 小龙"])
def test_texts_that_are_odd_and_well(text: str) -> None:
    """They stand where nothing acts on them."""
    assert refusal(author=text, description=text) == ""


def test_every_problem_is_told() -> None:
    """Not the first alone."""
    said = refusal(name="slack", distribution="os", description="", author="\n")
    assert [line.split(":")[0] for line in said.splitlines()] == ["name", "distribution", "description", "author"]


@pytest.mark.parametrize("distribution", ["../elsewhere", "{{ 7 * 7 }}", '"); import os #', "os"])
def test_nothing_is_written_where_an_answer_is_refused(distribution: str, tmp_path: Path) -> None:
    """With cookiecutter itself: it ends with 1, the reason comes first, and no folder is left anywhere."""
    (tmp_path / "made").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "cookiecutter", TEMPLATE, "--output-dir", tmp_path / "made"],
        input=Answers("backend", distribution=distribution).typed(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
        env={**surroundings(), "HOME": str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"distribution: {distribution!a} is ")
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["made"]
    assert list((tmp_path / "made").iterdir()) == []
