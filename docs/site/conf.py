"""How the docs become a site: Sphinx with MyST over the files as they stand in the repository, so that links are theirs.

`make docs` builds it, offline, with every warning an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tocsin_site import version

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "tocsin"
author = "the authors of tocsin"
copyright = "the authors of tocsin"  # noqa: A001  Sphinx's name for it
release = version()

extensions = ["myst_parser", "sphinx.ext.autodoc", "tocsin_site"]
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["docs/**.md", "contrib/*/README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = [".*", "build", "core", "dist", "plugins", "tests", "contrib/*/src", "contrib/*/tests"]

nitpicky = True
suppress_warnings: list[str] = []

myst_heading_anchors = 4
myst_enable_extensions: list[str] = []
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"tocsin {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_static_path: list[str] = []
pygments_style = "friendly"
pygments_dark_style = "monokai"
