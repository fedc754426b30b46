"""A backend for tests of the service: it writes down what it is given and answers as the test tells it to."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self

import anyio
import attrs

from tocsin import (
    AlertSeverity,
    BackendContext,
    Entry,
    Event,
    MemoryStore,
    Message,
    Notification,
    NotificationChannel,
    NotificationTemplate,
    Outcome,
    PerformanceAlert,
    RetryPolicy,
    hookimpl,
)

__all__ = ["HANG", "Journal", "Observing", "Post", "alert", "listed", "told"]

HANG = object()
"""The answer that never comes."""


def alert(alert_id: str = "a1", **changes: Any) -> PerformanceAlert:
    """Return an alert, of severity error unless *changes* say otherwise."""
    fields: dict[str, Any] = {
        "alert_id": alert_id,
        "cluster_id": "prod-1",
        "severity": AlertSeverity.ERROR,
        "metric_name": "cpu",
        "current_value": 93.5,
        "threshold_value": 90.0,
        "message": "too hot",
    }
    return PerformanceAlert(**{**fields, **changes})


def listed(notification: Notification) -> list[str]:
    """Return the ids of the alerts that *notification* lists."""
    return sorted(one.alert.alert_id for one in notification.alerts)


@attrs.frozen
class PostConfig:
    """The backend has no settings but one, which is a secret."""

    token: str = attrs.field(default="", repr=False)


class Post:
    """A plugin with the backends ``post`` (a plain object) and ``held_post`` (an async context manager).

    Each channel's answers are scripted with :meth:`will`: an outcome, an exception to raise, :data:`HANG`, or
    anything else, which is returned as it is. Without a script everything is delivered.
    """

    def __init__(self, *, name: str = "Post", timeout_seconds: float = 30.0) -> None:
        self.__name__ = name
        self.sent: list[Notification] = []
        self.made: list[tuple[str, PostConfig]] = []
        self.entered: list[tuple[str, int]] = []
        self.left: list[tuple[str, int]] = []
        self.cancelled = 0
        self.enter_error: Exception | None = None
        self.leave_error: Exception | None = None
        self._timeout_seconds = timeout_seconds
        self._answers: dict[str, deque[Any]] = defaultdict(deque)

    def will(self, channel_id: str, *answers: Any) -> None:
        """Queue answers of a channel, one for each attempt to come."""
        self._answers[channel_id].extend(answers)

    def channel(self, channel_id: str, **options: Any) -> NotificationChannel:
        """Return a channel of the backend ``post``."""
        return NotificationChannel(channel_id=channel_id, backend=options.pop("backend", "post"), **options)

    def to(self, channel_id: str) -> list[Notification]:
        """Return what a channel was given, in order."""
        return [notification for notification in self.sent if notification.channel_id == channel_id]

    async def take(self, notification: Notification) -> Any:
        """Write *notification* down and answer."""
        self.sent.append(notification)
        answers = self._answers[notification.channel_id]
        answer = answers.popleft() if answers else Outcome.delivered("fine", code=200)
        if answer is HANG:
            try:
                await anyio.Event().wait()
            finally:
                self.cancelled += 1
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def make(self, config: PostConfig, context: BackendContext) -> _Sender:
        """Make the backend of one channel."""
        self.made.append((context.channel_id, config))
        return _Sender(self, context)

    def make_held(self, config: PostConfig, context: BackendContext) -> _HeldSender:
        """Make one that is an async context manager."""
        self.made.append((context.channel_id, config))
        return _HeldSender(self, context)

    @hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None:
        """Register both."""
        for name, factory in (("post", self.make), ("held_post", self.make_held)):
            registrar.register(
                name,
                factory,
                config_class=PostConfig,
                timeout_seconds=self._timeout_seconds,
                retry=RetryPolicy(base_seconds=2.0, max_attempts=3),
            )


class _Sender:
    def __init__(self, post: Post, context: BackendContext) -> None:
        self.post = post
        self.context = context

    async def send(self, notification: Notification) -> Any:
        return await self.post.take(notification)


class _HeldSender(_Sender):
    async def __aenter__(self) -> Self:
        if self.post.enter_error is not None:
            raise self.post.enter_error
        self.post.entered.append((self.context.channel_id, anyio.get_current_task().id))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.post.left.append((self.context.channel_id, anyio.get_current_task().id))
        if self.post.leave_error is not None:
            raise self.post.leave_error


def told(post: Post, channel_id: str) -> set[str]:
    """Return the ids of all alerts that a channel was told of while they fired."""
    return {one.alert.alert_id for notification in post.to(channel_id) for one in notification.firing}


class Observing:
    """A plugin with one observer, which writes events down and may raise."""

    def __init__(self, react: Callable[[Event], None] | None = None) -> None:
        self.events: list[Event] = []
        self._react = react

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)
        if self._react is not None:
            self._react(event)

    @hookimpl
    def tocsin_register_observers(self, registrar: Any) -> None:
        """Register it."""
        registrar.register("observing", self)


class Journal(MemoryStore):
    """A store in memory that fails as often as it is told to."""

    def __init__(self) -> None:
        super().__init__(entries=100_000)
        self.failures = 0
        self.closed = 0

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, or fail."""
        if self.failures:
            self.failures -= 1
            raise OSError("no space left on /srv/s3cret-path")
        super().commit(entry)

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class Rendering:
    """A plugin with the renderer ``brittle``, which raises, and a backend that uses it."""

    def __init__(self, post: Post, *, only_templates: bool = False) -> None:
        self._post = post
        self._only_templates = only_templates

    def render(self, notification: Notification, template: NotificationTemplate | None, /) -> Message:
        """Raise, always or with a template."""
        if self._only_templates and template is None:
            return Message("subject", "the default form")
        raise RuntimeError("s3cret")

    @hookimpl
    def tocsin_register_renderers(self, registrar: Any) -> None:
        """Register it."""
        registrar.register("brittle", self.render)

    @hookimpl
    def tocsin_register_backends(self, registrar: Any) -> None:
        """Register its user, and one whose renderer does not exist."""
        registrar.register("brittle_post", self._post.make, config_class=PostConfig, renderer="brittle")
        registrar.register("unrendered_post", self._post.make, config_class=PostConfig, renderer="nonesuch")
