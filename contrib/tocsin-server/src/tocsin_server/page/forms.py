"""Forms: what a browser sends of them, bounded, from which session, and under whose name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from tocsin_server.api.bodies import LONGEST_NAME
from tocsin_server.page.sessions import Session
from tocsin_server.web.json_body import read_body
from tocsin_server.web.refusal import Refused

__all__ = ["FORM_KEY", "author", "read_form", "sent_form"]

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


async def sent_form(request: Request, session: Session) -> Mapping[str, str]:
    """Return the fields of a form; :exc:`Refused` with 403 unless a page of the *session* sent it."""
    fields = await read_form(request)
    if not session.sent(fields.get(FORM_KEY, "")):
        raise Refused(403, "this form is not of your session; load the page again")
    return fields


def author(session: Session, fields: Mapping[str, str]) -> str:
    """Return who does it: by the name of the token, or, where there are no tokens, by the name that was given."""
    by = session.token.name if session.token is not None else fields.get("by", "").strip()
    if not 0 < len(by) <= LONGEST_NAME:
        raise Refused(400, f"say who you are, in 1 to {LONGEST_NAME} characters")
    return by
