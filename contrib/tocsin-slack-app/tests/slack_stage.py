"""A service on a virtual clock that sends to a real receiver, each answer being there before the next deadline."""

from __future__ import annotations

import attrs

from tocsin import FederationAlertingService, NotificationState
from tocsin.testing.clock import VirtualClock

__all__ = ["Stage"]


@attrs.frozen
class Stage:
    """A service and its clock."""

    alerting: FederationAlertingService
    clock: VirtualClock

    async def pass_time(self, seconds: float = 0.0) -> None:
        """Let *seconds* pass; whatever is sent meanwhile has been answered afterwards."""
        end = self.clock.now() + seconds
        await self._answered()
        while (due := self.clock.next_deadline()) is not None and due <= end:
            await self.clock.advance(max(0.0, due - self.clock.now()))
            await self._answered()
        await self.clock.advance(end - self.clock.now())

    async def _answered(self) -> None:
        await self.clock.settle()
        await self.clock.until(
            lambda: all(one.state is not NotificationState.SENDING for one in self.alerting.outgoing)
        )
