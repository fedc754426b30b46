"""What the contract of backends is written with: how a backend is made, sent with, watched and given up."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, ClassVar, Final

import anyio
import anyio.to_thread
import attrs
import pytest

from tocsin.config.settings import structure_settings
from tocsin.errors import ConfigurationError, nearest
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome
from tocsin.model.template import NotificationTemplate
from tocsin.registry import BackendSpec
from tocsin.roles.backend import Backend, BackendContext
from tocsin.testing.contracts.owing import owes
from tocsin.testing.contracts.registered import PluginTests
from tocsin.testing.receiver import Answer, BackendReceiver

__all__ = ["BackendTests", "sample_template"]

_EXEMPTIONS: Final = ("apart", "heartbeat", "key", "retry after", "secrets", "templates")


class BackendTests(PluginTests):
    """What any backend owes to a service. Set :attr:`backend`; implement :meth:`open_receiver` and :meth:`settings`.

    ``exempt`` maps what a backend or its receiver cannot do to the reason, which the skipped tests show:

    - an :class:`Answer`'s value (``refuses``, ``hangs``, …): the receiver never answers so;
    - ``retry after``: the protocol has no way to say when to come back;
    - ``key``: the receiver cannot be told that an attempt is a repetition;
    - ``secrets``: no setting is secret;
    - ``templates``: a user's template cannot change what is sent;
    - ``heartbeat``: the receiver has no use for that tocsin is alive, or takes it in a form of its own;
    - ``apart``: there is only one receiver, however many channels there are.
    """

    pytestmark: ClassVar = pytest.mark.anyio

    backend: ClassVar[str] = ""
    """The name under which the backend is registered."""
    secrets: ClassVar[Sequence[str]] = ()
    """Strings within the settings that nobody may come to see: tokens, passwords."""
    harmful: ClassVar[Sequence[str]] = ()
    """Texts that the receiver acts on (mentions, links, commands), each at its shortest (``<!channel``, without what
    closes it): in an alert they must not arrive as they are."""
    exempt: ClassVar[Mapping[str, str]] = {}
    patience_seconds: ClassVar[float] = 30.0
    """After this a test that waits for what never comes gives up; nothing waits so long otherwise."""

    def open_receiver(self) -> AbstractContextManager[BackendReceiver]:
        """Return a receiver for this backend, fresh and not entered yet."""
        raise NotImplementedError("a contract class says what its backend is tested against: open_receiver()")

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        """Return valid settings, as a configuration file has them, of a channel that sends to *receiver*, which is
        one of :meth:`open_receiver`'s."""
        raise NotImplementedError("a contract class says how its backend is configured: settings(receiver)")

    def needs(self, *capabilities: str) -> None:
        """Skip the test when the backend is exempt from one of *capabilities*."""
        for capability in capabilities:
            if capability in self.exempt:
                pytest.skip(f"{capability}: {self.exempt[capability]}")

    def test_the_exemptions_are_known(self) -> None:
        """A misspelt one would exempt from nothing."""
        known = {*(answer.value for answer in Answer), *_EXEMPTIONS}
        for name, reason in self.exempt.items():
            owes(
                name in known and reason,
                f"`exempt` has {name!r}, with the reason {reason!r}{nearest(name, known)}",
                "name what the service cannot do, with the reason",
                "tocsin.testing.contracts.BackendContract.exempt",
            )

    # -- what the tests are written with -------------------------------------------------------------------------

    @property
    def spec(self) -> BackendSpec:
        """The backend's registration."""
        found: BackendSpec = self.registered("backend", self.registry.backends, self.backend)
        return found

    def config(self, receiver: BackendReceiver, **changes: Any) -> Any:
        """Return the settings, with *changes*, as an instance of the backend's config class."""
        try:
            return structure_settings({**self.settings(receiver), **changes}, self.spec.config_class)
        except ConfigurationError as error:
            raise AssertionError(f"settings() are none that {self.backend!r} takes: {error}") from None

    def make(self, receiver: BackendReceiver, channel_id: str = "ops", **changes: Any) -> Backend:
        """Return a backend of one channel, as the core makes it: not entered, and in no event loop."""
        return self.spec.factory(self.config(receiver, **changes), BackendContext(channel_id))

    @asynccontextmanager
    async def sending(self, receiver: BackendReceiver, **changes: Any) -> AsyncIterator[Backend]:
        """Give a backend that is entered, if it can be, and left; all that within :attr:`patience_seconds`."""
        backend = self.make(receiver, **changes)
        with self.limited():
            if hasattr(backend, "__aenter__"):
                async with backend:  # type: ignore[attr-defined]  # __aenter__ was looked up
                    yield backend
            else:
                yield backend

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Fail what does not end within :attr:`patience_seconds`."""
        with anyio.move_on_after(self.patience_seconds) as scope:
            yield
        self._went_on(not scope.cancelled_caught)

    def rendered(self, notification: Notification, template: NotificationTemplate | None = None) -> Notification:
        """Return *notification* with the message that the core would give it."""
        renderer = self.registry.renderers.get(self.spec.renderer)
        owes(
            renderer is not None,
            f"{self.backend!r} is registered with the renderer {self.spec.renderer!r}, which nobody registers",
            "register it with tocsin_register_renderers, or name another: 'text' is the default",
            "tocsin.BackendRegistrar.register, renderer",
        )
        assert renderer is not None
        return attrs.evolve(notification, message=renderer.spec.render(notification, template))

    async def attempt(self, backend: Backend, notification: Notification) -> Outcome:
        """Send *notification*, which has its message, and return what came of it: an outcome, and no exception."""
        try:
            outcome = await backend.send(notification)
        except Exception as error:  # whatever it is, its author is told
            raise AssertionError(
                f"send raised {type(error).__name__}: {error}\n"
                "  to mend it: catch what network and receiver do and return an Outcome; encode any text, broken too\n"
                "  the contract: tocsin.Backend.send (an exception only counts as unavailable, and is a gap)"
            ) from error
        owes(
            isinstance(outcome, Outcome),
            f"send returned {outcome!r:.80}",
            "return Outcome.delivered(), .rejected(), .unavailable(), .throttled() or .unknown()",
            "tocsin.Backend.send",
        )
        return outcome

    async def delivered(self, backend: Backend, notification: Notification) -> None:
        """Send *notification*, which has its message, to a receiver that takes what is right."""
        outcome = await self.attempt(backend, notification)
        owes(
            outcome.success,
            f"a receiver that takes everything that is right was not delivered to: {outcome}",
            "send what the service accepts (the receiver says why it refused), and return Outcome.delivered()",
            "tocsin.Backend.send",
        )

    @contextmanager
    def receiving(self, answer: Answer = Answer.TAKES) -> Iterator[BackendReceiver]:
        """Give a receiver that answers so. One that is waited for in vain is stopped, and the test fails."""
        given_up = threading.Event()
        with self.open_receiver() as receiver:
            receiver.will(answer)

            def give_up() -> None:
                given_up.set()
                receiver.stop()

            timer = threading.Timer(self.patience_seconds, give_up)
            timer.daemon = True
            timer.start()
            try:
                yield receiver
            except Exception as error:  # noqa: BLE001  it is raised again, unless it came of giving up
                if not given_up.is_set():
                    raise _first(error) from error.__cause__
            finally:
                timer.cancel()
        self._went_on(not given_up.is_set())

    def _went_on(self, went_on: bool) -> None:
        owes(
            went_on,
            f"nothing went on for {self.patience_seconds:g} s",
            "await the network instead of blocking the event loop (no requests, smtplib or time.sleep; or"
            " anyio.to_thread.run_sync with abandon_on_cancel=True), let cancellations pass, release locks in"
            " `finally`, and hold none while waiting for an answer",
            "tocsin.Backend.send",
        )

    async def until(self, receiver: BackendReceiver, holds: Callable[[], bool]) -> bool:
        """Wait until *holds*, asked whenever *receiver* notes something; False if it does not in time."""
        seconds = self.patience_seconds / 2
        return await anyio.to_thread.run_sync(receiver.wait_until, holds, seconds, abandon_on_cancel=True)

    async def until_arrived(self, receiver: BackendReceiver, before: int = 0) -> None:
        """Wait until more than *before* attempts have arrived."""
        owes(
            await self.until(receiver, lambda: len(receiver.arrivals) > before),
            f"nothing arrived at a receiver that {receiver.answer.value}",
            "send to where settings(receiver) says; a receiver calls arrived() as soon as it has read an attempt",
            "tocsin.testing.receiver.BackendReceiver",
        )


def _first(error: Exception) -> Exception:
    """Return what went wrong: of a group, as task groups raise them, its first member."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def sample_template(mark: str) -> NotificationTemplate:
    """Return a user's template for every notification, with *mark* in its words."""
    body = f"{mark}: {{status}} {{severity}} {{metric_name}} {{message}}"
    return NotificationTemplate("contract", "Contract", "any", f"{mark} {{status}}", body)
