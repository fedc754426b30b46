"""The watchdog: what tells of promises that tocsin itself could not keep, and that it is alive."""

from __future__ import annotations

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["Watchdog"]

_optional_name = attrs.validators.optional(_check.name)


@attrs.frozen(slots=True)
class Watchdog:
    """What happens when a promise is missed.

    Whatever a channel is owed is delivered, or explained by a reason, ``within_seconds`` after it was due; otherwise
    that is a gap. Gaps are told through ``channel_id`` (None: they are only counted and listed).
    ``heartbeat_channel`` is sent a heartbeat every ``heartbeat_seconds``, so that something outside can tell when
    they stop (None: no heartbeat).

    :raises ConfigurationError: when only one of the two heartbeat settings is given.
    """

    channel_id: str | None = attrs.field(default=None, validator=_optional_name)
    within_seconds: float = attrs.field(default=300.0, validator=_check.positive)
    heartbeat_channel: str | None = attrs.field(default=None, validator=_optional_name)
    heartbeat_seconds: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check.positive))

    def __attrs_post_init__(self) -> None:
        if (self.heartbeat_channel is None) != (self.heartbeat_seconds is None):
            raise ConfigurationError(
                "a heartbeat needs both heartbeat_channel and heartbeat_seconds", "heartbeat_seconds"
            )
