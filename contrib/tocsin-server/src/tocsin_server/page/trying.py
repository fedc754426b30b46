"""Trying: a copy of the configuration that can be changed, and what check, prove and diff say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import AlertSeverity, Clock
from tocsin.threads import BusyError
from tocsin_server.page.forms import sent_form
from tocsin_server.page.lab import Lab, Question, Tried
from tocsin_server.page.rendering import rendered
from tocsin_server.page.sessions import Session
from tocsin_server.web.refusal import Refused

__all__ = ["Trying"]

_LONGEST: Final = 300_000
_LARGEST_FORM: Final = 1_200_000
_SEVERITIES: Final = [one.value for one in AlertSeverity]
_WITHIN: Final = {5: "5 minutes", 15: "15 minutes", 30: "30 minutes", 60: "1 hour"}
_PAST: Final = {"1": "the past day", "7": "the past week", "30": "the past month", "": "all that is recorded"}
_MOST: Final = 100
_EXCERPT: Final = 120


class Trying:
    """Asks for a configuration, and tries it; nothing is saved."""

    def __init__(self, lab: Lab, clock: Clock) -> None:
        self._lab = lab
        self._clock = clock

    async def ask(self, request: Request, session: Session) -> Response:
        """Show a copy of the configuration that is in force."""
        text = await anyio.to_thread.run_sync(self._lab.original().as_yaml)
        problem = ""
        if len(text) > _LONGEST:
            problem = f"It has {len(text):,} characters, and at most {_LONGEST:,} can be changed here."
        return self._form(request, session, {"text": "" if problem else text}, problem)

    async def show(self, request: Request, session: Session) -> Response:
        """Try what a form has, and show it again with what was found."""
        fields = await sent_form(request, session, _LARGEST_FORM)
        text = fields.get("text", "").replace("\r\n", "\n")
        try:
            if not 0 < len(text) <= _LONGEST:
                raise Refused(400, f"the configuration has 1 to {_LONGEST:,} characters, and not {len(text):,}")
            tried = await self._lab.tried(text, _question(fields, self._clock.wall()))
        except Refused as error:
            return self._form(request, session, {**fields, "text": text}, error.problem)
        except BusyError:
            return self._form(request, session, {**fields, "text": text}, "Another one is tried now: try again soon.")
        return self._form(request, session, {**fields, "text": text}, "", tried)

    def _form(
        self, request: Request, session: Session, fields: Mapping[str, str], problem: str, tried: Tried | None = None
    ) -> Response:
        return rendered(
            request,
            "trying.html",
            400 if problem else 200,
            session=session,
            problem=problem,
            fields=fields,
            file=str(self._lab.original().file),
            severities=_SEVERITIES,
            within=_WITHIN,
            past=_PAST,
            tried=tried,
            **({} if tried is None else _found(tried, fields["text"])),
        )


def _question(fields: Mapping[str, str], now: float) -> Question:
    """Return what a form asks; :exc:`Refused` for what no form of ours does."""
    severity, minutes, days = (fields.get(name, "") for name in ("severity", "minutes", "days"))
    if severity not in _SEVERITIES or minutes not in map(str, _WITHIN) or days not in _PAST:
        raise Refused(400, "choose a severity, a time, and how much of the past")
    since = now - 86_400.0 * int(days) if days else None
    return Question(severity, 60 * int(minutes), since)


def _found(tried: Tried, text: str) -> dict[str, Any]:
    """Return the problems as they are shown, each with the beginning of its line."""
    lines = text.split("\n")
    rows = []
    for one in tried.problems[:_MOST]:
        line = lines[one["line"] - 1].strip() if one["line"] <= len(lines) else ""
        rows.append({**one, "text": line if len(line) <= _EXCERPT else f"{line[:_EXCERPT]}…"})
    return {
        "problems": rows,
        "more": len(tried.problems[_MOST:]),
        "errors": sum(one["kind"] == "error" for one in tried.problems),
    }
