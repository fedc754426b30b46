"""What Slack's Web API answers, and what that means for a notification.

https://docs.slack.dev/apis/web-api/#responses: an answer is 200 with an object that has ``ok``, and, where that is
false, ``error``, a word; what the words mean is at each method, as at
https://docs.slack.dev/reference/methods/chat.postMessage#errors. Too many calls are 429 with ``Retry-After``:
https://docs.slack.dev/apis/web-api/rate-limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import httpx

from tocsin import Outcome
from tocsin.http import excerpt, json_answer, outcome_of, retry_after_seconds

__all__ = ["GONE", "UNFIT", "Answer", "answer_of"]

GONE: Final = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
"""The message that was to be changed, or replied to, is not there any more."""

UNFIT: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
"""Slack does not take the form of a message, which says nothing against telling it."""

_LATER: Final = frozenset(
    {
        *("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"),
        *("org_login_required", "external_channel_migrating"),
    }
)
"""Something is wrong with Slack itself, or it is being worked on. Part of a call may have succeeded nevertheless: the
next attempt looks for the message before it posts one."""

_TOO_MANY: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

_HINTS: Final[Mapping[str, str]] = {
    "account_inactive": "install the app again",
    "channel_not_found": "look at the channel's id; a private channel needs the app as a member",
    "invalid_auth": "look at the bot token",
    "is_archived": "the channel is archived",
    "missing_scope": "the app lacks a scope",
    "not_authed": "look at the bot token",
    "not_in_channel": "invite the app into the channel",
    "token_expired": "install the app again",
    "token_revoked": "install the app again",
}


@attrs.frozen(slots=True)
class Answer:
    """What came of one call: an outcome, and the object that was answered, empty where there was none.

    ``error`` is Slack's word for what is wrong; empty where nothing is, or where it is not Slack that says so.
    """

    outcome: Outcome
    document: Mapping[str, Any] = attrs.field(factory=dict)
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the call was carried out for certain."""
        return self.outcome.success

    def text(self, name: str) -> str:
        """Return a field that is to be a text; empty where it is none."""
        value = self.document.get(name)
        return value if isinstance(value, str) else ""

    def objects(self, name: str) -> list[Mapping[str, Any]]:
        """Return the objects in a field that is to be a list of such."""
        value = self.document.get(name)
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def answer_of(response: httpx.Response, secrets: Iterable[str]) -> Answer:
    """Return what *response* means; none of *secrets* is in the outcome's detail."""
    document = json_answer(response)
    code = response.status_code
    if not response.is_success:
        return Answer(outcome_of(response), document)
    if document.get("ok") is True:
        return Answer(Outcome.delivered(code=code), document)
    error = document.get("error")
    if document.get("ok") is False and isinstance(error, str):
        return Answer(_refusal(response, error, document, secrets), document, error)
    if document or response.headers.get("content-type", "").lower().startswith("text/html"):
        return Answer(Outcome.rejected("what answered is not Slack's Web API: look at api_url", code=code))
    return Answer(Outcome.unknown("the answer cannot be read; the message may have arrived", code=code))


def _refusal(response: httpx.Response, error: str, document: Mapping[str, Any], secrets: Iterable[str]) -> Outcome:
    code = response.status_code
    detail = excerpt(": ".join(part for part in (error, _more(error, document)) if part), secrets)
    if error in _TOO_MANY:
        return Outcome.throttled(detail, code=code, retry_after_seconds=retry_after_seconds(response.headers))
    if error in _LATER:
        return Outcome.unavailable(detail, code=code, retry_after_seconds=retry_after_seconds(response.headers))
    return Outcome.rejected(detail, code=code)


def _more(error: str, document: Mapping[str, Any]) -> str:
    """Say what can be done about it, or what Slack says beyond the word."""
    needed = document.get("needed")
    if error == "missing_scope" and isinstance(needed, str):
        return f"the app lacks the scope {needed}"
    metadata = document.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    said = "; ".join(item for item in messages if isinstance(item, str)) if isinstance(messages, list) else ""
    return _HINTS.get(error) or said
