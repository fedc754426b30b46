"""Owing: since when a channel has been owed what a notification tells, which may have waited before it was heard of."""

from __future__ import annotations

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import FINAL
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import Key, World

__all__ = ["Owing"]

Line = tuple[str, str]
"""(incident, channel)."""


class Owing:
    """What each line was said to be told, now or from an instant on, and was not told since.

    A notification is heard of when it is held, attempted or ends; what it tells may have been due for long by then: it
    waited for another one of its line to end, for the end of an alert that fires again, or in a queue.
    """

    def __init__(self, world: World, telling: Telling) -> None:
        self.world = world
        self.telling = telling
        self._due: dict[Line, dict[Key, tuple[float, bool]]] = {}

    def decided(self, event: Plain) -> None:
        """It is said what becomes of an episode on a channel."""
        key = (event["incident_id"], event["alert_id"], event["episode"])
        span = self.world.spans.get(key)
        line = self._due.setdefault((event["incident_id"], event["channel_id"]), {})
        if event["reason"] == "already_told":  # ends of earlier episodes were taken back
            for one in [one for one in line if one[1] == key[1] and one[2] < key[2]]:
                del line[one]
        elif event["action"] == "skip":
            line.pop(key, None)
        elif event["action"] in ("notify", "fold") and span is not None:
            line[key] = (event["at"] if event["due"] is None else event["due"], span.firing)

    def changed(self, event: Plain, incidents: set[str]) -> None:
        """A notification about these incidents is tried for the first time, or ends untried: nothing more is due then.

        What becomes due later waits for it, for what it lists is frozen.
        """
        over = event["state"] in FINAL and event["state"] != "merged" and event["attempt"] == 0
        if over or (event["state"] == "sending" and event["attempt"] == 1):
            for incident in incidents:
                line = self._due.get((incident, event["channel_id"]), {})
                told = [key for key, (due, _) in line.items() if due <= event["at"] or key[1] in event["alert_ids"]]
                for key in told:
                    del line[key]

    def since(self, incident: str, channel: str, now: float) -> float:
        """Since when the line has been owed anything that is still worth telling; *now*: it is owed nothing older."""
        line = self._due.get((incident, channel), {})
        owed = (due for key, (due, fired) in line.items() if due <= now and self._counts(key, channel, fired))
        return min(owed, default=now)

    def level_since(self, incident: str, channel: str, now: float) -> float:
        """Since when the line has been owed an escalation level; *now*: it is owed none."""
        owed = (one.rung.at for one in self.telling.owed if (one.rung.incident, one.channel) == (incident, channel))
        return min((at for at in owed if at <= now), default=now)

    def _counts(self, key: Key, channel: str, fired: bool) -> bool:
        """Whether it is as it was when that was said, and no gate is shut; not an end that may be bridged."""
        span = self.world.spans[key]
        if span.firing != fired:
            return False
        if span.firing:
            return self.world.shut(span, channel, self.world.now) is None
        latest = self.world.latest[key[1]]
        return not latest.firing or latest.incident != span.incident
