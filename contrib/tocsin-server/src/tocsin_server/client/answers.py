"""What an answer of the daemon means: a document, or an error that says what would be right."""

from __future__ import annotations

import json
from typing import Any

import attrs

from tocsin_server.client.failure import Failing, Failure, NotAllowed, Unreachable
from tocsin_server.client.fields import count, records, text
from tocsin_server.client.where import Where

__all__ = ["Answer", "document"]


@attrs.frozen(slots=True)
class Answer:
    """An answer as it came."""

    status: int
    content: bytes
    retry_after: str = ""


def document(answer: Answer, where: Where) -> Any:
    """Return the object or list of an answer.

    :raises Failure: when the daemon refused, or failed.
    :raises Unreachable: when whatever answered is no daemon of tocsin's.
    """
    found = _decoded(answer.content)
    if answer.status in (200, 201, 202) and isinstance(found, (dict, list)):
        return found
    if isinstance(found, dict) and answer.status >= 400 and text(found, "error"):
        raise _refusal(answer, found, where)
    if answer.status in (401, 403):
        raise _not_allowed(answer.status, "", where)
    raise Unreachable(
        f"what answers at {where.shown} is not tocsin ({_described(answer)}); --url or TOCSIN_URL says where it is"
    )


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _described(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"it sends elsewhere, with status {answer.status}"
    return f"status {answer.status}, and no JSON of tocsin's"


def _refusal(answer: Answer, found: dict[str, Any], where: Where) -> Failure:
    problem = text(found, "error")
    if answer.status in (401, 403):
        return _not_allowed(answer.status, problem, where)
    if answer.status >= 500:
        again = f"; try again in {answer.retry_after} s" if answer.retry_after.isdecimal() else ""
        return Failing(f"{where.shown} failed: {problem}{again}")
    return Failure(problem, [_particular(one) for one in records(found, "errors")])


def _particular(problem: dict[str, Any]) -> str:
    place = f"alert {count(problem, 'index')}" if "index" in problem else ""
    parts = (place, text(problem, "path"), text(problem, "problem"))
    return ": ".join(part for part in parts if part)


def _not_allowed(status: int, problem: str, where: Where) -> NotAllowed:
    if where.token is None:
        how = "put one into a file and name that with --token-file or TOCSIN_TOKEN_FILE, or set TOCSIN_TOKEN"
        return NotAllowed(f"{where.shown} wants a token: {how}")
    if status == 401:
        return NotAllowed(f"{where.shown} does not know the token of {where.token.origin}; give one with --token-file")
    reason = f": {problem}" if problem else ""
    origin = where.token.origin
    return NotAllowed(f"the token of {origin} does not suffice at {where.shown}{reason}; --token-file names another")
