"""Reminding: whom a channel may be reminded of."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.ladder import Ladder
from tests.simulation.checks.sending import Sent
from tests.simulation.checks.world import Key, Span, World


def lead_elsewhere(world: World, targets: Callable[[Span], list[str]], ladder: Ladder, sent: Sent) -> list[Key]:
    """Those that a reminder says fire and no rule and no level leads to its channel any more.

    What is a fallback tells others' as well. A group is told whole: there one of it has to lead there. In the instant
    of a reload either configuration may be meant.
    """
    fallback = any(one["fallback"] == sent.channel for one in world.settings["channels"].values())
    if sent.kind != "repeat" or fallback or world.replaced_at == world.now:
        return []
    spans = [world.spans[one.key] for one in sent.listing if one.firing and one.key in world.spans]
    astray = [span.key for span in spans if sent.channel not in (*targets(span), *ladder.named(span))]
    whole = world.groups(sent.incident) is not None
    return [] if whole and len(astray) < len(spans) else astray
