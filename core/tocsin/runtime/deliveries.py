"""Deliveries: the history of attempts and the statistics, gathered from events in the guide's shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from tocsin.model.channel import NotificationChannel
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.event import AttemptFinished, Event, NotificationChanged
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Reason

__all__ = ["Deliveries"]

HISTORY: Final = 10_000
_RECENT: Final = 10


@attrs.define(slots=True)
class _Tally:
    sent: int = 0
    successful: int = 0
    milliseconds: float = 0.0

    def count(self, delivery: NotificationDelivery) -> None:
        self.sent += 1
        self.successful += delivery.success
        self.milliseconds += delivery.delivery_time_ms

    def figures(self) -> dict[str, float]:
        return {
            "total_sent": self.sent,
            "successful_deliveries": self.successful,
            "failed_deliveries": self.sent - self.successful,
            "success_rate_percent": 100.0 * self.successful / self.sent if self.sent else 100.0,
            "average_latency_ms": self.milliseconds / self.sent if self.sent else 0.0,
        }


class Deliveries:
    """The newest 10,000 attempts, and counts over all of them since the service was made.

    Attempts are counted, not notifications: one that needed three attempts counts two failures and a success. With
    nothing sent the success rate is 100.
    """

    def __init__(self) -> None:
        self.history: deque[NotificationDelivery] = deque(maxlen=HISTORY)
        self._all = _Tally()
        self._backends: dict[str, _Tally] = {}
        self._held = 0

    def observe(self, events: Iterable[Event], channels: Mapping[str, NotificationChannel]) -> None:
        """Take note of *events*; *channels* are those that are configured."""
        for event in events:
            if isinstance(event, AttemptFinished):
                self._count(event.delivery, channels)
            elif isinstance(event, NotificationChanged) and event.state is NotificationState.HELD:
                self._held += event.reason is Reason.RATE_LIMITED

    def _count(self, delivery: NotificationDelivery, channels: Mapping[str, NotificationChannel]) -> None:
        self.history.append(delivery)
        self._all.count(delivery)
        channel = channels.get(delivery.channel_id)
        backend = "?" if channel is None else str(channel.backend)
        self._backends.setdefault(backend, _Tally()).count(delivery)

    def delivery_stats(self) -> dict[str, float]:
        """Return the counts over everything."""
        return {**self._all.figures(), "rate_limited": self._held}

    def backend_stats(self) -> dict[str, dict[str, float]]:
        """Return the counts per backend."""
        return {name: tally.figures() for name, tally in sorted(self._backends.items())}

    def recent(self) -> list[dict[str, Any]]:
        """Return the last ten attempts as plain data, the newest last."""
        return [attrs.asdict(delivery) for delivery in list(self.history)[-_RECENT:]]
