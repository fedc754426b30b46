"""Statistics: what is there now and what was delivered, in the guide's shape."""

from __future__ import annotations

from typing import Any

from tocsin.config import Configuration
from tocsin.engine.state import State
from tocsin.runtime.deliveries import Deliveries

__all__ = ["statistics"]


def statistics(
    state: State, config: Configuration, deliveries: Deliveries, *, gaps: int, enabled: bool
) -> dict[str, Any]:
    """Return counts of alerts, incidents, escalations that run, configuration and deliveries; all of them numbers.

    ``unrouted`` counts episodes that no rule matched, ``gaps`` the distinct gaps, ``rate_limited`` each notification
    that a rate limit held.
    """
    firing = [incident for incident in state.incidents.values() if incident.firing]
    escalations = [escalation for incident in firing for escalation in incident.escalations.values()]
    return {
        "enabled": enabled,
        "active_alerts": len(state.firing),
        "aggregated_alerts": len(firing),
        "pending_escalations": sum(1 for one in escalations if one.awake and not one.done),
        "configured_channels": len(config.channels),
        "routing_rules": len(config.routing_rules),
        "escalation_policies": len(config.escalation_policies),
        "unrouted": state.unrouted,
        "gaps": gaps,
        "delivery_stats": deliveries.delivery_stats(),
        "backend_stats": deliveries.backend_stats(),
        "recent_deliveries": deliveries.recent(),
    }
