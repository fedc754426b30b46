"""A backend that sends nothing: it records what it is given, and ends each attempt as a test has scripted it.

For tests of services, of plugins and of the engine::

    recording = RecordingBackend()
    recording.script("pager", Outcome.unavailable("busy"), Outcome.delivered())
    async with FederationAlertingService(plugins=[recording]) as alerting:
        alerting.add_channel(NotificationChannel("pager", "recording"))
        ...
    assert [notification.kind for notification in recording.received("pager")] == [...]
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import anyio
import attrs

from tocsin.hookspecs import hookimpl
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome
from tocsin.registry import BackendRegistrar
from tocsin.roles.backend import BackendContext

__all__ = ["Attempt", "RecordingBackend", "RecordingConfig"]


@attrs.frozen(slots=True)
class RecordingConfig:
    """Settings of a recording channel; ``note`` is free text and changes nothing."""

    note: str = ""


@attrs.frozen(slots=True, hash=False)
class Attempt:
    """One call of ``send``: what it was given, and how it ended.

    ``outcome`` is None while the attempt is under way, and for good where it raised or was cancelled.
    """

    notification: Notification
    outcome: Outcome | None = None


class RecordingBackend:
    """A plugin object that registers the backend *name*; give it to the service's ``plugins``.

    One object serves all channels of its name, and belongs to one test: it has no state beyond its own.

    :param name: the backend's name; several objects of different names may be registered together.
    :param options: further arguments of :meth:`tocsin.BackendRegistrar.register` (``human``, ``per_incident``,
        ``concurrency``, ``retry``, ``timeout_seconds``, ``renderer``).
    """

    def __init__(self, name: str = "recording", **options: Any) -> None:
        self.name: Final = name
        self.__name__ = f"recording backend {name!r}"
        self._options = options
        self._scripts: dict[str, deque[Outcome | BaseException | anyio.Event]] = {}
        self._attempts: list[Attempt] = []

    def script(self, channel_id: str, *ends: Outcome | BaseException | anyio.Event) -> None:
        """Say how the channel's next attempts end, one after another; those after them are delivered.

        An exception is raised by ``send``. An event is waited for, and the attempt is delivered once it is set: for
        receivers that hang.
        """
        self._scripts.setdefault(channel_id, deque()).extend(ends)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt so far, in the order in which they started."""
        return tuple(self._attempts)

    def tried(self, channel_id: str | None = None) -> tuple[Notification, ...]:
        """Return what attempts were made with, on one channel or on all, however they ended."""
        return tuple(
            attempt.notification
            for attempt in self._attempts
            if channel_id is None or attempt.notification.channel_id == channel_id
        )

    def received(self, channel_id: str | None = None) -> tuple[Notification, ...]:
        """Return what was delivered, on one channel or on all, in the order in which the attempts started."""
        return tuple(
            attempt.notification
            for attempt in self._attempts
            if attempt.outcome is not None
            and attempt.outcome.success
            and (channel_id is None or attempt.notification.channel_id == channel_id)
        )

    def clear(self) -> None:
        """Forget the attempts so far; scripts stay."""
        self._attempts.clear()

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        """Register the backend under this object's name."""
        registrar.register(self.name, self._make, config_class=RecordingConfig, **self._options)

    def _make(self, config: Any, context: BackendContext, /) -> _Channel:
        return _Channel(self, context.channel_id)

    async def _send(self, channel_id: str, notification: Notification) -> Outcome:
        place = len(self._attempts)
        self._attempts.append(Attempt(notification))
        script = self._scripts.get(channel_id)
        end = script.popleft() if script else Outcome.delivered()
        if isinstance(end, BaseException):
            raise end
        if not isinstance(end, Outcome):
            await end.wait()
            end = Outcome.delivered()
        if place < len(self._attempts):
            self._attempts[place] = Attempt(notification, end)
        return end


class _Channel:
    """One channel's backend."""

    def __init__(self, recording: RecordingBackend, channel_id: str) -> None:
        self._recording = recording
        self._channel_id = channel_id

    async def send(self, notification: Notification) -> Outcome:
        """Record *notification*, and end as scripted."""
        return await self._recording._send(self._channel_id, notification)
