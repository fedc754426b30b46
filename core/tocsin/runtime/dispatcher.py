"""The dispatcher: carries out attempts. It renders, sends and reports; it decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import anyio
import anyio.abc
import attrs

from tocsin.engine.plan import ChannelPlan
from tocsin.engine.turn import StartAttempt
from tocsin.errors import StoreError
from tocsin.model.facts import AttemptEnded, Fact, GapFound
from tocsin.model.notification import Message, Notification
from tocsin.model.outcome import Outcome
from tocsin.model.reason import GapKind
from tocsin.model.template import PLACEHOLDERS, NotificationTemplate
from tocsin.registry import Registry
from tocsin.runtime.answers import sound
from tocsin.runtime.backends import Backends
from tocsin.runtime.clocks import Clock
from tocsin.runtime.detached import being_cancelled, start_detached
from tocsin.runtime.failure import describe_failure

__all__ = ["Dispatcher"]

_log: Final = logging.getLogger("tocsin.runtime")
_REPORT_AGAIN_SECONDS: Final = 1.0


def plain_message(notification: Notification) -> Message:
    """Return the core's own form, for when a renderer failed: what is told must still be understood."""
    head = f"[{notification.status.value.upper()}] {notification.severity.value.upper()}"
    lines = [
        f"[{one.status.value.upper()}] {one.alert.severity.value} {one.alert.cluster_id} {one.alert.metric_name}: "
        f"{one.alert.message}"
        for one in notification.alerts
    ]
    return Message(f"{head}: {len(notification.alerts)} alert(s)", "\n".join(lines))


