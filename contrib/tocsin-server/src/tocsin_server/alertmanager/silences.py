"""Silences as Alertmanager's API has them: listed, shown, made, changed and ended."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tocsin import (
    Clock,
    ConfigurationError,
    FederationAlertingService,
    LabelMatcher,
    MatchOperator,
    Silence,
    SilenceExpired,
    SilenceRecord,
    SilenceSet,
    SilenceState,
)
from tocsin_server.alertmanager.instants import read_instant
from tocsin_server.web.filters import refuses_the_empty
from tocsin_server.web.refusal import Refused
from tocsin_server.web.times import written

__all__ = ["Silences", "gettable_silence"]

_OPERATORS: Final = {
    (True, False): MatchOperator.EQUAL,
    (False, False): MatchOperator.NOT_EQUAL,
    (True, True): MatchOperator.REGEX,
    (False, True): MatchOperator.NOT_REGEX,
}
_FLAGS: Final = {operator: flags for flags, operator in _OPERATORS.items()}
_ORDER: Final = {SilenceState.ACTIVE: 0, SilenceState.PENDING: 1, SilenceState.EXPIRED: 2}
_REQUIRED: Final = ("matchers", "startsAt", "endsAt", "createdBy", "comment")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MOST: Final = 64
_LONGEST: Final = 8192

Known = tuple[SilenceRecord, SilenceState]


def gettable_silence(known: Known) -> dict[str, Any]:
    """Return the document of one silence (Alertmanager's ``gettableSilence``).

    One that was ended before it began, began and ended then.
    """
    record, state = known
    silence, over_at = record.silence, record.over_at
    return {
        "id": silence.silence_id,
        "status": {"state": state.value},
        "updatedAt": written(record.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": written(over_at),
        "matchers": [
            {
                "isEqual": _FLAGS[matcher.operator][0],
                "isRegex": _FLAGS[matcher.operator][1],
                "name": matcher.name,
                "value": matcher.value,
            }
            for matcher in silence.matchers
        ],
        "startsAt": written(min(silence.starts_at, over_at)),
    }


def _order(known: Known) -> tuple[int, float]:
    """Active ones by their end, pending ones by their start, and of expired ones the latest first."""
    record, state = known
    if state is SilenceState.PENDING:
        return _ORDER[state], record.silence.starts_at
    return _ORDER[state], record.over_at if state is SilenceState.ACTIVE else -record.over_at


class Silences:
    """The silences of a service."""

    def __init__(
        self, alerting: FederationAlertingService, clock: Clock, submit: Callable[..., Awaitable[tuple[bool, ...]]]
    ) -> None:
        self._alerting = alerting
        self._clock = clock
        self._submit = submit

    def listed(self, wanted: tuple[LabelMatcher, ...]) -> list[dict[str, Any]]:
        """Return those that have all of the *wanted* matchers among their own, in Alertmanager's order."""
        known = self._alerting.silences.values()
        found = [one for one in known if set(wanted) <= set(one[0].silence.matchers)]
        return [gettable_silence(one) for one in sorted(found, key=_order)]

    def shown(self, silence_id: str) -> dict[str, Any]:
        """Return one silence; 404 if there is none of that id."""
        return gettable_silence(self._known(silence_id))

    def _known(self, silence_id: str) -> Known:
        known = self._alerting.silences.get(silence_id)
        if known is None and not _UUID.fullmatch(silence_id):
            raise Refused(422, f'silenceID in path must be of type uuid: "{silence_id:.60}"', code=601)
        if known is None:
            raise Refused(404, f"silence {silence_id} not found")
        return known

    async def end(self, silence_id: str, by: str = "") -> None:
        """End a silence now; nothing happens to one that is over. 404 if there is none of that id."""
        self._known(silence_id)
        await self._submit(SilenceExpired(silence_id, by))

    async def set(self, document: Any) -> str:
        """Make or change a silence, and return its id.

        As in Alertmanager one is changed under its id where its past stays what it was: with the same matchers, and,
        once it is active, the same start. Otherwise it is ended, and another is made in its place.
        """
        asked, silence_id = self._read(document)
        now = self._clock.wall()
        facts: list[Any] = []
        if silence_id:
            known = self._alerting.silences.get(silence_id)
            if known is None:
                raise Refused(404, "silence not found")
            record, state = known
            if _may_change(record.silence, state, asked, now):
                await self._submit(SilenceSet(_renamed(asked, silence_id, asked.starts_at)))
                return silence_id
            if state is not SilenceState.EXPIRED:
                facts.append(SilenceExpired(silence_id, asked.created_by))
        made = str(uuid.uuid4())
        facts.append(SilenceSet(_renamed(asked, made, max(asked.starts_at, now))))
        await self._submit(*facts)
        return made

    def _read(self, document: Any) -> tuple[Silence, str]:
        if not isinstance(document, Mapping):
            raise Refused(400, f"a silence is an object, not {type(document).__name__}")
        for name in _REQUIRED:
            if document.get(name) is None:
                raise Refused(422, f"{name} in body is required", code=602)
        for name in ("createdBy", "comment"):
            if not isinstance(document[name], str) or len(document[name]) > _LONGEST:
                raise Refused(400, f"{name}: expected a string of at most {_LONGEST} characters")
        silence_id = document.get("id") or ""
        if not isinstance(silence_id, str):
            raise Refused(400, "id: expected a string")
        try:
            starts_at = read_instant(document["startsAt"], "startsAt") or 0.0
            ends_at = read_instant(document["endsAt"], "endsAt") or 0.0
        except ValueError as error:
            raise Refused(400, str(error)) from None
        if starts_at >= ends_at:
            raise Refused(400, "Failed to create silence: start time must be before end time")
        if ends_at < self._clock.wall():
            raise Refused(400, "Failed to create silence: end time can't be in the past")
        found = _matchers(document["matchers"])
        try:
            silence = Silence("new", found, starts_at, ends_at, document["createdBy"], document["comment"])
        except ConfigurationError as error:
            raise Refused(400, f"silence invalid: {error.problem}") from None
        return silence, silence_id


def _renamed(silence: Silence, silence_id: str, starts_at: float) -> Silence:
    return Silence(
        silence_id,
        silence.matchers,
        starts_at,
        silence.ends_at,
        silence.created_by,
        silence.comment,
        silence.maintenance,
    )


def _may_change(old: Silence, state: SilenceState, new: Silence, now: float) -> bool:
    if old.matchers != new.matchers or state is SilenceState.EXPIRED:
        return False
    if state is SilenceState.ACTIVE:
        return int(old.starts_at) == int(new.starts_at)
    return new.starts_at >= now


def _matchers(items: Any) -> tuple[LabelMatcher, ...]:
    if not isinstance(items, list):
        raise Refused(400, "matchers: expected a list")
    if not items:
        raise Refused(422, "matchers in body should have at least 1 items", code=612)
    if len(items) > _MOST:
        raise Refused(413, f"{len(items)} matchers are more than {_MOST}")
    found = tuple(_matcher(index, item) for index, item in enumerate(items))
    if not any(refuses_the_empty(matcher) for matcher in found):
        raise Refused(400, "silence invalid: at least one matcher must not match the empty string")
    return found


def _matcher(index: int, item: Any) -> LabelMatcher:
    where = f"matchers.{index}"
    if not isinstance(item, Mapping):
        raise Refused(400, f"{where}: expected an object")
    for name in ("name", "value", "isRegex"):
        if item.get(name) is None:
            raise Refused(422, f"{where}.{name} in body is required", code=602)
    name, value, is_regex, is_equal = item["name"], item["value"], item["isRegex"], item.get("isEqual", True)
    if not isinstance(name, str) or not isinstance(value, str) or max(len(name), len(value)) > _LONGEST:
        raise Refused(400, f"{where}: name and value are strings of at most {_LONGEST} characters")
    if not isinstance(is_regex, bool) or not isinstance(is_equal, (bool, type(None))):
        raise Refused(400, f"{where}: isRegex and isEqual are true or false")
    if not _NAME.fullmatch(name):
        raise Refused(400, f'silence invalid: invalid label matcher {index}: invalid label name "{name:.60}"')
    return LabelMatcher(name, _OPERATORS[is_equal is not False, is_regex], value)
