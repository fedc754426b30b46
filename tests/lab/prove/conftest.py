"""Files on disk, read with the bundled plugins and one that was made for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.configfile.files import Files
from tests.lab.prove import plugin

from tocsin import Registry
from tocsin.discovery import load


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What is installed, and the plugin of these tests."""
    found = load(extra=[plugin])
    assert found.failures == ()
    return found.registry


@pytest.fixture
def files(tmp_path: Path, registry: Registry) -> Files:
    """Writes files into a folder, and reads them as configurations."""
    return Files(tmp_path, registry)
