"""A file that cannot be read at all is one clear error, with a position."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from tests.configfile.files import Files

from tocsin import ConfigurationFileError, Problem, load_configuration


def _only(files: Files, path: Path | str) -> Problem:
    with pytest.raises(ConfigurationFileError) as caught:
        load_configuration(path, files.registry)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    return problem


def test_a_missing_file(files: Files) -> None:
    assert _only(files, files.folder / "none.yaml").problem == "the file cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(files: Files) -> None:
    path = files.write("channels: {}")
    path.chmod(0)
    assert _only(files, path).problem == "the file cannot be read: Permission denied"


def test_a_directory(files: Files) -> None:
    folder = files.folder / "conf.yaml"
    folder.mkdir()
    assert _only(files, folder).problem == "the file is a directory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(files: Files) -> None:
    os.mkfifo(files.folder / "pipe.yaml")
    assert _only(files, files.folder / "pipe.yaml").problem == "the file is no regular file"


def test_a_name_with_a_nul(files: Files) -> None:
    assert "NUL" in _only(files, f"{files.folder}/a\0.yaml").problem


def test_a_link_to_itself(files: Files) -> None:
    link = files.folder / "link.yaml"
    link.symlink_to(link)
    assert "symbolic links" in _only(files, link).problem


def test_an_ending_that_names_no_format(files: Files) -> None:
    problem = _only(files, files.write("channels: {}", "tocsin.conf"))
    told = "ends in '.conf', and a file's ending tells its format: .json, .toml, .yaml, .yml"
    assert problem.problem == f"the file {told}"
    assert "has no ending, and" in _only(files, files.write("", "tocsin")).problem


def test_an_ending_in_capitals(files: Files) -> None:
    assert files.load("channels: {}", "TOCSIN.YAML").configuration.channels == {}


@pytest.mark.parametrize("name", ["tocsin.yaml", "tocsin.toml", "tocsin.json"])
@pytest.mark.parametrize("text", ["", " \n\t\n", "\n\n"])
def test_an_empty_file(files: Files, name: str, text: str) -> None:
    assert _only(files, files.write(text, name)).problem.startswith("the file is empty; `tocsin config init`")


@pytest.mark.parametrize(
    ("text", "name"), [("# nothing\n", "a.yaml"), ("---\n", "a.yaml"), ("# x\n", "a.toml"), ("null", "a.json")]
)
def test_a_file_that_says_nothing(files: Files, text: str, name: str) -> None:
    assert re.match("the file is empty|a configuration is a mapping", _only(files, files.write(text, name)).problem)


def test_bytes_that_are_no_utf_8(files: Files) -> None:
    path = files.folder / "latin.yaml"
    path.write_bytes("channels:\n  é: {}\n".encode("latin-1"))
    problem = _only(files, path)
    assert (problem.line, problem.column) == (2, 3)
    assert problem.problem == "the file is not UTF-8: the byte 0xe9 stands here"


def test_a_file_of_more_than_ten_megabytes(files: Files) -> None:
    path = files.folder / "large.yaml"
    path.write_bytes(b"#" * 10_000_001)
    assert _only(files, path).problem == "the file is larger than 10,000,000 bytes"


@pytest.mark.parametrize(
    ("text", "name", "line", "column", "said"),
    [
        ("channels: {a: 1\n", "a.yaml", 2, 1, "this is no YAML"),
        ("channels: a: b\n", "a.yaml", 1, 12, "mapping values are not allowed"),
        ("channels:\n\ta: 1\n", "a.yaml", 2, 1, "cannot start any token"),
        ("channels: *a\n", "a.yaml", 1, 11, "names nothing that stands above it as &a"),
        ("a: &a\n  b: *a\n", "a.yaml", 2, 6, "stands inside what it names"),
        ("a: 1\n---\nb: 1\n", "a.yaml", 2, 1, "a second document begins here"),
        ("a: \x07\n", "a.yaml", 1, 4, "U+0007"),
        ("- a\n", "a.yaml", 1, 1, "a configuration is a mapping such as {channels: …}, not a list"),
        ("hello\n", "a.yaml", 1, 1, "not a string"),
        ('{"channels": {},}', "a.json", 1, 16, "this is no JSON"),
        ('{"a": 1} x', "a.json", 1, 10, "extra data"),
        ('{"a": 1', "a.json", 1, 8, "this is no JSON"),
        ("[]", "a.json", 1, 1, "not a list"),
        ("a = \n", "a.toml", 1, 5, "this is no TOML: invalid value"),
        ("a = 1\na = 2\n", "a.toml", 2, 6, "cannot overwrite a value"),
        ("a = 1", "a.json", 1, 1, "this is no JSON"),
        ("[a\n", "a.toml", 1, 3, "this is no TOML"),
        ('a = "', "a.toml", 1, 6, "this is no TOML"),
    ],
)
def test_a_file_that_is_wrongly_written(files: Files, text: str, name: str, line: int, column: int, said: str) -> None:
    problem = _only(files, files.write(text, name))
    assert said in problem.problem
    assert problem.line == line
    assert abs(problem.column - column) <= 1  # Pythons do not agree on it


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[" * 5_000, "a.yaml"),
        ("a: " + "[" * 101 + "]" * 101, "a.yaml"),
        ("{" * 5_000, "a.yaml"),
        ("".join(" " * n + "- \n" for n in range(200)), "a.yaml"),
        ("[" * 100_000, "a.json"),
        ('{"a":' * 101 + "1" + "}" * 101, "a.json"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "a.toml"),
        ("a = " + "[" * 120 + "]" * 120, "a.toml"),
        (".".join("a" * 120) + " = 1", "a.toml"),
        ("[" + ".".join("a" * 5_000) + "]\nb = 1", "a.toml"),
    ],
    ids=lambda value: value[:6],
)
def test_what_is_nested_too_deeply(files: Files, text: str, name: str) -> None:
    assert "nested too deeply; at most 100 levels" in _only(files, files.write(text, name)).problem


def test_a_hundred_levels_are_read(files: Files) -> None:
    text = '{"x":' * 99 + "1" + "}" * 99
    assert [problem.path for problem in files.problems(text, "tocsin.json")] == ["x"]
    assert [problem.path for problem in files.problems(text.replace(":", ": "))] == ["x"]


def test_aliases_that_stand_for_too_much(files: Files) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    problem = _only(files, files.write("\n".join(lines)))
    assert problem.problem == "the aliases up to here stand for more than 100,000 values"
    assert problem.line == 5


def test_aliases_that_nest_too_deeply(files: Files) -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))]
    problem = _only(files, files.write("\n".join(lines)))
    assert "nested too deeply" in problem.problem
    assert problem.line == 99


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.toml"])
def test_a_number_of_ten_thousand_digits(files: Files, name: str) -> None:
    digits = "9" * 10_000
    text = {"a.yaml": f"retention: {{journal_seconds: {digits}}}", "a.toml": f"retention.journal_seconds = {digits}"}
    problem = _only(files, files.write(text.get(name, f'{{"retention": {{"journal_seconds": {digits}}}}}'), name))
    assert len(problem.problem) < 200


def test_without_pyyaml_only_yaml_cannot_be_read(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert _only(files, files.write("channels: {}")).problem == ("a YAML file needs PyYAML: pip install 'tocsin[yaml]'")
    assert files.load("{}", "tocsin.json").configuration.channels == {}
