"""What these tests read of the repository that this distribution stands in: its documentation, which no sdist has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

__all__ = ["documentation"]

_ROOT: Final = Path(__file__).resolve().parents[3]


def documentation(name: str) -> Path:
    """Return the path of *name* in docs/; outside the repository the test, or else the module, is skipped."""
    if not (_ROOT / "contrib").is_dir():
        pytest.skip("only the repository has the documentation", allow_module_level=True)
    return _ROOT / "docs" / name
