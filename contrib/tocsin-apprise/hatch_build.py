"""Where pip builds this distribution in tocsin's repository, the tocsin that it requires is the one of the repository.

So ``pip install ./contrib/NAME`` is all that it takes, also before a release. In anything else that is built (releases,
a wheel of a source distribution, an editable install) nothing is added. The file is the same in all of ``contrib/``:
``make version`` copies it from ``release/``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RepositoryHook(BuildHookInterface[Any]):
    """Names the repository's tocsin as the first requirement: pip asks an index for what it has read no place of."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the requirement, unless what is built may go elsewhere, or the repository is installed as editable."""
        root = _repository(Path(self.root))
        if version == "standard" and "PIP_BUILD_TRACKER" in os.environ and root and not _is_editable(root):
            self.metadata.core.dependencies.insert(0, f"tocsin @ {root.as_uri()}")


def _repository(folder: Path) -> Path | None:
    """Return the repository that *folder* is a distribution of, or nothing."""
    root, file = folder.parent.parent, folder.parent.parent / "pyproject.toml"
    if folder.parent.name != "contrib" or not file.is_file():
        return None
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    return root if project.get("name") == "tocsin" else None


def _is_editable(root: Path) -> bool:
    """Whether the environment has *root* as an editable install already, which pip would replace."""
    for found in importlib.metadata.distributions(name="tocsin", path=[sysconfig.get_path("purelib")]):
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable") and origin.get("url") == root.as_uri():
            return True
    return False
