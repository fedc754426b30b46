"""Gaps: each is told to the watchdog's channel as an alert of its own, and ends an hour after it was met last."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.reading import Files, Plain
from tests.simulation.checks.routing import GAP, watchman
from tests.simulation.checks.world import Span, World

__all__ = ["Gaps"]

_ABOUT_CHANNELS = frozenset(
    {
        "missing_channel",
        "missing_template",
        "undelivered",
        "renderer_failed",
        "backend_failed",
        "late",
        "heartbeat_failed",
        "circuit_open",
    }
)
_SECOND = 1.0


def _alert(gap: Plain) -> Plain:
    """The alert that tells of a gap."""
    return {
        "alert_id": f"{GAP}{gap['kind']}:{gap['subject']}",
        "cluster_id": "tocsin",
        "severity": "error",
        "metric_name": "tocsin_gap",
        "node_id": None,
        "labels": {"gap": gap["kind"], "subject": gap["subject"]},
        "message": f"{gap['kind']}: {gap['subject']}: {gap['detail']}",
    }


def _concerns(alert: Plain, channel: str) -> bool:
    """Whether the gap is about the channel."""
    return alert["labels"]["gap"] in _ABOUT_CHANNELS and alert["labels"]["subject"] == channel


class Gaps:
    """Follows the alerts that tell of gaps: ``alerts`` is what each gap's would be, as it was met last."""

    def __init__(self, files: Files, world: World, complain: Callable[[str], None]) -> None:
        self.files = files
        self.world = world
        self.complain = complain
        self.alerts: dict[str, Plain] = {}
        self._failures: list[tuple[float, str | None, float]] = []

    def recorded(self, event: Plain, entry: Plain) -> None:
        """A gap is met: somebody is told, unless there is no channel for that, or it is about that channel itself."""
        alert, channel = _alert(event["gap"]), watchman(self.world.settings)
        name = alert["alert_id"]
        self.alerts[name] = alert
        if channel is None or _concerns(alert, channel):
            return
        self.world.gap_met(name)
        known = self.world.latest.get(name)
        if known is not None and known.firing:
            known.alert = alert
        elif not any(e["type"] == "AlertRouted" and e["alert_id"] == name for e in entry["events"]):
            self.complain(f"{event}: nobody is told")

    def routed(self, event: Plain) -> tuple[Span, bool] | None:
        """An alert of tocsin's own begins, or goes elsewhere; return it, and whether it begins."""
        name = event["alert_id"]
        known = self.world.latest.get(name)
        if known is not None and known.firing:
            if known.key == (event["incident_id"], name, event["episode"]):
                return None
            self.complain(f"{event}: begins, and fires already")
            self.world.resolve(name)
        channel = watchman(self.world.settings)
        if channel is None or _concerns(self.alerts[name], channel):
            self.complain(f"{event}: begins, and there is nobody to be told")
        return self.world.fire(self.alerts[name], (event["incident_id"], event["episode"]))

    # -- what cannot be recorded ------------------------------------------------------------------------------------

    def store_failed(self, what: Plain, settings: Plain) -> None:
        """A commit failed, under these settings."""
        self._failures.append((what["at"], watchman(settings), settings["watchdog"]["within"]))

    def off_the_record(self) -> None:
        """Check that a store that fails is told of where gaps are, when it fails, and not at each commit."""
        before = float("-inf")
        for call in self.files.unrecorded:
            at = call["at"]
            near = [one for one in self._failures if one[0] - 1e-6 <= at <= one[0] + _SECOND]
            if not any(channel == call["channel"] for _, channel, _ in near):
                self.complain(f"{call['channel']} was told at {at} that the store fails; it failed at {near}")
            elif at < before + min(within for _, _, within in near) and self._did_not_work(before, at):
                self.complain(f"{call['channel']} was told at {before} and at {at} that the store fails")
            before = at

    def _did_not_work(self, since: float, until: float) -> bool:
        """Whether nothing was kept between the two, by one process."""
        kept = any(since <= entry["engine_time"] <= until for entry in self.files.journal)
        return not kept and not any(since <= death["at"] <= until for death in self.files.deaths)
