"""A copy of what a configuration says, and reading one file alone: nothing that may be a secret is in either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.configfile.files import Files

from tocsin import ConfigurationFileError, cli
from tocsin.configfile.loading import load_routing

ENVIRON = {"REGION": "eu", "TOKEN": "hunter2-env", "PORT": "25"}
TEXT = """\
include: [more.yaml]
channels:
  hook:
    backend: webhook
    min_severity: ${LEAST:-error}
    config:
      webhook_url: https://hooks.example/hunter2-inline  # hunter2-comment
      headers: {Authorization: "Bearer ${TOKEN}", X-Key: "${TOKEN}", X-Or: "${NONE:-hunter2-default}"}
  chat: {backend: slack, config: {webhook_url: {file: secret.txt}}}
  mail: {backend: slack, config: {webhook_url: "file:secret.txt"}}
templates:
  t:
    backend: webhook
    subject_template: hunter2-subject
    body_template: '{"token": "hunter2-body", "text": "{status}"}'
routing_rules:
- {rule_id: "${REGION}-all", conditions: {cluster_pattern: "${REGION}-.*"}, target_channels: [hook, chat, mail]}
server:
  listen: 127.0.0.1:${PORT}
  auth_tokens: [{name: a, scopes: [read], hash: "sha256:%s"}]
""" % ("a" * 64)


@pytest.fixture
def copied(files: Files) -> tuple[str, dict[str, str]]:
    """What is copied of a configuration with all kinds of secrets, and the variables that it takes."""
    files.write("receivers: {r: [hook]}\n", "more.yaml")
    files.write("https://hooks.example/hunter2-file\n", "secret.txt")
    loaded = files.load(TEXT, environ=ENVIRON)
    assert "hunter2" not in repr(loaded)
    return loaded.copied, dict(loaded.variables)


def test_a_copy_has_references_and_no_secret(copied: tuple[str, dict[str, str]]) -> None:
    """What other files say that are included is in it; variables are those alone that decide."""
    text, variables = copied
    plain = json.loads(text)
    assert "hunter2" not in text
    assert "a" * 64 not in text
    assert variables == {"REGION": "eu"}
    hook = plain["channels"]["hook"]
    assert hook["min_severity"] == "${LEAST:-error}"
    assert hook["config"] == {
        "webhook_url": "${HIDDEN}",
        "headers": {"Authorization": "${HIDDEN}", "X-Key": "${TOKEN}", "X-Or": "${NONE}"},
    }
    assert plain["channels"]["chat"]["config"] == {"webhook_url": {"file": "secret.txt"}}
    assert plain["channels"]["mail"]["config"] == {"webhook_url": "file:secret.txt"}
    assert plain["templates"]["t"]["body_template"] == "(hidden)"
    assert plain["routing_rules"][0]["rule_id"] == "${REGION}-all"
    assert plain["server"]["listen"] == "127.0.0.1:${PORT}"
    assert plain["server"]["auth_tokens"] == [{"name": "a", "scopes": ["read"], "hash": "${HIDDEN}"}]
    assert plain["receivers"] == {"r": ["hook"]}
    assert "include" not in plain


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_copy_decides_as_what_was_copied(files: Files, copied: tuple[str, dict[str, str]], ending: str) -> None:
    text, variables = copied
    original = load_routing(files.folder / "tocsin.yaml", files.registry, environ=ENVIRON)
    written = text if ending == "json" else yaml.safe_dump(json.loads(text), sort_keys=False)
    alone = load_routing(files.write(written, f"copy.{ending}"), files.registry, environ=variables, alone=True)
    plain = dict(alone.plan.plain)
    for template in plain["templates"].values():
        template |= {name: original.plan.plain["templates"]["t"][name] for name in template if "_template" in name}
    assert plain == original.plan.plain


def test_a_file_that_is_read_alone_reads_no_other(files: Files) -> None:
    """Not even to say that it is not there."""
    files.write("receivers: {hunter2: 5}\n", "more.yaml")
    text = "include: [more.yaml, '/etc/*.json']\nchannels: {c: {backend: slack, config: {webhook_url: 'file:/x'}}}\n"
    path = files.write(text)
    with pytest.raises(ConfigurationFileError) as caught:
        load_routing(path, files.registry, environ={}, alone=True)
    (problem,) = caught.value.problems
    assert (problem.line, problem.path) == (1, "include")
    assert problem.problem == "this file is read alone, and includes no other"
    path.write_text(text.partition("\n")[2])
    read = load_routing(path, files.registry, environ={}, alone=True)
    assert [one.problem for one in read.missing] == ["no file of a secret is read here"]


def test_commands_read_a_file_alone(files: Files, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    channels = "channels: {c: {backend: slack, config: {webhook_url: 'file:/nowhere'}, human: true}}\n"
    rules = "routing_rules: [{rule_id: r, target_channels: [c]}]\n"
    path, other = files.write(channels + rules), files.write(f"include: [tocsin.yaml]\n{channels}", "other.yaml")
    history = tmp_path / "history.json"
    history.write_text("[]")
    assert cli.main(["check", str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert cli.main(["check", "--alone", str(path)]) == 0
    assert cli.main(["prove", "--alone", "--config", str(path)]) == 0
    assert cli.main(["diff", "--alone", str(path), str(path), str(history)]) == 0
    capsys.readouterr()
    for command in (["check", other], ["prove", "--config", other], ["diff", path, other, history]):
        assert cli.main([str(command[0]), "--alone", *map(str, command[1:])]) == 2
        assert "this file is read alone" in capsys.readouterr().err


def test_a_number_that_is_too_long_to_be_written_is_copied_as_text(files: Files) -> None:
    """Python refuses to write out thousands of digits."""
    digits = "f" * 6000
    loaded = files.load(f"routing_rules: [{{rule_id: a, priority: 0x{digits}, target_channels: []}}]")
    assert json.loads(loaded.copied)["routing_rules"][0]["priority"] == f"0x{digits}"
