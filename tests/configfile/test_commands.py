"""``tocsin check`` and ``tocsin config``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.configfile.files import Files

from tocsin import cli
from tocsin.discovery import Discovery, PluginFailure
from tocsin.registry import Provenance

Run = Callable[..., tuple[int, str, str]]

FINE = "channels: {ops: {backend: console}}\nrouting_rules: [{target_channels: [ops], routes: [{}]}]\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tocsin`` with the given arguments; give exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_check_says_that_all_is_well(run: Run, files: Files) -> None:
    path = files.write(FINE)
    assert run("check", path) == (0, f"{path}: all is well: 1 channel, 2 rules, 1 file\n", "")


def test_check_tells_all_errors_of_all_files_and_ends_with_2(run: Run, files: Files) -> None:
    first = files.write("chanels: {}\nreceivers: 5\n", "a.yaml")
    second = files.write("", "b.toml")
    third = files.write(FINE, "c.yaml")
    code, out, err = run("check", first, second, third)
    assert code == 2
    assert out.startswith(f"{third}: all is well")
    assert err.splitlines() == [
        f"{first}:1:1: chanels: there is no such setting; did you mean 'channels'?",
        f"{first}:2:12: receivers: expected a mapping, not a whole number",
        f"{second}:1:1: the file is empty; `tocsin config init` writes one to begin with",
    ]


def test_warnings_end_with_1_only_where_that_is_asked_for(run: Run, files: Files) -> None:
    path = files.write(FINE + "receivers: {r: []}\n")
    told = f"{path}:3:13: receivers.r: no rule uses this receiver (warning)\n"
    assert run("check", path) == (0, f"{path}: no error: 1 channel, 2 rules, 1 file\n", told)
    assert run("check", "--strict", path)[0] == 1
    broken = files.write("chanels: {}", "broken.yaml")
    assert run("check", "--strict", path, broken)[0] == 2


def test_check_json_prints_errors_and_warnings_for_scripts(run: Run, files: Files) -> None:
    fine = files.write(FINE + "receivers: {r: []}\n")
    broken = files.write("{chanels: 1}", "broken.yaml")
    code, out, err = run("check", "--json", fine, broken)
    assert (code, err) == (2, "")
    assert json.loads(out) == [
        {
            "kind": "error",
            "file": str(broken),
            "line": 1,
            "column": 2,
            "path": "chanels",
            "problem": "there is no such setting; did you mean 'channels'?",
        },
        {
            "kind": "warning",
            "file": str(fine),
            "line": 3,
            "column": 13,
            "path": "receivers.r",
            "problem": "no rule uses this receiver",
        },
    ]
    assert run("check", "--json", files.write(FINE)) == (0, "[]\n", "")


def test_check_needs_a_file(run: Run) -> None:
    code, _, err = run("check")
    assert code == 2
    assert "Missing argument 'FILE...'" in err


def test_check_tells_of_plugins_that_fail_for_their_names_may_be_missing(
    run: Run, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = PluginFailure(Provenance("acme", "acme-tocsin", "1.0"), "ImportError: no module named acme")
    monkeypatch.setattr("tocsin.cli.check.load", lambda: Discovery(files.registry, (failure,), ()))
    code, _, err = run("check", files.write("channels: {a: {backend: acme}}"))
    assert code == 2
    assert err.splitlines()[0] == (
        "tocsin: the plugin acme (acme-tocsin 1.0) failed to load: ImportError: no module named acme"
    )


def test_check_shows_no_secret(run: Run, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    path = files.write(
        "channels: {a: {backend: slack, config: {webhook_url: 'ftp://${TOKEN}/', username: '${OTHER}'}}}"
    )
    code, out, err = run("check", path)
    assert code == 2
    assert "the environment variable OTHER is not set" in err
    assert "hunter2" not in out + err


def test_config_init_writes_a_file_that_is_right_and_never_over_another(run: Run, files: Files) -> None:
    path = files.folder / "new.yaml"
    code, out, err = run("config", "init", path)
    assert (code, out, err) == (0, f"{path}: written; `tocsin check {path}` checks it\n", "")
    assert run("check", "--strict", path)[0] == 0
    path.write_text("mine")
    assert run("config", "init", path) == (1, "", f"tocsin: {path} exists, and is left as it is\n")
    assert path.read_text() == "mine"


def test_config_init_prints_it_without_a_file(run: Run, files: Files) -> None:
    code, out, _ = run("config", "init")
    assert code == 0
    assert run("check", "--strict", files.write(out))[0] == 0


def test_every_comment_of_the_first_file_is_right_when_it_is_taken_in(
    run: Run, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is commented out is meant to be used: with all of it the file is right too."""
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.example/x")
    _, out, _ = run("config", "init")
    lines = [re.sub(r"^( *)# (?=[a-z_ -]+:|( *)- )", r"\1", line) for line in out.splitlines()]
    text = "\n".join(lines).replace("sha256:…", "sha256:" + "0" * 64)
    code, _, err = run("check", files.write(text))
    assert (code, err) == (0, "")
    assert len(yaml.safe_load(text)) > len(yaml.safe_load(out))


def test_config_init_writes_yaml_only_and_only_where_it_can(run: Run, files: Files) -> None:
    assert run("config", "init", files.folder / "a.toml")[0] == 2
    code, _, err = run("config", "init", files.folder / "none/a.yaml")
    assert (code, err) == (1, f"tocsin: {files.folder}/none/a.yaml cannot be written: No such file or directory\n")


def test_config_schema_prints_a_schema(run: Run) -> None:
    code, out, err = run("config", "schema")
    assert (code, err) == (0, "")
    schema = json.loads(out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
