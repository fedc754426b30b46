"""The distributions of this repository: tocsin itself, and each folder in contrib/ that has a pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

__all__ = ["ROOT", "Distribution", "distributions"]

ROOT: Final = Path(__file__).resolve().parents[1]


@attrs.frozen(slots=True)
class Distribution:
    """A folder with a pyproject.toml, and what that says."""

    folder: Path
    pyproject: dict[str, Any]

    @property
    def project(self) -> dict[str, Any]:
        """The table ``project``."""
        project: dict[str, Any] = self.pyproject["project"]
        return project

    @property
    def name(self) -> str:
        """Its name, as pip knows it."""
        return str(self.project["name"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.project["version"])

    @property
    def plugins(self) -> dict[str, str]:
        """The entry points that tocsin finds."""
        return dict(self.project.get("entry-points", {}).get("tocsin", {}))

    @property
    def packages(self) -> list[Path]:
        """The folders of the packages that its wheel holds."""
        wheel = self.pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
        return [self.folder / package for package in wheel["packages"]]


def distributions(root: Path = ROOT) -> list[Distribution]:
    """Return all of them below *root*, tocsin first, then by name."""
    files = [root / "pyproject.toml", *sorted(root.glob("contrib/*/pyproject.toml"))]
    return [Distribution(file.parent, tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
