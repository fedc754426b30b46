"""A channel: one place that can be told, through one backend."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.severity import AlertSeverity, parse_severity

__all__ = [
    "NotificationBackend",
    "NotificationChannel",
    "create_console_channel",
    "create_slack_channel",
    "create_webhook_channel",
]


class NotificationBackend(enum.StrEnum):
    """Well-known backend names; a channel takes the name of any registered backend, these are only spelt for you."""

    CONSOLE = "console"
    SLACK = "slack"
    WEBHOOK = "webhook"
    EMAIL = "email"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"
    DISCORD = "discord"
    TEAMS = "teams"
    TELEGRAM = "telegram"
    EXEC = "exec"
    FILE = "file"


def _backend(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"a channel's backend is the name of a registered backend, not {value!r}", "backend")
    try:
        return NotificationBackend(value)
    except ValueError:
        return value


def _settings(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"a channel's config is a mapping, not {type(value).__name__}", "config")
    return dict(value)


def _redacted(config: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key!r}: ***" for key in config) + "}"


def _rate(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ConfigurationError(
            f"rate_limit_per_minute is a whole number of at least 1, or None for no limit, not {value!r}",
            attribute.name,
        )


@attrs.frozen(slots=True, kw_only=False, hash=False)
class NotificationChannel:
    """One place that can be told.

    ``config`` holds the backend's own settings; they are checked by the backend's config class when the channel is
    added, and never shown in a repr. ``rate_limit_per_minute``: at most that many attempts start in any 60 seconds
    (None: no limit). ``template_name`` names a template by its id. ``fallback`` is the channel that is told when a
    notification dies here, or is still undelivered after ``fallback_after_seconds``. ``human`` says whether a person
    reads it (None: the backend's own default). ``send_resolved=False`` keeps resolutions away from it.

    :raises ConfigurationError: when a field has a value that no channel can have.
    """

    channel_id: str = attrs.field(validator=_check.name)
    backend: str = attrs.field(converter=_backend)
    config: Mapping[str, Any] = attrs.field(factory=dict, converter=_settings, repr=_redacted)
    min_severity: AlertSeverity = attrs.field(default=AlertSeverity.INFO, converter=parse_severity)
    rate_limit_per_minute: int | None = attrs.field(default=None, validator=_rate)
    enabled: bool = attrs.field(default=True, validator=_check.boolean)
    template_name: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))
    fallback: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))
    fallback_after_seconds: float = attrs.field(default=300.0, validator=_check.positive)
    human: bool | None = attrs.field(default=None, validator=attrs.validators.optional(_check.boolean))
    send_resolved: bool = attrs.field(default=True, validator=_check.boolean)

    def __attrs_post_init__(self) -> None:
        if self.fallback == self.channel_id:
            raise ConfigurationError(f"channel {self.channel_id!r} cannot be its own fallback", "fallback")


def create_console_channel(
    channel_id: str, min_severity: AlertSeverity | str = AlertSeverity.INFO, **options: Any
) -> NotificationChannel:
    """Return a channel that prints on this process's standard output; *options* are further channel fields."""
    return NotificationChannel(
        channel_id=channel_id, backend=NotificationBackend.CONSOLE, min_severity=min_severity, **options
    )


def create_slack_channel(
    channel_id: str,
    webhook_url: str,
    min_severity: AlertSeverity | str = AlertSeverity.WARNING,
    **options: Any,
) -> NotificationChannel:
    """Return a channel that posts to a Slack incoming webhook; *options* are further channel fields."""
    return NotificationChannel(
        channel_id=channel_id,
        backend=NotificationBackend.SLACK,
        config={"webhook_url": webhook_url},
        min_severity=min_severity,
        **options,
    )


def create_webhook_channel(
    channel_id: str,
    webhook_url: str,
    headers: Mapping[str, str] | None = None,
    min_severity: AlertSeverity | str = AlertSeverity.INFO,
    **options: Any,
) -> NotificationChannel:
    """Return a channel that posts JSON to *webhook_url*; *options* are further channel fields."""
    config: dict[str, Any] = {"webhook_url": webhook_url}
    if headers:
        config["headers"] = dict(headers)
    return NotificationChannel(
        channel_id=channel_id,
        backend=NotificationBackend.WEBHOOK,
        config=config,
        min_severity=min_severity,
        **options,
    )
