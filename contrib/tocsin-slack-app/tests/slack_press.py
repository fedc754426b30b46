"""What Slack sends when somebody presses a button: a form, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_peer import CHANNEL

from tocsin.testing.samples import NOW

__all__ = ["SECRET", "USER", "body_of", "headers_of", "payload_of"]

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
USER = "U0ADA0001"


def payload_of(message: Mapping[str, Any], action_id: str, *, user: str = USER, name: str = "ada") -> dict[str, Any]:
    """Return what somebody who presses that button under *message* causes.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    buttons = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    (button,) = [one for one in buttons if one["action_id"] == action_id]
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": "T0001"},
        "api_app_id": "A1",
        "token": "deprecated",
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": CHANNEL,
            "is_ephemeral": False,
        },
        "trigger_id": "1.2.3",
        "team": {"id": "T0001", "domain": "example"},
        "channel": {"id": CHANNEL, "name": "alerts"},
        "message": dict(message),
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T0001/1/x",
        "actions": [{"block_id": "tocsin_actions", "action_ts": f"{NOW:.6f}", **button}],
    }


def body_of(payload: Any) -> bytes:
    """Return the form."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def headers_of(body: bytes, at: float, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a request that was signed at an instant.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    timestamp = str(int(at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest}",
    }
