"""A backend's life: made without I/O, cancelled at any moment, left without anything open."""

from __future__ import annotations

import gc
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from tocsin.model.channel import NotificationChannel
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.roles.backend import Backend
from tocsin.runtime.service import FederationAlertingService
from tocsin.testing.clock import VirtualClock
from tocsin.testing.contracts.backend_tests import BackendTests
from tocsin.testing.contracts.owing import owes
from tocsin.testing.receiver import Answer, BackendReceiver
from tocsin.testing.samples import make_notification

__all__ = ["LifeContract"]

_TIMEOUTS = (0.05, 0.5, 5.0)
"""One after another, until one is long enough to arrive in."""

_LONGEST = 300.0


class LifeContract(BackendTests):
    """From being made to being left."""

    def test_its_registration_makes_sense(self) -> None:
        """A renderer that there is, and a timeout that comes after its own."""
        spec = self.spec
        self.rendered(make_notification())
        owes(
            0 < spec.timeout_seconds <= _LONGEST,
            f"one attempt may take {spec.timeout_seconds!r} s",
            f"register with a timeout_seconds above zero and at most {_LONGEST:g}",
            "tocsin.BackendRegistrar.register, timeout_seconds",
        )
        owes(spec.concurrency >= 1, f"{spec.concurrency} sends at a time", "register with at least one", "concurrency")
        with self.open_receiver() as receiver:
            own = getattr(self.config(receiver), "timeout_seconds", None)
        owes(
            own is None or own < spec.timeout_seconds,
            f"its own timeout of {own!r} s comes no sooner than the framework's of {spec.timeout_seconds:g} s",
            "register with a timeout_seconds above the longest that a channel may set: the backend knows more than the"
            " framework about how far an attempt got",
            "tocsin.BackendRegistrar.register, timeout_seconds",
        )

    def test_making_it_does_no_io(self) -> None:
        """It is made outside of any event loop, and reaches nobody."""
        with self.open_receiver() as receiver, _watched_sockets() as reached:
            self.make(receiver)
            arrived = receiver.arrivals
        owes(
            not reached and not arrived,
            f"making the backend did I/O: {reached or arrived}",
            "connect in send, or in __aenter__; the factory only keeps its config",
            "docs/reference/hooks.md, tocsin_register_backends: it does no I/O",
        )

    async def test_it_is_left_without_anything_open(self) -> None:
        """After it was used, after a send was cancelled, and unused: no connection, no task, no resource."""
        before = {task.id for task in anyio.get_running_tasks()}
        with _unclosed() as warned, self.receiving() as receiver:
            async with self.sending(receiver):
                pass
            async with self.sending(receiver) as backend:
                await self.delivered(backend, self.rendered(make_notification()))
                if Answer.HANGS.value not in self.exempt:
                    await self._cancelled(receiver, backend)
            del backend
            await _turns()
            tasks = [task.name for task in anyio.get_running_tasks() if task.id not in before]
            shut = await self.until(receiver, lambda: receiver.still_open == 0)
        mend = "be an async context manager whose __aexit__ closes all; close in `finally` what one send opened"
        source = "tocsin.Backend: left when the service ends or the channel's settings change"
        owes(shut, f"{receiver.still_open} connections stayed open", mend, source)
        owes(not tasks, f"tasks go on: {tasks}", mend, source)
        owes(not warned, f"left unclosed: {warned}", mend, source)

    async def test_a_cancellation_passes(self) -> None:
        """At once, and the backend works afterwards."""
        self.needs(Answer.HANGS.value)
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                await self._cancelled(receiver, backend)
                receiver.will(Answer.TAKES)
                await self.delivered(backend, self.rendered(make_notification()))

    async def test_a_send_that_hangs_holds_up_no_other(self) -> None:
        """While one waits for its answer, another is sent and answered."""
        self.needs(Answer.HANGS.value)
        if self.spec.concurrency == 1:
            pytest.skip("it is registered with a concurrency of one")
        outcomes: list[Outcome] = []

        async def send(backend: Backend, notification: Notification) -> None:
            outcomes.append(await self.attempt(backend, self.rendered(notification)))

        with self.receiving(Answer.HANGS) as receiver:
            async with self.sending(receiver) as backend, anyio.create_task_group() as tasks:
                tasks.start_soon(send, backend, make_notification(notification_id="ntf-hangs"))
                await self.until_arrived(receiver)
                receiver.will(Answer.TAKES)
                await self.delivered(backend, self.rendered(make_notification(notification_id="ntf-other")))
                await _turns()
                tasks.cancel_scope.cancel()
        owes(
            not outcomes,
            f"while the receiver hung, its send returned {outcomes}",
            "wait for the answer that belongs to the send; one connection each, or answers told apart",
            "tocsin.Backend.send: several sends may run at the same time",
        )

    async def test_its_own_timeout_is_kept(self) -> None:
        """Where the settings have a ``timeout_seconds``: no exception, and not delivered."""
        self.needs(Answer.HANGS.value)
        for seconds in _TIMEOUTS:
            outcome, arrived = await self._timed_out(seconds)
            owes(
                outcome.status is OutcomeStatus.UNKNOWN
                or (outcome.status is OutcomeStatus.UNAVAILABLE and not arrived),
                f"after its timeout an attempt that {'arrived' if arrived else 'had not arrived'} at a receiver that"
                f" hangs is {outcome}",
                "return Outcome.unknown() where it may have arrived, Outcome.unavailable() where it cannot have",
                "tocsin.Outcome.unknown",
            )
            if arrived:
                return

    async def _timed_out(self, seconds: float) -> tuple[Outcome, bool]:
        """Return what comes of an attempt that may take *seconds*, and whether it has arrived."""
        with self.receiving(Answer.HANGS) as receiver:
            if not hasattr(self.config(receiver), "timeout_seconds"):
                pytest.skip("its settings have no timeout_seconds: the framework's alone limits an attempt")
            async with self.sending(receiver, timeout_seconds=seconds) as backend:
                outcome = await self.attempt(backend, self.rendered(make_notification()))
            return outcome, bool(receiver.arrivals)

    async def test_a_service_sends_with_it(self) -> None:
        """A channel with these settings is configured, tried, and given up after the framework's timeout."""
        clock = VirtualClock()
        with self.receiving() as receiver, self.limited():
            async with FederationAlertingService(clock=clock, plugins=self.plugins, seed=1) as alerting:
                alerting.add_channel(NotificationChannel("ops", self.backend, config=self.settings(receiver)))
                tried = await alerting.send_test("ops")
                owes(
                    tried.success,
                    f"a service that tries a channel with these settings gets {tried}",
                    "work on settings that come through a configuration, and in whatever task the service sends from",
                    "tocsin.Backend",
                )
                if Answer.HANGS.value in self.exempt:
                    return
                receiver.will(Answer.HANGS)
                given_up = await self._given_up(clock, receiver, alerting)
        owes(
            given_up.status is OutcomeStatus.UNKNOWN,
            f"an attempt that the framework gives up is {given_up}",
            "let the cancellation pass: the attempt is then unknown",
            "tocsin.Backend.send",
        )

    async def _given_up(
        self, clock: VirtualClock, receiver: BackendReceiver, alerting: FederationAlertingService
    ) -> Outcome:
        """Return what comes of an attempt at a receiver that hangs, once the framework's time is up."""
        outcomes: list[Outcome] = []

        async def send() -> None:
            outcomes.append(await alerting.send_test("ops"))

        before = len(receiver.arrivals)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await self.until_arrived(receiver, before)
            await clock.advance(self.spec.timeout_seconds + 1)
        return outcomes[0]

    async def _cancelled(self, receiver: BackendReceiver, backend: Backend) -> None:
        """Cancel a send while its receiver hangs."""
        receiver.will(Answer.HANGS)
        before, ended = len(receiver.arrivals), list[str]()

        async def send(scope: anyio.CancelScope) -> None:
            with scope:
                try:
                    ended.append(f"returned {await backend.send(self.rendered(make_notification()))}")
                except Exception as error:  # noqa: BLE001  whatever it is, its author is told
                    ended.append(f"raised {type(error).__name__}: {error}")

        async with anyio.create_task_group() as tasks:
            scope = anyio.CancelScope()
            tasks.start_soon(send, scope)
            await self.until_arrived(receiver, before)
            scope.cancel()
        owes(
            not ended and scope.cancelled_caught,
            f"a send that was cancelled {ended[0] if ended else 'ended as if it was not'}",
            "let the cancellation pass: catch Exception and never BaseException, re-raise"
            " anyio.get_cancelled_exc_class(), and shield only what is short",
            "tocsin.Backend.send: it is cancelled when its time is up",
        )


async def _turns() -> None:
    """Give the other tasks of the loop a few turns."""
    for _ in range(8):
        await anyio.lowlevel.checkpoint()


@contextmanager
def _watched_sockets() -> Iterator[list[str]]:
    """Give what is connected to, or looked up, meanwhile."""
    reached: list[str] = []
    patch = pytest.MonkeyPatch()
    for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        _watch(patch, owner, name, reached)
    try:
        yield reached
    finally:
        patch.undo()


def _watch(patch: pytest.MonkeyPatch, owner: Any, name: str, reached: list[str]) -> None:
    original = getattr(owner, name)

    def noting(*arguments: Any, **options: Any) -> Any:
        reached.append(f"socket.{name}")
        return original(*arguments, **options)

    patch.setattr(owner, name, noting)


@contextmanager
def _unclosed() -> Iterator[list[str]]:
    """Give the warnings of what is collected meanwhile without having been closed."""
    found: list[str] = []
    gc.freeze()  # what was there before is not looked at, which would take long
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            yield found
            gc.collect()
        found += [str(one.message) for one in caught if issubclass(one.category, ResourceWarning)]
    finally:
        gc.unfreeze()
