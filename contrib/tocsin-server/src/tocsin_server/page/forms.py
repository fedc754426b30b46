"""Forms: what a browser sends of them, bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from tocsin_server.web.json_body import read_body
from tocsin_server.web.refusal import Refused

__all__ = ["FORM_KEY", "read_form"]

FORM_KEY: Final = "form_key"
_LARGEST: Final = 65_536
_MOST_FIELDS: Final = 32
_FORM: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, of each the last; :exc:`Refused` for what no form of ours sends.

    That includes what JSON bodies may not have either: text that is no UTF-8, and NUL characters.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Refused(415, f"a form is sent as {_FORM}")
    body = await read_body(request, _LARGEST)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused(400, "the form cannot be read") from None
    for name, value in pairs:
        if "\x00" in name + value:
            raise Refused(400, f"the field {name!r:.80} has a NUL character")
    return dict(pairs)
