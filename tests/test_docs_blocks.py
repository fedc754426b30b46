"""Every block of README and docs is something that a test holds it to: nothing stands there unchecked by oversight.

Python runs (tests/test_docs.py) or is an excerpt of a file that does; configurations are read; commands are parsed by
the command line that they call. What neither can be said of is in :data:`ELSEWHERE`, with who looks after it.
"""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import click
import pytest
import yaml

from tocsin import Registry, load_registry
from tocsin.cli.application import make_group, run
from tocsin.configfile.loading import load_routing
from tocsin.configfile.sections import SECTIONS
from tocsin.lab.model import Model
from tocsin.lab.model_file import read_model

ROOT = Path(__file__).resolve().parents[1]
SILENCE = ROOT / "docs/examples/silence"
FENCE = re.compile(
    r"^(?P<above>[^\n]*)\n(?P<indent> *)(?P<fence>```|~~~)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
EXCERPT = re.compile(r"<!-- excerpt of: (\S+) -->")
ENVIRONMENT = {"SLACK_WEBHOOK_URL": "https://hooks.example/x"}

BY_LANGUAGE: Final = {
    "python": "run, or compared with the file that it is an excerpt of",
    "yaml": "read as a configuration",
    "toml": "read as TOML, and as a configuration where it is one",
    "console": "commands, parsed; what is shown below one with $ is compared where other tests say so",
    "sh": "commands, parsed",
    "text": "commands, parsed, if the first line is one; otherwise output or a sketch, which is no code",
    "shell-session": "run by tests/lab/test_transcripts.py",
    "{toctree}": "built with the site",
    "{public-names}": "built with the site",
    "{plugin-settings}": "built with the site",
}

MODEL: Final = ("docs/reference/cli.md", "receivers:")
SCENARIOS: Final = ("docs/how-to/test-a-configuration.md", "config: fixed.yaml")
STORAGE: Final = ("docs/tutorial/a-surprising-silence.md", "- rule_id: storage")
ELSEWHERE: Final = {
    MODEL: "a model for replay: a test below reads it",
    SCENARIOS: "scenarios: a test below runs them",
    STORAGE: "an excerpt of examples/silence/fixed.yaml: a test below compares them",
    ("docs/how-to/convert-from-alertmanager.md", "route:"): (
        "Alertmanager's file: contrib/tocsin-server/tests/convert/test_how_to.py"
    ),
    ("docs/how-to/migrate-from-alertmanager.md", "# prometheus.yml"): "Prometheus' file, which is read as YAML alone",
    ("contrib/tocsin-slack-app/README.md", "display_information:"): "Slack's manifest of an app, read as YAML alone",
    ("contrib/tocsin-server/README.md", "alerting:"): "Prometheus' file, which is read as YAML alone",
}
"""YAML that is no configuration of tocsin's, by its document and its first line."""

RUN_WHOLE: Final = {"docs/how-to/write-a-backend.md": "tests/authoring/test_write_a_backend.py"}
"""Documents that a test follows as their readers do."""

PROGRAMS: Final = frozenset(
    {"amtool", "curl", "echo", "export", "git", "gunicorn", "install", "jq", "mail"}
    | {"pyperf", "python", "python3", "systemctl", "uvicorn"}
)
"""What is not ours: it is not run, and its arguments are its own matter."""
OTHERS: Final = frozenset({"django", "fastapi", "gunicorn", "trio", "uvicorn"})
"""Distributions of others that the docs install."""


@attrs.frozen
class Block:
    """One fenced block."""

    document: Path
    above: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it stands."""
        return self.document.relative_to(ROOT).as_posix()

    @property
    def key(self) -> tuple[str, str]:
        """Its document and its first line."""
        return self.name, next(iter(self.text.strip().splitlines()), "").split("  #")[0].strip()


def _blocks() -> Iterator[Block]:
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("contrib/*/README.md")]):
        for found in FENCE.finditer(path.read_text(encoding="utf-8")):
            language = found["language"].split(" ")[0]
            yield Block(path, found["above"], language, textwrap.dedent(found["text"]))


BLOCKS = list(_blocks())
EXCERPTS = [block for block in BLOCKS if EXCERPT.search(block.above)]
SHELL = [block for block in BLOCKS if block.language in {"console", "sh", "text"} and block.name not in RUN_WHOLE]


def _of(language: str) -> list[Block]:
    blocks = [block for block in BLOCKS if block.language == language and block.name not in RUN_WHOLE]
    return [block for block in blocks if block.key not in ELSEWHERE]


def _id(block: Block) -> str:
    return f"{block.name}: {block.key[1]:.40}"


@pytest.fixture(scope="module")
def registry() -> Registry:
    """What is installed."""
    return load_registry()


def test_every_block_has_a_language_that_somebody_checks() -> None:
    assert [_id(block) for block in BLOCKS if block.language not in BY_LANGUAGE] == []
    assert {block.language for block in BLOCKS} == set(BY_LANGUAGE)


def test_python_is_never_indented_where_it_would_not_be_found() -> None:
    for path in {block.document for block in BLOCKS}:
        assert (
            re.findall(r"^ +(?:```|~~~)(?:python|shell-session)", path.read_text(encoding="utf-8"), re.MULTILINE) == []
        )


@pytest.mark.parametrize("block", EXCERPTS, ids=_id)
def test_an_excerpt_stands_in_the_file_that_it_is_from(block: Block) -> None:
    """Functions and classes whole, also methods, with their indentation taken away."""
    found = EXCERPT.search(block.above)
    assert found
    source = (block.document.parent / found[1]).read_text(encoding="utf-8")
    wanted = [ast.dump(node) for node in ast.parse(block.text).body]
    there = {ast.dump(node) for node in ast.walk(ast.parse(source))}
    assert [dump for dump in wanted if dump not in there] == []
    lines = {line.strip() for line in source.splitlines()}
    assert [line for line in block.text.splitlines() if line.strip() not in lines] == []


def test_there_are_excerpts_and_what_looks_after_others_is_there() -> None:
    assert len(EXCERPTS) > 10
    assert {block.key for block in BLOCKS} >= set(ELSEWHERE)
    tests = [found for who in [*ELSEWHERE.values(), *RUN_WHOLE.values()] for found in re.findall(r"\S+\.py", who)]
    assert [one for one in tests if not (ROOT / one).is_file()] == []


@pytest.mark.parametrize("block", _of("yaml"), ids=_id)
def test_yaml_is_a_configuration_that_can_be_read(block: Block, registry: Registry, tmp_path: Path) -> None:
    """Its secrets need not be there; what it says of channels, rules and the like has to be right."""
    assert set(yaml.safe_load(block.text)) <= {*SECTIONS, "include"}
    (tmp_path / "secrets.toml").write_text("channels.team.backend = 'console'\n", encoding="utf-8")
    path = tmp_path / "tocsin.yaml"
    path.write_text(block.text, encoding="utf-8")
    load_routing(path, registry, environ=ENVIRONMENT)


def _text(key: tuple[str, str]) -> str:
    (block,) = (one for one in BLOCKS if one.key == key)
    return block.text


def test_the_scenarios_pass(tmp_path: Path) -> None:
    shutil.copy(SILENCE / "fixed.yaml", tmp_path)
    path = tmp_path / "shown.scenarios.yaml"
    path.write_text(_text(SCENARIOS), encoding="utf-8")
    assert run(["test", str(path)]) == 0


def test_the_model_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(_text(MODEL), encoding="utf-8")
    assert read_model(path) != Model()


def test_the_excerpt_of_a_configuration_stands_in_it() -> None:
    (rule,) = yaml.safe_load(_text(STORAGE))
    whole = yaml.safe_load((SILENCE / "fixed.yaml").read_text(encoding="utf-8"))
    assert rule in whole["routing_rules"]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.key in ELSEWHERE], ids=_id)
def test_what_is_looked_after_elsewhere_is_yaml_at_least(block: Block) -> None:
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", _of("toml"), ids=_id)
def test_toml_can_be_read(block: Block, registry: Registry, tmp_path: Path) -> None:
    found = tomllib.loads(block.text)
    if set(found) <= {*SECTIONS, "include"}:
        path = tmp_path / "tocsin.toml"
        path.write_text(block.text, encoding="utf-8")
        load_routing(path, registry, environ=ENVIRONMENT)
    else:
        assert set(found) <= {"project", "tool"}


def _commands(block: Block) -> Iterator[list[str]]:
    """Yield the simple commands of a block, without what is redirected."""
    text = block.text.replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    for line in lines:
        yield from _simple(line)


def _simple(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    command: list[str] = []
    words = iter(lexer)
    for word in words:
        if set(word) <= set("<>"):
            next(words)
        elif set(word) <= set("|&;"):
            yield command
            command = []
        else:
            command.append(word)
    if command:
        yield command


def _is_shell(block: Block) -> bool:
    first = block.text.strip().splitlines()[0].removeprefix("$ ").split()[0]
    return block.language != "text" or Path(first).name in {*PROGRAMS, "tocsin", "make", "pip"}


@pytest.mark.parametrize("block", [block for block in SHELL if _is_shell(block)], ids=_id)
def test_commands_can_be_called_so(block: Block) -> None:
    commands = list(_commands(block))
    assert commands
    for program, *arguments in commands:
        _check(Path(program).name, arguments)


def _check(program: str, arguments: list[str]) -> None:
    if program == "tocsin":
        _check_tocsin(arguments)
    elif program == "make":
        assert [one for one in arguments if "=" not in one and one not in _targets()] == []
    elif program == "pip":
        assert arguments[0] == "install"
        for wanted in arguments[1:]:
            _check_distribution(wanted)
    else:
        assert program in PROGRAMS, f"{program}: whose is it?"


def _check_tocsin(arguments: list[str]) -> None:
    """Parse a call as the command does, without looking whether its files are there."""
    command: click.Command = make_group()
    context = click.Context(command, info_name="tocsin")
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    given, rest, _ = command.make_parser(context).parse_args(arguments)
    assert rest == [], f"{command.name} takes no {rest}"
    missing = [one.name for one in command.params if one.required and given.get(one.name or "") in (None, ())]
    assert missing == [], f"{command.name} wants {missing}"


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _check_distribution(wanted: str) -> None:
    found = re.fullmatch(r"([\w-]+)(?:\[([\w,-]+)\])?", wanted)
    assert found, wanted
    name, extras = found[1], found[2]
    if name in OTHERS:
        return
    project = _projects()[name]
    assert [
        one for one in (extras or "").split(",") if one and one not in project.get("optional-dependencies", {})
    ] == []


def _projects() -> dict[str, dict[str, Any]]:
    files = [ROOT / "pyproject.toml", *ROOT.glob("contrib/*/pyproject.toml")]
    read = [tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in files]
    return {project["name"]: project for project in read}


@pytest.mark.parametrize(
    "line",
    [
        "tocsin chek x.yaml",
        "tocsin check --stric x.yaml",
        "tocsin config schema more",
        "make nothing",
        "pip install tocsin[no]",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    (command,) = _simple(line)
    with pytest.raises((AssertionError, click.UsageError, KeyError)):
        _check(command[0], command[1:])
