"""What HTML knows: by that a template of HTML is told from one of plain text."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_html"]

_NAMES: Final = (
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite code col"
    " colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark"
    " math menu meta meter nav noscript object ol optgroup option output p picture pre progress q rp rt ruby s samp"
    " script search section select slot small source span strong style sub summary sup svg table tbody td template"
    " textarea tfoot th thead time title tr track u ul var video wbr big center font strike tt"
)

_ELEMENTS: Final = frozenset(_NAMES.split())
"""The elements of the standard, and those that it had and mails still have.

https://html.spec.whatwg.org/multipage/indices.html#elements-3
"""

_BEGINS: Final = re.compile(
    r"\s*<(?:!--|(?P<name>!doctype(?=\s+html[\s>])|[a-z][a-z0-9]*)(?=[\s/>])[^<]*>)", re.IGNORECASE
)


def is_html(body: str) -> bool:
    """Whether *body* begins with an element of HTML, its document type, or a comment."""
    found = _BEGINS.match(body)
    if found is None:
        return False
    name = found["name"]
    return name is None or name.startswith("!") or name.lower() in _ELEMENTS