class Dispatcher:
    """Carries out attempts in *tasks*, each bounded in time, and reports each one's end through *submit*.

    *engine_time* gives the engine's time. *ended* is called after each, once nothing of it is left to do. *links*
    gives the address at which people see a notification.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        engine_time: Callable[[], float],
        tasks: anyio.abc.TaskGroup,
        submit: Callable[[tuple[Fact, ...]], Awaitable[object]],
        ended: Callable[[], None],
        links: Callable[[Notification], str] | None = None,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._engine_time = engine_time
        self._backends = Backends(tasks)
        self._submit = submit
        self._ended = ended
        self._links = links
        self._attempts: dict[anyio.CancelScope, str] = {}

    @property
    def under_way(self) -> frozenset[str]:
        """The ids of the notifications of which an attempt was started and has not ended."""
        return frozenset(self._attempts.values())

    def start(self, attempt: StartAttempt) -> None:
        """Start the attempt now, beside the others.

        Attempts are detached: whatever a backend does to its task, it cannot end the task group that the service, or
        the application around it, lives in.
        """
        scope = anyio.CancelScope()
        self._attempts[scope] = attempt.notification.notification_id
        start_detached(partial(self._attempt, attempt, scope), name=f"tocsin {attempt.notification.notification_id}")

    async def _attempt(self, attempt: StartAttempt, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                await self._carry_out(attempt)
            finally:
                del self._attempts[scope]
                self._ended()

    async def _carry_out(self, attempt: StartAttempt) -> None:
        notification, started, started_at = attempt.notification, self._clock.now(), self._engine_time()
        gaps: list[Fact] = []
        outcome = await self._send_in_time(attempt, gaps)
        seconds = self._clock.now() - started
        ended = AttemptEnded(notification.notification_id, notification.attempt, outcome, seconds, started_at)
        await self._report(gaps, ended)

    async def try_out(self, attempt: StartAttempt) -> Outcome:
        """Carry an attempt out that nobody but the caller hears of; what went wrong is in its outcome alone."""
        return await self._send_in_time(attempt, [])

    async def _send_in_time(self, attempt: StartAttempt, gaps: list[Fact]) -> Outcome:
        seconds = attempt.channel.spec.timeout_seconds
        outcome = Outcome.unknown(f"no answer within {seconds:g} s")
        with self._clock.move_on_after(seconds):
            outcome = await self._send(attempt, gaps)
        return outcome  # noqa: RET504  it may not have been assigned again

    async def _send(self, attempt: StartAttempt, gaps: list[Fact]) -> Outcome:
        channel = attempt.channel
        if channel.recorded:
            return Outcome.unavailable("the channel is not configured any more")
        notification = self._linked(attempt.notification, gaps)
        message = self._render(channel, notification, attempt.template, gaps)
        notification = attrs.evolve(notification, message=message)
        try:
            async with self._backends.lent(channel) as backend:
                answer = await backend.send(notification)
        except BaseException as error:  # a backend that raises is reported, and tried again
            if isinstance(error, (KeyboardInterrupt, GeneratorExit)) or being_cancelled():
                raise
            gaps.append(GapFound(GapKind.BACKEND_FAILED, channel.channel.channel_id, describe_failure(error)))
            return Outcome.unavailable(f"the backend raised {type(error).__name__}")
        outcome, problem = sound(answer)
        if problem is not None:
            gaps.append(GapFound(GapKind.BACKEND_FAILED, channel.channel.channel_id, problem))
        return outcome

    def _linked(self, notification: Notification, gaps: list[Fact]) -> Notification:
        if self._links is None:
            return notification
        try:
            link: object = self._links(notification)
            if not isinstance(link, str):
                raise TypeError(f"a link is text, and not {type(link).__name__}")
            return attrs.evolve(notification, link=link)
        except Exception as error:  # noqa: BLE001  a notification without its link is still told
            detail = f"its link could not be made: {describe_failure(error)}"
            gaps.append(GapFound(GapKind.RENDERER_FAILED, notification.channel_id, detail))
            return notification

    def _render(
        self,
        channel: ChannelPlan,
        notification: Notification,
        template: NotificationTemplate | None,
        gaps: list[Fact],
    ) -> Message:
        renderer = self._registry.renderers.get(channel.spec.renderer)
        if renderer is None:
            detail = f"no renderer is called {channel.spec.renderer!r}"
            gaps.append(GapFound(GapKind.RENDERER_FAILED, channel.channel.channel_id, detail))
            return plain_message(notification)
        for form in dict.fromkeys((template, None)):
            try:
                return renderer.spec.render(notification, self._filled(form, notification))
            except Exception as error:  # noqa: BLE001  a renderer that raises must not lose the alert
                gaps.append(GapFound(GapKind.RENDERER_FAILED, channel.channel.channel_id, describe_failure(error)))
        return plain_message(notification)

    def _filled(self, template: NotificationTemplate | None, notification: Notification) -> NotificationTemplate | None:
        """Return the template as its language fills it for *notification*; None where the default form is due."""
        if template is None or template.language == PLACEHOLDERS:
            return template
        return self._registry.template_languages[template.language].spec.language.fill(template, notification)

    async def _report(self, gaps: Sequence[Fact], ended: AttemptEnded) -> None:
        """Submit until it is committed: an attempt's end must not be lost to a store that fails for a while."""
        facts, level = (*gaps, ended), logging.ERROR
        while True:
            try:
                await self._submit(facts)
            except StoreError as error:
                _log.log(level, "an attempt's end could not be committed, trying again: %s", error)
                level = logging.DEBUG  # once is enough: the watchdog tells of a store that goes on failing
                await self._clock.sleep_until(self._clock.now() + _REPORT_AGAIN_SECONDS)
            except Exception as error:  # whatever it was, the notification must not stay under way for ever
                plain = attrs.evolve(ended, outcome=Outcome.unknown("the attempt's end could not be taken in"))
                if facts == (plain,):
                    raise
                _log.error("an attempt's end could not be taken in: %s", describe_failure(error))
                facts = (plain,)
            else:
                return

    def close(self) -> None:
        """Cancel the attempts that are under way, and let every backend's context end."""
        for scope in list(self._attempts):
            scope.cancel()
        self._backends.close()
