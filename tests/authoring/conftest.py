"""One fresh environment for all, made as the docs say: what is generated, or shown there, is installed into it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.authoring.reader import Reader, follow


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of tocsin and the standard library, for all that it checks in the fresh environment."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="session")
def reader(mypy_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Somebody who followed docs/how-to/write-a-backend.md to its end."""
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("the page's `python3 -m venv` needs ensurepip (on Debian: python3-venv)")
    return follow(tmp_path_factory.mktemp("reader"), mypy_cache)


@pytest.fixture(scope="session")
def fresh(reader: Reader) -> Path:
    """The interpreter of the environment that the reader made."""
    return reader.python
