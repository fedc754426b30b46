"""What the tests of the conversion share: fixtures, which ``conftest`` takes in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin import Registry, discovery, load_configuration
from tocsin_server.convert import Conversion, as_yaml, converted

__all__ = ["amtool", "convert", "receiver", "refused_by_amtool", "registry"]

MISSING = "amtool is missing, and nothing else says what is right: apt-get install prometheus-alertmanager"


@pytest.fixture(scope="session")
def amtool() -> str:
    """The real amtool."""
    found = shutil.which("amtool")
    assert found is not None, MISSING
    return found


@pytest.fixture
def refused_by_amtool(amtool: str, tmp_path: Path) -> Callable[[str], bool]:
    """Whether the real Alertmanager's own check refuses a configuration."""

    def refused(text: str) -> bool:
        file = tmp_path / "checked.yml"
        file.write_text(text, encoding="utf-8")
        return subprocess.run([amtool, "check-config", file], capture_output=True, check=False).returncode != 0

    return refused


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What is installed here."""
    return discovery.load().registry


@pytest.fixture
def convert(tmp_path: Path, registry: Registry) -> Callable[..., Conversion]:
    """Convert a text; what comes out is the same once it was written and read, and tocsin loads it if *loads*."""

    def convert(text: str, *, loads: bool = True) -> Conversion:
        found = converted(text)
        written = as_yaml(found.configuration, "alertmanager.yml")
        assert yaml.safe_load(written.replace("$${", "${")) == found.configuration
        if loads:
            file = tmp_path / "tocsin.yml"
            file.write_text(written, encoding="utf-8")
            load_configuration(file, registry, environ={})
        return found

    return convert


@pytest.fixture
def receiver(convert: Callable[..., Conversion]) -> Callable[..., Any]:
    """Convert a file with one receiver ``r`` from YAML: its channels, and the remarks as ``LINE: text``."""

    def receiver(lists: str, common: str = "", *, loads: bool = False) -> tuple[dict[str, Any], list[str]]:
        indented = "".join(f"  {line}\n" for line in lists.splitlines())
        found = convert(f"{common}route: {{receiver: r}}\nreceivers:\n- name: r\n{indented}", loads=loads)
        assert found.configuration["receivers"]["r"] == list(found.configuration["channels"])
        assert found.carried_over
        return found.configuration["channels"], [str(remark) for remark in found.remarks]

    return receiver
