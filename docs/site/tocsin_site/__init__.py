"""What the site has beyond Sphinx: public names from docstrings, settings from their classes, checks of the result."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from tocsin_site.names import PublicNames, resolve
from tocsin_site.settings import PluginSettings
from tocsin_site.soundness import check

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it all with Sphinx."""
    app.add_directive("public-names", PublicNames)
    app.add_directive("plugin-settings", PluginSettings)
    app.connect("missing-reference", resolve)
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
