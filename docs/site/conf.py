"""How the docs become a site: Sphinx with MyST over the files as they stand in the repository; links are theirs.

`make docs` builds it, offline, with every warning an error.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

project = "tocsin"
author = "the authors of tocsin"
copyright = author  # noqa: A001  Sphinx's name for it
release = importlib.metadata.version("tocsin")

extensions = ["myst_parser", "sphinx.ext.autodoc", "tocsin_site"]
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["docs/**.md", "contrib/*/README.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = [".*", "build", "core", "dist", "plugins", "tests", "contrib/*/src", "contrib/*/tests"]
nitpicky = True

myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False  # headings stand above classes; thousands of members would make each page slow

html_theme = "furo"
html_title = f"tocsin {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["tocsin.css"]
html_extra_path = ["root"]
pygments_style = "friendly"
pygments_dark_style = "monokai"
