"""Reminding: whom a channel may be reminded of."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.ladder import Ladder
from tests.simulation.checks.sending import Sent
from tests.simulation.checks.world import Key, Span, World

_OWN = "tocsin:"
"""How the ids of tocsin's own alerts begin, which no rule leads to the watchdog's channel."""


class Reminding:
    """Looks at what each notification says fires. ``adopted`` was told though nothing led there by then."""

    def __init__(self, world: World, targets: Callable[[Span], list[str]], ladder: Ladder) -> None:
        self._world = world
        self._targets = targets
        self._ladder = ladder
        self._adopted: set[tuple[str, Key]] = set()

    def astray(self, sent: Sent) -> list[Key]:
        """Those that a reminder says fire, and that no rule and no level leads to its channel any more.

        What is a fallback tells others' as well. A group is told whole: there one of it has to lead there. In the
        instant of a reload either configuration may be meant.
        """
        world, channel = self._world, sent.channel
        spans = [world.spans[one.key] for one in sent.listing if one.firing and one.key in world.spans]
        led = [span for span in spans if channel in (*self._targets(span), *self._ladder.named(span))]
        astray = [span.key for span in spans if span not in led and not span.key[1].startswith(_OWN)]
        if sent.kind != "repeat":
            self._adopted.update((channel, key) for key in astray)
        fallback = any(one["fallback"] == channel for one in world.settings["channels"].values())
        if sent.kind != "repeat" or fallback or world.replaced_at == world.now:
            return []
        if led and world.groups(sent.incident) is not None:
            return []
        return [key for key in astray if (channel, key) not in self._adopted]
