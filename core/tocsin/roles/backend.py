"""The role of a backend: it carries one notification to one receiver."""

from __future__ import annotations

from typing import Any, Protocol

import attrs

from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome

__all__ = ["Backend", "BackendContext", "BackendFactory"]


@attrs.frozen(slots=True)
class BackendContext:
    """What a backend is told about its place when it is made."""

    channel_id: str


class Backend(Protocol):
    """Carries notifications to one receiver: one object per channel, made when the channel is first used.

    :class:`tocsin.testing.contracts.BackendContract` holds one to what follows.

    It may also be an async context manager: then it is entered in the runtime's task before the first send, and left
    when the service ends or the channel's settings change.
    """

    async def send(self, notification: Notification) -> Outcome:
        """Try once to deliver, and say how it ended.

        - ``notification.message`` is rendered already; the ids are described at :class:`Notification`.
        - Several sends may run at the same time, for different incidents.
        - No retry, no waiting for a rate limit, no sleeping: the engine does that, from the outcome.
        - It is cancelled when its time is up; let the cancellation pass. That attempt is then *unknown*.
        - Return :meth:`Outcome.rejected` only for what no later attempt can mend. An exception counts as
          *unavailable* and is reported with its type; its text is not shown, for it may hold a secret.
        """
        ...


class BackendFactory(Protocol):
    """Makes a backend from its checked config; usually the backend's class. It must not do I/O."""

    def __call__(self, config: Any, context: BackendContext, /) -> Backend:
        """Return the backend of one channel; *config* is an instance of the registered config class."""
        ...
