"""A look at what became of notifications, and at the channels that they go through."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from tocsin import Clock, FederationAlertingService, NotificationDelivery, NotificationState, Reason
from tocsin_server.api.channels import shown_channels
from tocsin_server.api.deliveries import ShownDelivery, shown_deliveries

__all__ = ["MINUTES", "ChannelLook", "DeliveryLook", "look_at_deliveries"]

MINUTES: Final = 60
"""For so long back it is shown how channels went."""

_BARS: Final = 30
_HIGHEST: Final = 24.0


@attrs.frozen(slots=True)
class Bar:
    """One bar of a plot; ``x``, ``height`` and ``part``, the lower part that is marked, are in the plot's units."""

    x: int
    height: float
    part: float = 0.0


@attrs.frozen(slots=True)
class ChannelLook:
    """A channel: its document, and what goes through it.

    ``failed``, ``waiting`` and ``limited``, those that wait for its rate limit, count notifications that there are now.
    The others are about attempts of the past hour: how many, how many of them failed, and the middle and the longest of
    their times in milliseconds, None without any.
    """

    document: Mapping[str, Any]
    failed: int
    waiting: int
    limited: int
    attempts: int
    missed: int
    middle_ms: float | None
    longest_ms: float | None
    attempted: tuple[Bar, ...]
    taken: tuple[Bar, ...]


@attrs.frozen(slots=True)
class DeliveryLook:
    """Notifications, those that failed first, by channel; and how many there are of each state."""

    taken_at: float
    deliveries: tuple[ShownDelivery, ...]
    states: Mapping[str, int]
    channels: tuple[ChannelLook, ...]


def look_at_deliveries(alerting: FederationAlertingService, clock: Clock) -> DeliveryLook:
    """Return a look at them as they are now."""
    wall = clock.wall()
    deliveries = sorted(shown_deliveries(alerting), key=_order)
    counts = Counter(one.document["state"] for one in deliveries)
    states = {state.value: counts[state.value] for state in NotificationState if counts[state.value]}
    by_channel: defaultdict[str, list[ShownDelivery]] = defaultdict(list)
    for one in deliveries:
        by_channel[one.document["channel_id"]].append(one)
    attempts: defaultdict[str, list[NotificationDelivery]] = defaultdict(list)
    for attempt in alerting.delivery_history:
        if wall - MINUTES * 60.0 < attempt.timestamp <= wall:
            attempts[attempt.channel_id].append(attempt)
    channels = (
        _channel(document, by_channel[document["channel_id"]], attempts[document["channel_id"]], wall)
        for document in shown_channels(alerting, clock)
    )
    return DeliveryLook(wall, tuple(deliveries), states, tuple(channels))


def _order(one: ShownDelivery) -> tuple[Any, ...]:
    order, *rest = one.key
    return order, one.document["channel_id"] if one.failed else "", *rest


def _channel(
    document: Mapping[str, Any],
    deliveries: Sequence[ShownDelivery],
    attempts: Sequence[NotificationDelivery],
    wall: float,
) -> ChannelLook:
    times = [attempt.delivery_time_ms for attempt in attempts]
    waiting = [one for one in deliveries if one.document["ended_at"] is None]
    return ChannelLook(
        document,
        sum(one.failed for one in deliveries),
        len(waiting),
        sum(one.document["reason"] == Reason.RATE_LIMITED.value for one in waiting),
        len(attempts),
        sum(not attempt.success for attempt in attempts),
        statistics.median(times) if times else None,
        max(times, default=None),
        _bars(attempts, wall, len, lambda some: sum(not one.success for one in some)),
        _bars(attempts, wall, lambda some: max(one.delivery_time_ms for one in some)),
    )


Measure = Callable[[Sequence[NotificationDelivery]], float]


def _bars(
    attempts: Sequence[NotificationDelivery], wall: float, height: Measure, part: Measure = lambda some: 0.0
) -> tuple[Bar, ...]:
    """Return a bar for each two minutes in which something was attempted, the oldest on the left."""
    each: defaultdict[int, list[NotificationDelivery]] = defaultdict(list)
    for attempt in attempts:
        each[_BARS - 1 - int((wall - attempt.timestamp) / 60.0 / MINUTES * _BARS)].append(attempt)
    heights = {index: float(height(some)) for index, some in each.items()}
    scale = _HIGHEST / (max(heights.values(), default=0.0) or 1.0)
    return tuple(
        Bar(4 * index, max(1.0, heights[index] * scale), part(some) * scale) for index, some in sorted(each.items())
    )
