"""The backend keeps the contract of backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from events_api import KEY, EventsApi

from tocsin.testing.contracts import BackendContract


class TestPagerDuty(BackendContract):
    """Whose key stands in every body."""

    backend = "pagerduty"
    secrets = (KEY,)
    harmful = ("\u202e", "\x1b[")
    exempt: ClassVar = {
        "key": "PagerDuty knows an event that comes twice by the incident's key alone",
        "heartbeat": "PagerDuty would make an incident of each",
    }

    def open_receiver(self) -> EventsApi:
        return EventsApi()

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        return {"routing_key": KEY, "url": receiver.endpoint}
