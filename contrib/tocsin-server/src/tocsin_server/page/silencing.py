"""Silencing: a form that makes a silence, after it showed what that hides and would have hidden."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin import AlertSeverity, Clock, ConfigurationError, LabelMatcher, PerformanceAlert, Silence, SilenceSet
from tocsin_server.api.bodies import LONGEST_TEXT
from tocsin_server.api.hiding import Hiding
from tocsin_server.api.matching import matching, read_matchers
from tocsin_server.api.silences import check_not_everything
from tocsin_server.intake import Submit
from tocsin_server.page.forms import author, sent_form
from tocsin_server.page.rendering import rendered, root_of
from tocsin_server.page.sessions import Session
from tocsin_server.web.refusal import Refused
from tocsin_server.web.times import read_time

__all__ = ["LASTING", "Silencing"]

LASTING: Final = {
    15: "15 minutes",
    60: "1 hour",
    240: "4 hours",
    480: "8 hours",
    1440: "1 day",
    4320: "3 days",
    10_080: "1 week",
}
"""For how many minutes a silence may be made here."""

_HOURS: Final = 24.0
_SECONDS: Final = 2.0
"""For so long the journal is read: somebody waits."""

_LISTED: Final = 20
_LONGEST: Final = 8192
_MOST: Final = 64


@attrs.frozen(slots=True)
class _Part:
    """Alerts that are hidden: how many, by severity, the most severe first, and some of them, those first."""

    count: int
    severe: int
    counts: tuple[tuple[str, int], ...]
    listed: tuple[PerformanceAlert, ...]

    @classmethod
    def of(cls, alerts: Sequence[PerformanceAlert]) -> _Part:
        """Return the part that these *alerts* are."""
        order = sorted(alerts, key=lambda one: (-one.severity.rank, one.alert_id))
        severe = sum(one.severity.rank >= AlertSeverity.CRITICAL.rank for one in order)
        counts = {one.severity.value: 0 for one in order}
        for one in order:
            counts[one.severity.value] += 1
        return cls(len(order), severe, tuple(counts.items()), tuple(order[:_LISTED]))


class Silencing:
    """Asks for a silence, and makes it."""

    def __init__(self, hiding: Hiding, submit: Submit, clock: Clock) -> None:
        self._hiding = hiding
        self._submit = submit
        self._clock = clock

    async def ask(self, request: Request, session: Session) -> Response:
        """Show the form, and, where the address has matchers, what they hide."""
        given = request.query_params.getlist("filter")
        if len(given) > _MOST or any(len(one) > _LONGEST for one in given):
            raise Refused(400, f"at most {_MOST} filters, each of at most {_LONGEST} characters")
        return await self._form(request, session, "\n".join(given))

    async def make(self, request: Request, session: Session) -> Response:
        """Make the silence that a form asks for; where it cannot be, say why in the form."""
        fields = await sent_form(request, session)
        try:
            silence = self._silence(fields, author(session, fields))
        except Refused as error:
            return await self._form(request, session, fields.get("filter", ""), fields, error.problem)
        await self._submit(SilenceSet(silence))
        return RedirectResponse(f"{root_of(request)}silences", 303)

    async def _form(
        self,
        request: Request,
        session: Session,
        text: str,
        fields: Mapping[str, str] | None = None,
        problem: str = "",
    ) -> Response:
        values: dict[str, Any] = {"hidden": None, "matchers": text}
        try:
            matchers = _matchers(text)
            if matchers:
                values = await self._hidden(matchers)
        except Refused as error:
            problem = error.problem
        return rendered(
            request,
            "silencing.html",
            400 if problem else 200,
            session=session,
            now=self._clock.wall(),
            problem=problem,
            lasting=LASTING,
            fields=fields or {},
            **values,
        )

    async def _hidden(self, matchers: tuple[LabelMatcher, ...]) -> dict[str, Any]:
        hidden = await self._hiding.what(matching(matchers), _HOURS, _SECONDS)
        return {
            "hidden": {"now": _Part.of(hidden.firing), "past": _Part.of(list(hidden.past.values()))},
            "complete": hidden.complete,
            "back_to": hidden.back_to,
            "matchers": "\n".join(map(str, matchers)),
        }

    def _silence(self, fields: Mapping[str, str], by: str) -> Silence:
        matchers, now = _matchers(fields.get("filter", "")), self._clock.wall()
        minutes, comment = fields.get("minutes", ""), fields.get("comment", "").strip()
        if not matchers:
            raise Refused(400, "say what is silenced: at least one matcher")
        if minutes not in map(str, LASTING):
            raise Refused(400, "say for how long: a silence has to end")
        if not 0 < len(comment) <= LONGEST_TEXT:
            raise Refused(400, f"say why, in 1 to {LONGEST_TEXT} characters")
        try:
            starts_at = read_time(fields.get("starts_at", ""), "the start")
        except ValueError as error:
            raise Refused(400, str(error)) from None
        starts_at = now if starts_at is None else starts_at
        ends_at = starts_at + 60.0 * int(minutes)
        if ends_at <= now:
            raise Refused(400, "it would have ended already")
        try:
            maintenance = "maintenance" in fields
            return Silence(str(uuid.uuid4()), matchers, starts_at, ends_at, by, comment, maintenance)
        except ConfigurationError as error:
            raise Refused(400, str(error)) from None


def _matchers(text: str) -> tuple[LabelMatcher, ...]:
    """Return the matchers of a text, one or more in a line; none for an empty one."""
    found = read_matchers([line for line in text.splitlines() if line.strip()], "matchers")
    matching(found)
    if found:
        check_not_everything(found)
    return tuple(dict.fromkeys(found))
