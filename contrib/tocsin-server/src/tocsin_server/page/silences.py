"""*Silences*: what is silenced, by whom, until when, and how much that hides; and its end before its time."""

from __future__ import annotations

from typing import Final

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin import Clock, FederationAlertingService, SilenceExpired, SilenceRecord, SilenceState
from tocsin_server.api.silences import silence_key
from tocsin_server.intake import Submit
from tocsin_server.page.forms import author, sent_form
from tocsin_server.page.links import filter_link
from tocsin_server.page.looks import Looks
from tocsin_server.page.paging import page_number
from tocsin_server.page.rendering import rendered, root_of
from tocsin_server.page.sessions import Session
from tocsin_server.web.refusal import Refused

__all__ = ["SilencesPage"]

_ON_A_PAGE: Final = 50
_SHOWN: Final = {"": (SilenceState.ACTIVE, SilenceState.PENDING), "ended": (SilenceState.EXPIRED,)}
"""By what the address says of ``show``."""


@attrs.frozen(slots=True)
class _Row:
    """A silence as it is shown; ``hides`` alerts fire that it keeps from being told, which ``link`` leads to."""

    record: SilenceRecord
    state: str
    hides: int
    link: str


class SilencesPage:
    """Shows the silences, and ends them."""

    def __init__(self, alerting: FederationAlertingService, submit: Submit, looks: Looks, clock: Clock) -> None:
        self._alerting = alerting
        self._submit = submit
        self._looks = looks
        self._clock = clock

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        show = request.query_params.get("show", "")
        if show not in _SHOWN:
            raise Refused(400, f"show is ended, or not there, but not {show!r:.40}")
        page, look = page_number(request), await self._looks.current()
        silences = await anyio.to_thread.run_sync(lambda: self._alerting.silences)
        found = sorted((one for one in silences.values() if one[1] in _SHOWN[show]), key=silence_key)
        first = (page - 1) * _ON_A_PAGE
        root = root_of(request)
        rows = [
            _Row(
                record,
                state.value,
                look.silenced.get(record.silence.silence_id, 0),
                filter_link(root, *record.silence.matchers),
            )
            for record, state in found[first : first + _ON_A_PAGE]
        ]
        more, ended = len(found) > first + _ON_A_PAGE, show == "ended"
        now = self._clock.wall()
        return rendered(
            request, "silences.html", session=session, now=now, rows=rows, ended=ended, page=page, more=more
        )

    async def end(self, request: Request, session: Session) -> Response:
        """End one now, and go back to the others."""
        fields, silence_id = await sent_form(request, session), request.path_params["silence_id"]
        by = author(session, fields)
        if silence_id not in await anyio.to_thread.run_sync(lambda: self._alerting.silences):
            raise Refused(404, f"no silence is known by the id {silence_id!r:.200}")
        (changed,) = await self._submit(SilenceExpired(silence_id, by))
        if not changed:
            raise Refused(409, "nothing changed: it has ended already")
        return RedirectResponse(f"{root_of(request)}silences", 303)
