"""Whether a request is Slack's: it is signed, and it is fresh.

https://docs.slack.dev/authentication/verifying-requests-from-slack: ``v0=`` and the hex digits of the HMAC-SHA256 over
``v0:``, the timestamp of the header, ``:`` and the body as it came; what is older than five minutes may be a replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["FRESH_SECONDS", "is_signed", "signature"]

FRESH_SECONDS: Final = 300.0
"""So far the timestamp of a request may be from our own clock, in both directions."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what the header ``X-Slack-Signature`` is to be."""
    signed = b"v0:" + timestamp.encode("ascii") + b":" + body
    return "v0=" + hmac.new(secret.encode("ascii"), signed, hashlib.sha256).hexdigest()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether Slack signed *body* less than five minutes ago.

    :param headers: by names in lower case.
    :param now: seconds since the epoch.
    """
    timestamp = headers.get("x-slack-request-timestamp", "")
    if not _TIMESTAMP.fullmatch(timestamp) or abs(now - int(timestamp)) > FRESH_SECONDS:
        return False
    given = headers.get("x-slack-signature", "").encode("utf-8", "replace")
    return hmac.compare_digest(signature(secret, timestamp, body).encode("ascii"), given)
