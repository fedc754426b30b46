"""Deeds: what people do to an alert with the page's forms, and who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin import Acknowledged, AlertResolved, Escalated, Fact, Noted, Snoozed
from tocsin_server.api.bodies import LONGEST_TEXT
from tocsin_server.api.operation import LONGEST_ID
from tocsin_server.api.reported import OWN
from tocsin_server.intake import Submit
from tocsin_server.page.forms import author, sent_form
from tocsin_server.page.links import alert_link
from tocsin_server.page.rendering import root_of
from tocsin_server.page.sessions import Session
from tocsin_server.web.refusal import Refused

__all__ = ["DEEDS", "MINUTES", "Deeds"]

MINUTES: Final = {15: "15 minutes", 60: "1 hour", 240: "4 hours", 480: "8 hours", 1440: "1 day"}
"""For how long something may be taken or put off."""


@attrs.frozen(slots=True)
class _Form:
    """What was sent about one alert; each method raises :exc:`Refused` for what no form of ours sends."""

    alert_id: str
    by: str
    fields: Mapping[str, str]

    @property
    def target(self) -> str:
        """The alert's id, or that of its incident where all of that was meant."""
        return self.fields.get("target") or self.alert_id

    def text(self, *, needed: bool = False) -> str:
        """Return what was written."""
        text = self.fields.get("text", "").strip()
        if len(text) > LONGEST_TEXT or (needed and not text):
            raise Refused(400, f"the text has {int(needed)} to {LONGEST_TEXT} characters")
        return text

    def seconds(self, *, needed: bool = False) -> float | None:
        """Return for how long; None: without an end."""
        chosen = self.fields.get("minutes", "")
        if not chosen and not needed:
            return None
        if chosen not in map(str, MINUTES):
            raise Refused(400, f"minutes is one of {', '.join(map(str, MINUTES))}, not {chosen!r:.40}")
        return int(chosen) * 60.0


def _snoozed(form: _Form) -> Fact:
    return Snoozed(form.target, form.seconds(needed=True) or 0.0, form.by)


def _resolved(form: _Form) -> Fact:
    if form.alert_id.startswith(OWN):
        raise Refused(400, "tocsin's own alerts resolve by themselves")
    return AlertResolved(form.alert_id, form.by)


DEEDS: Final[Mapping[str, Callable[[_Form], Fact]]] = {
    "acknowledge": lambda form: Acknowledged(form.target, form.by, form.text(), form.seconds()),
    "snooze": _snoozed,
    "escalate": lambda form: Escalated(form.alert_id, form.by, form.text()),
    "resolve": _resolved,
    "note": lambda form: Noted(form.alert_id, form.by, form.text(needed=True)),
}
"""By the last part of the address that a form is sent to."""


class Deeds:
    """Hands in what people do, under the name of their token; without tokens, under the name that they give."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit

    async def do(self, request: Request, session: Session) -> Response:
        """Do what a form says, and go back to the alert."""
        alert_id, deed = request.path_params["alert_id"], request.path_params["deed"]
        fields = await sent_form(request, session)
        if max(len(alert_id), len(fields.get("target", ""))) > LONGEST_ID:
            raise Refused(400, f"the id of an alert has at most {LONGEST_ID} characters")
        if deed not in DEEDS:
            raise Refused(404, f"nobody can {deed!r:.40} an alert")
        (changed,) = await self._submit(DEEDS[deed](_Form(alert_id, author(session, fields), fields)))
        if not changed:
            raise Refused(409, "nothing changed: it does not fire any more, or that was done already")
        return RedirectResponse(alert_link(root_of(request), alert_id), 303)
