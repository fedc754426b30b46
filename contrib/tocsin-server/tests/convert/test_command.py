"""``tocsin convert``, as it is called: what it prints where, and its exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tocsin import Registry, load_configuration
from tocsin.cli.application import run

SOUND = """\
route:
  receiver: team
  group_by: [alertname]
receivers:
- name: team
  slack_configs:
  - api_url: https://hooks.slack.com/services/T0/B0/s3cret
    channel: '#alerts'
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration of Alertmanager's."""
    found = tmp_path / "alertmanager.yml"
    found.write_text(SOUND, encoding="utf-8")
    return found


def test_the_configuration_is_printed_and_the_remarks_go_to_standard_error(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", str(file)]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("# Converted from alertmanager.yml by tocsin convert.\n")
    assert yaml.safe_load(shown.out)["receivers"] == {"team": ["team/slack"]}
    problem = "receivers[0].slack_configs[0].channel has no counterpart in the backend slack: left out"
    assert shown.err == f"{file}:8: {problem}\n"


def test_with_an_output_it_is_written_there_for_its_owner(
    file: Path, tmp_path: Path, registry: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    """Secrets of the original stand in it."""
    out = tmp_path / "tocsin.yml"
    assert run(["convert", str(file), "-o", str(out)]) == 0
    assert capfd.readouterr().out == ""
    assert out.stat().st_mode & 0o777 == 0o600
    loaded = load_configuration(out, registry, environ={})
    assert loaded.configuration.channels["team/slack"].config["webhook_url"].endswith("s3cret")


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SOUND.encode())))
    assert run(["convert", "-"]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("# Converted from standard input by tocsin convert.\n")
    assert shown.err.startswith("-:8: ")


def test_what_is_not_carried_over_is_an_error_with_code_1(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is printed keeps it, so that tocsin refuses the file until it is mended."""
    file.write_text(f"{SOUND}inhibit_rules:\n- source_match_re: {{a: '\\pL'}}\n", encoding="utf-8")
    assert run(["convert", str(file)]) == 1
    shown = capfd.readouterr()
    assert f"{file}:10: error: the regular expression '\\\\pL' stays as it is" in shown.err
    assert r"a=~\"\\\\pL\"" in shown.out or r'a=~"\\pL"' in shown.out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"route: {receiver: x}\n", "1: error: no receiver is called 'x'"),
        (b"a:\n  b: \xff\n", "2: error: this is not UTF-8"),
        (b"", "1: error: the file is empty"),
    ],
)
def test_what_is_no_configuration_ends_with_2_and_prints_nothing(
    file: Path, capfd: pytest.CaptureFixture[str], content: bytes, problem: str
) -> None:
    file.write_bytes(content)
    out = file.with_name("out.yml")
    assert run(["convert", str(file), "-o", str(out)]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"{file}:{problem}")
    assert not out.exists()


def test_a_file_that_cannot_be_read_ends_with_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path, why in ((tmp_path / "none.yml", "No such file or directory"), (tmp_path, "Is a directory")):
        assert run(["convert", str(path)]) == 2
        assert capfd.readouterr().err == f"{path}: cannot read it: {why}\n"


def test_a_file_that_is_too_large_is_not_read(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with file.open("ab") as opened:
        opened.truncate(17 * 1024 * 1024)
    assert run(["convert", str(file)]) == 2
    assert "has more than 16777216 bytes" in capfd.readouterr().err


def test_the_original_is_never_written_over(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    link = file.with_name("link.yml")
    link.symlink_to(file)
    for out in (file, link):
        assert run(["convert", str(file), "-o", str(out)]) == 2
        assert "OUT is FILE itself" in capfd.readouterr().err
    assert file.read_text(encoding="utf-8") == SOUND


def test_an_output_that_cannot_be_written_is_said(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", str(file), "-o", str(file / "x")]) == 1
    assert "cannot write it: Not a directory" in capfd.readouterr().err


def test_a_byte_order_mark_and_windows_lines_change_nothing(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", str(file)]) == 0
    before = capfd.readouterr()
    file.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert run(["convert", str(file)]) == 0
    assert capfd.readouterr() == before


def test_the_installed_command_writes_utf_8_whatever_the_locale(file: Path) -> None:
    file.write_text(SOUND.replace("team", "Тим"), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("tocsin")), "convert", str(file)]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert done.returncode == 0
    assert list(yaml.safe_load(done.stdout.decode("utf-8"))["receivers"]) == ["Тим"]


def test_an_output_that_is_no_file_is_refused(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for out in (file.parent, Path(os.devnull)):
        assert run(["convert", str(file), "-o", str(out)]) == 2
        assert "OUT is no regular file" in capfd.readouterr().err
