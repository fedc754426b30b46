"""One fresh environment for all: what is generated, or stands in the docs, is installed there beside core's wheel."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import environments


@pytest.fixture(scope="session")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the wheel with the extra ``cli``, pytest and trio."""
    python = environments.make(tmp_path_factory.mktemp("fresh"))
    environments.pip(python, f"{wheel}[cli]", "pytest>=9,<10", "trio>=0.31", "hypothesis>=6.130")
    return python
