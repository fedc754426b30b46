"""Delivery: each listener has a queue and a task of its own, so that none waits for another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from tocsin.performance.crew import Bell, Crew
from tocsin.performance.notice import Notice
from tocsin.performance.subscription import Subscription
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure

__all__ = ["Delivery"]

_log: Final = logging.getLogger("tocsin.performance")


class Delivery:
    """Hands notices to listeners while a crew works; until then they wait in the queues.

    :param patience: after how many seconds a delivery that does not end is reported as hanging.
    """

    def __init__(self, clock: Clock, patience: float) -> None:
        self.subscriptions: tuple[Subscription, ...] = ()
        self._clock = clock
        self._patience = patience
        self._crew: Crew | None = None
        self._bells: dict[Subscription, Bell] = {}
        self._served: set[Subscription] = set()

    def add(self, subscription: Subscription) -> None:
        """Listen from now on; callable from any thread."""
        self.subscriptions = (*self.subscriptions, subscription)
        self._wake()

    def publish(self, notices: Sequence[Notice]) -> None:
        """Owe *notices* to every listener that wants them; callable from any thread, never waits."""
        if not notices:
            return
        for subscription in self.subscriptions:
            for notice in notices:
                subscription.put(notice)
        self._wake()

    def employ(self, crew: Crew) -> None:
        """Let *crew*, of the running event loop, deliver from now on."""
        self._crew, self._bells, self._served = crew, {}, set()
        for subscription in self.subscriptions:
            subscription.reset()
        self._attend(crew)

    def dismiss(self, crew: Crew) -> None:
        """Deliver no more with *crew*; another that was employed meanwhile goes on."""
        if self._crew is crew:
            self._crew = None

    def look_after(self) -> None:
        """Once per period: try again what failed, and report who hangs."""
        for subscription in self.subscriptions:
            subscription.retry()
            since = subscription.busy_since
            if since is not None and not subscription.hung and self._clock.now() - since >= self._patience:
                subscription.hung = True
                _log.warning("callback %s hangs for %.0f s", subscription.name, self._clock.now() - since)
        self._wake()

    def settled(self) -> bool:
        """Whether every listener that does not hang has got what it is owed now."""
        return all(subscription.settled for subscription in self.subscriptions)

    def _wake(self) -> None:
        crew = self._crew
        if crew is not None:
            crew.call(partial(self._attend, crew))

    def _attend(self, crew: Crew) -> None:
        """In the crew's loop: every listener has a worker, and every worker looks at its queue."""
        if self._crew is not crew:
            return
        for subscription in self.subscriptions:
            bell = self._bells.get(subscription) or self._hire(crew, subscription)
            bell.ring()
        crew.bell.ring()

    def _hire(self, crew: Crew, subscription: Subscription) -> Bell:
        if subscription in self._served:  # it had a worker, and this crew was not told to end
            self._report(subscription, "ended its own task")
        self._served.add(subscription)
        bell = self._bells[subscription] = Bell()
        crew.start(partial(self._work, crew, subscription, bell), name=f"tocsin metrics: {subscription.name}")
        return bell

    async def _work(self, crew: Crew, subscription: Subscription, bell: Bell) -> None:
        try:
            while True:
                notices = subscription.take()
                if notices:
                    await self._deliver(subscription, notices)
                    crew.bell.ring()
                else:
                    await bell.heard()
        finally:  # also when the listener ended its own task: the next call gives it a new one
            if self._bells.get(subscription) is bell:
                del self._bells[subscription]

    async def _deliver(self, subscription: Subscription, notices: list[Notice]) -> None:
        subscription.busy_since = self._clock.now()
        taken = False
        try:
            await subscription.deliver(notices)
            taken = True
        except Exception as error:  # noqa: BLE001  # whatever a listener raises is its own affair: logged and counted
            self._report(subscription, describe_failure(error))
        finally:
            if not taken:
                subscription.owe_again(notices)
            self._free(subscription)
        if taken:
            subscription.succeeded()

    def _report(self, subscription: Subscription, problem: str) -> None:
        if subscription.failed(problem):
            _log.warning("callback %s failed: %s", subscription.name, problem)

    def _free(self, subscription: Subscription) -> None:
        subscription.busy_since = None
        if subscription.hung:
            subscription.hung = False
            _log.info("callback %s hangs no more", subscription.name)
