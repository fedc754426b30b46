"""Silences: listed, made, changed and ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from tocsin import (
    Clock,
    ConfigurationError,
    FederationAlertingService,
    LabelMatcher,
    Silence,
    SilenceExpired,
    SilenceRecord,
    SilenceSet,
    SilenceState,
)
from tocsin_server.api.alerts import choice
from tocsin_server.api.bodies import LONGEST_SECONDS, LONGEST_TEXT, Body
from tocsin_server.api.matching import MOST_MATCHERS, matching, read_matchers
from tocsin_server.api.operating import CHANGED
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.paging import PAGING, Key, Page
from tocsin_server.api.shown import instant
from tocsin_server.intake import Submit
from tocsin_server.web.answers import Json
from tocsin_server.web.filters import refuses_the_empty
from tocsin_server.web.refusal import Refused

__all__ = ["Silences", "check_not_everything", "silence_key", "silence_matchers"]

_ORDER: Final = {SilenceState.ACTIVE: 0, SilenceState.PENDING: 1, SilenceState.EXPIRED: 2}
_STATES: Final = tuple(state.value for state in SilenceState)
_LONGEST_MATCHER: Final = 8192
_FIELDS: Final = (
    "matchers",
    "starts_at",
    "ends_at",
    "seconds",
    "created_by",
    "comment",
    "maintenance",
    "silence_id",
)
_PARAMETERS: Final = (
    Parameter("state", "Where they stand.", {"type": "string", "enum": list(_STATES)}),
    Parameter(
        "filter",
        'A matcher that is among theirs, as it is written there, such as `team="db"`.',
        {"type": "string"},
        repeated=True,
    ),
    *PAGING,
)
_ID: Final = Parameter("silence_id", "The silence's id.", {"type": "string", "minLength": 1}, "path", required=True)

Known = tuple[SilenceRecord, SilenceState]


def silence_matchers(body: Body) -> tuple[LabelMatcher, ...]:
    """Return the matchers of a body, which are those of a silence: one at least is more than a wish for nothing."""
    found = read_matchers(body.strings("matchers", MOST_MATCHERS, _LONGEST_MATCHER), "matchers")
    matching(found)
    check_not_everything(found)
    return found


def check_not_everything(matchers: Iterable[LabelMatcher]) -> None:
    """Raise :exc:`Refused` for matchers that whatever comes would meet: that is a mistake."""
    if not any(map(refuses_the_empty, matchers)):
        raise Refused(400, "matchers: at least one has not to match the empty string, or everything would be silenced")


class Silences:
    """The silences of a service.

    :param largest: bytes of a body.
    """

    def __init__(self, alerting: FederationAlertingService, submit: Submit, clock: Clock, largest: int) -> None:
        self._alerting = alerting
        self._submit = submit
        self._clock = clock
        self._largest = largest

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "list_silences",
                "GET",
                f"{PREFIX}/silences",
                "read",
                "Silences and maintenances: active ones, then pending ones, then those that ended not long ago.",
                self._list,
                {200: Answer("A page of silences.", "SilencePage")},
                _PARAMETERS,
                (400,),
            ),
            Operation(
                "set_silence",
                "POST",
                f"{PREFIX}/silences",
                "operate",
                "Make a silence, or change the one of `silence_id`, whose earlier form is kept as history. It ends at "
                "`ends_at`, or `seconds` after it starts.",
                self._set,
                {201: Answer("It is kept.", "SilenceId", {"silence_id": "0d3b6b6e-5a43-4a3c-9a6d-3b0d7b7d3c11"})},
                refusals=(400, 404, 409),
                body="NewSilence",
                body_example={
                    "matchers": ['cluster_id="eu"'],
                    "seconds": 7200,
                    "created_by": "maria",
                    "comment": "new switches",
                },
            ),
            Operation(
                "expire_silence",
                "DELETE",
                f"{PREFIX}/silences/{{silence_id}}",
                "operate",
                "End a silence now.",
                self._end,
                CHANGED,
                (_ID,),
                (400, 404),
            ),
        ]

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        state = choice(query, "state", _STATES)
        wanted = set(read_matchers(query.getlist("filter"), "filter"))
        page = Page.wanted(request, int, float, str)

        def read() -> dict[str, Any]:
            found = [
                one
                for one in self._alerting.silences.values()
                if (state is None or one[1].value == state) and wanted <= set(one[0].silence.matchers)
            ]
            return page.document(page.rest(found, silence_key), silence_key, _shown)

        return Json(await anyio.to_thread.run_sync(read))

    async def _set(self, request: Request) -> Response:
        body = await Body.read(request, self._largest, _FIELDS)
        silence_id = body.text("silence_id", "")
        if silence_id:
            await anyio.to_thread.run_sync(self._check_may_change, silence_id)
        silence = self._read(body, silence_id or str(uuid.uuid4()))
        await self._submit(SilenceSet(silence))
        return Json({"silence_id": silence.silence_id}, status_code=201)

    def _check_may_change(self, silence_id: str) -> None:
        _, state = self._known(silence_id)
        if state is SilenceState.EXPIRED:
            raise Refused(409, f"the silence {silence_id!r:.200} has ended; make another one, without silence_id")

    def _known(self, silence_id: str) -> Known:
        known = self._alerting.silences.get(silence_id)
        if known is None:
            raise Refused(404, f"no silence is known by the id {silence_id!r:.200}")
        return known

    def _read(self, body: Body, silence_id: str) -> Silence:
        now = self._clock.wall()
        matchers = silence_matchers(body)
        starts_at, ends_at = body.instant("starts_at"), body.instant("ends_at")
        seconds = body.number("seconds", 1.0, LONGEST_SECONDS)
        starts_at = now if starts_at is None else starts_at
        if (ends_at is None) is (seconds is None):
            raise Refused(400, "a silence has either ends_at or seconds, which says how long after its start it ends")
        ends_at = starts_at + (seconds or 0.0) if ends_at is None else ends_at
        if ends_at <= now:
            raise Refused(400, "ends_at is in the past")
        created_by, comment = body.text("created_by"), body.text("comment", longest=LONGEST_TEXT)
        maintenance = body.boolean("maintenance")
        try:
            return Silence(silence_id, matchers, starts_at, ends_at, created_by, comment, maintenance)
        except ConfigurationError as error:
            raise Refused(400, str(error)) from None

    async def _end(self, request: Request) -> Response:
        silence_id = request.path_params["silence_id"]
        await anyio.to_thread.run_sync(self._known, silence_id)
        (changed,) = await self._submit(SilenceExpired(silence_id, getattr(request.state, "token_name", "")))
        return Json({"changed": changed})


def silence_key(known: Known) -> Key:
    """Active ones by their end, pending ones by their start, and of those that ended the latest first."""
    record, state = known
    if state is SilenceState.PENDING:
        at = record.silence.starts_at
    else:
        at = record.over_at if state is SilenceState.ACTIVE else -record.over_at
    return _ORDER[state], float(at), record.silence.silence_id


def _shown(known: Known) -> dict[str, Any]:
    record, state = known
    silence = record.silence
    return {
        "silence_id": silence.silence_id,
        "matchers": [str(matcher) for matcher in silence.matchers],
        "starts_at": instant(silence.starts_at),
        "ends_at": instant(record.over_at),
        "created_by": silence.created_by,
        "comment": silence.comment,
        "maintenance": silence.maintenance,
        "state": state.value,
        "updated_at": instant(record.updated_at),
        "history": len(record.history),
    }
