"""Answers: JSON as bytes, and refusals in the form that each interface has for them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tocsin import ConfigurationError, ServiceClosed, StoreError
from tocsin_server.web.refusal import Refused

__all__ = ["Json", "Refusing", "json_bytes", "refusal_of", "refused"]

Refusing = Callable[[Request, Exception], Response]
"""Answers a request that ended in an error."""

_log: Final = logging.getLogger("tocsin")
_ALERTMANAGER: Final = "/api/v2/"
_PAGERDUTY: Final = "/v2/enqueue"


def json_bytes(content: Any) -> bytes:
    """Return *content* as JSON in UTF-8; numbers that JSON has no form for are a mistake of ours, and raise."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


class Json(Response):
    """A JSON document, or the bytes of one that was made elsewhere."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return content if isinstance(content, bytes) else json_bytes(content)


def refusal_of(error: Exception) -> Refused:
    """Return how a request is refused that ended in *error*; what nobody foresaw is logged, and not shown."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException):
        return Refused(error.status_code, str(error.detail), headers=error.headers)
    if isinstance(error, ConfigurationError):
        return Refused(400, str(error))
    if isinstance(error, (StoreError, ServiceClosed)):
        return Refused(503, "nothing could be kept; nothing of it happened, try again", headers={"Retry-After": "5"})
    _log.error("a request failed", exc_info=error)
    return Refused(500, "something went wrong here; the log says what")


def refused(request: Request, error: Exception) -> Response:
    """Answer a request that ended in *error*."""
    refusal = refusal_of(error)
    return Json(_form(request.url.path)(refusal), status_code=refusal.status, headers=refusal.headers)


def _form(path: str) -> Callable[[Refused], Any]:
    if path == _PAGERDUTY:
        return _as_pagerduty
    return _as_alertmanager if path.startswith(_ALERTMANAGER) else _as_tocsin


def _as_alertmanager(refusal: Refused) -> Any:
    """Alertmanager answers 400 with the problem itself, and everything else with a code and a message."""
    if refusal.status == 400 and refusal.code == 400:
        return refusal.problem
    return {"code": refusal.code, "message": refusal.problem}


def _as_tocsin(refusal: Refused) -> Any:
    errors = [dict(one) for one in refusal.errors]
    return {"error": refusal.problem, **({"errors": errors} if errors else {})}


def _as_pagerduty(refusal: Refused) -> Any:
    errors = [f"{one['path']}: {one['problem']}" for one in refusal.errors] or [refusal.problem]
    if refusal.status == 400:
        return {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return {"status": "error", "message": refusal.problem, "errors": errors}
