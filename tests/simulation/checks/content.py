"""Content: what a receiver was told is what the journal says, and what the latest reports said when it was told."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.world import RANK, Span, World

__all__ = ["Content"]

_SAME = {"incident": "incident_id", "channel": "channel_id", "kind": "kind", "level": "level", "policy": "policy_id"}
"""What a call says of its notification, and where the journal says the same."""

_REPORTED = {"cluster": "cluster_id", "metric": "metric_name", "severity": "severity", "message": "message"}
_NO_ANSWER = "no answer within {:g} s"
_CLOSE_SECONDS = 1e-3


class Content:
    """Compares each call of a receiver with the journal and with the world.

    ``incidents``: which incident each notification is said to be about, the key by which incident tools know it.
    """

    def __init__(self, world: World, complain: Callable[[str], None]) -> None:
        self.world = world
        self.complain = complain
        self.incidents: dict[str, str] = {}

    def told(self, event: Plain, call: Plain, what: str) -> None:
        """An attempt starts: check what its receiver is told."""
        for name, field in _SAME.items():
            if call[name] != event[field]:
                self.complain(f"{what}: the {name} that was told is {call[name]}, the journal says {event[field]}")
        alerts = list(dict.fromkeys(one["alert"] for one in call["listing"]))
        if alerts != event["alert_ids"]:
            self.complain(f"{what}: lists {alerts}, the journal says {event['alert_ids']}")
        self._overall(call, what)
        self._incident(event, call, what)
        for one in call["listing"]:
            span = self.world.spans.get((one["incident"], one["alert"], one["episode"]))
            if span is not None:
                self._reported(one, span, what)

    def _overall(self, call: Plain, what: str) -> None:
        """It fires if anything in it does, and is as severe as the worst of that, or else of all."""
        firing = [one for one in call["listing"] if one["status"] == "firing"]
        status = "firing" if firing else "resolved"
        if call["status"] != status:
            self.complain(f"{what}: is called {call['status']}, and lists {len(firing)} that fire")
        worst = max((one["severity"] for one in firing or call["listing"]), key=RANK.__getitem__, default=None)
        if call["severity"] != worst:
            self.complain(f"{what}: is called {call['severity']}, the worst in it is {worst}")

    def _incident(self, event: Plain, call: Plain, what: str) -> None:
        """Its incident is the same for all its attempts; only a digest tells of others, and incident tools get none."""
        known = self.incidents.setdefault(event["notification_id"], call["incident"])
        if known != call["incident"]:
            self.complain(f"{what}: was about incident {known}, and is about {call['incident']}")
        others = {one["incident"] for one in call["listing"]} - {call["incident"]}
        if event["kind"] != "digest" and others:
            self.complain(f"{what}: is about {call['incident']}, and lists alerts of {sorted(others)}")
        if event["kind"] == "digest" and self._per_incident(event["channel_id"]):
            self.complain(f"{what}: a digest, for a receiver that keeps incidents of its own")

    def _per_incident(self, channel_id: str) -> bool:
        channel = self.world.settings["channels"].get(channel_id)
        return channel is not None and bool(self.world.settings["backends"][channel["backend"]]["per_incident"])

    def _reported(self, one: Plain, span: Span, what: str) -> None:
        status = "firing" if span.firing else "resolved"
        if one["status"] != status:
            self.complain(f"{what}: lists {span.key} as {one['status']}, it is {status}")
        for name, field in _REPORTED.items():
            if one[name] != span.alert[field]:
                self.complain(f"{what}: lists {span.key} with {name} {one[name]!r}, reported was {span.alert[field]!r}")

    def reported(self, delivery: Plain, call: Plain, timeout: float, wall: float, what: str) -> None:
        """An attempt ended: its record has the receiver's code, words and latency."""
        said = {
            "response_code": call["code"],
            "response_message": call["detail"] if call["answer"] else _NO_ANSWER.format(timeout),
            "incident_id": call["incident"],
            "channel_id": call["channel"],
            "kind": call["kind"],
            "status": call["status"],
            "success": call["answer"] == "delivered",
        }
        alerts = {one["alert"] for one in call["listing"]}
        if set(delivery["alert_ids"]) != alerts:  # in the order of how bad they are by now
            self.complain(f"{what}: recorded are {delivery['alert_ids']}, the receiver's log says {sorted(alerts)}")
        for name, value in said.items():
            if delivery[name] != value:
                self.complain(f"{what}: recorded is {name} {delivery[name]!r}, the receiver's log says {value!r}")
        if abs(delivery["delivery_time_ms"] / 1000.0 - call["seconds"]) > _CLOSE_SECONDS:
            self.complain(f"{what}: recorded are {delivery['delivery_time_ms']} ms, it took {call['seconds']} s")
        if abs(delivery["timestamp"] - wall) > _CLOSE_SECONDS:
            self.complain(f"{what}: recorded as of {delivery['timestamp']}, it was {wall}")
