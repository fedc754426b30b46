"""The settings of a Teams channel."""

from __future__ import annotations

import attrs

from tocsin.http import HttpOptions, attempt_timeout, http_url, redact_url

__all__ = ["TeamsConfig"]


@attrs.frozen(slots=True, kw_only=True)
class TeamsConfig:
    """Settings of a Teams channel.

    ``webhook_url`` is that of a workflow which posts to a chat or a channel when a webhook request is received; it is a
    secret. ``timeout_seconds`` limits one attempt, from connecting to the end of the answer; at most 60. ``http`` says
    how requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; the URL is never repeated.
    """

    webhook_url: str = attrs.field(validator=http_url, repr=redact_url)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)
