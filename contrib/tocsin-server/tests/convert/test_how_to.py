"""The how-to on converting shows what the command does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from server_repository import documentation

from tocsin.cli.application import run


def test_the_files_and_the_remarks_are_those_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = documentation("how-to/convert-from-alertmanager.md").read_text(encoding="utf-8")
    original, wanted = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (command, remarks) = re.findall(r"^\$ tocsin (convert .*)\n((?:.+\n)*?)```$", text, re.MULTILINE)[0]
    monkeypatch.chdir(tmp_path)
    Path("alertmanager.yml").write_text(original, encoding="utf-8")
    assert run(shlex.split(command)) == 0
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", remarks)
    assert Path("tocsin.yml").read_text(encoding="utf-8") == wanted
