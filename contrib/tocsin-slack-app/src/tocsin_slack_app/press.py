"""What somebody pressed, as Slack tells it.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload: a form whose field ``payload`` is JSON,
with the user, the actions, and the message under which the button is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import attrs

from tocsin import wording
from tocsin_slack_app.buttons import ACKNOWLEDGE, RESOLVE, Target
from tocsin_slack_app.mrkdwn import harmless

__all__ = ["MalformedPressError", "Press", "press_in"]

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,30}")
_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_NAME: Final = 80


class MalformedPressError(Exception):
    """A request that Slack signed, and that is none that can be understood."""


@attrs.frozen(slots=True)
class Press:
    """One button that was pressed: which, about what, by whom, and under which message."""

    action: str
    target: Target
    user_id: str
    user_name: str
    channel: str
    ts: str
    text: str
    blocks: tuple[Mapping[str, Any], ...]

    @property
    def author(self) -> str:
        """Who it was, for the ledger: the name, which people may change, and the id, which they may not."""
        return f"slack:{self.user_name} ({self.user_id})" if self.user_name else f"slack:{self.user_id}"


def press_in(body: bytes) -> Press | None:
    """Return what was pressed; None for what is none of tocsin's buttons, or one that only leads somewhere.

    :raises MalformedPressError: for what Slack would not send.
    """
    payload = _payload(body)
    if payload.get("type") != "block_actions":
        return None
    for action in _objects(payload.get("actions")):
        if action.get("action_id") in (ACKNOWLEDGE, RESOLVE):
            return _press(payload, action)
    return None


def _payload(body: bytes) -> Mapping[str, Any]:
    try:
        form = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=10)
        (text,) = form["payload"]
        payload = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        raise MalformedPressError("there is no payload that can be read") from None
    if not isinstance(payload, dict):
        raise MalformedPressError("the payload is no object")
    return payload


def _press(payload: Mapping[str, Any], action: Mapping[str, Any]) -> Press:
    target = Target.read(action.get("value"))
    if target is None or (action.get("action_id") == RESOLVE and not target.alert_ids):
        raise MalformedPressError("the button does not say what it is about")
    user, message = _object(payload.get("user")), _object(payload.get("message"))
    name = user.get("username") or user.get("name")
    text = message.get("text")
    return Press(
        action=str(action["action_id"]),
        target=target,
        user_id=_matching(_USER, user.get("id"), "user"),
        user_name=wording.shortened(harmless(wording.one_line(name)), _NAME) if isinstance(name, str) else "",
        channel=_matching(_CHANNEL, _object(payload.get("channel")).get("id"), "channel"),
        ts=_matching(_TS, message.get("ts"), "message"),
        text=text if isinstance(text, str) else "",
        blocks=tuple(_objects(message.get("blocks"))),
    )


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MalformedPressError(f"it is not said which {what}")
    return value


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
