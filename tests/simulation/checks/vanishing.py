"""Vanishing: what a channel that goes was still to tell is its fallback's, or died for everybody to see, at once."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import Sending
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import Key, World

__all__ = ["Vanishing"]


class Vanishing:
    """Notes what is pending when channels go, and looks at the end of that commit what became of it."""

    def __init__(
        self,
        world: World,
        sending: Sending,
        telling: Telling,
        promptness: Promptness,
        complain: Callable[[str], None],
    ) -> None:
        self.world = world
        self.sending = sending
        self.telling = telling
        self.promptness = promptness
        self.complain = complain
        self._pending: dict[str, tuple[str | None, list[Key]]] = {}

    def goes(self, channel: str, gone: Plain) -> None:
        """A channel is about to go."""
        awaited = self.promptness.awaited(channel)
        self._pending[channel] = (gone["fallback"], awaited)
        self.telling.instead |= {(gone["fallback"], key) for key in awaited}
        self.telling.vanish(channel, gone)

    def went(self, entry: Plain) -> None:
        """Check that nothing of a channel that went is left, and that somebody else is owed what it owed."""
        for channel, (fallback, keys) in self._pending.items():
            for name in self.sending.waiting(channel):
                self.complain(f"{channel} went, and {name} still waits for it")
            seen = _undelivered(channel, entry) or all(self._passed_on(key, fallback, entry) for key in keys)
            if not seen:
                self.complain(f"{channel} went, and its fallback {fallback} is not owed {keys}")
            for key in keys:
                self.promptness.skipped(key, channel)  # if the channel returns, it is decided anew
        self._pending.clear()

    def _passed_on(self, key: Key, fallback: str | None, entry: Plain) -> bool:
        """Whether the fallback knows of it, is about to, or was asked in this very commit."""
        span = self.world.spans[key]
        if not span.firing:
            return True
        if fallback is None:
            return False
        listed = any(one.key == key for sent in self.sending.alive(fallback) for one in sent.listing)
        if listed or self.telling.tells(fallback, span) or key in self.promptness.awaited(fallback):
            return True
        said = [(e["incident_id"], e["alert_id"], e["episode"]) for e in _decisions(fallback, entry)]
        return key in said


def _decisions(channel: str, entry: Plain) -> list[Plain]:
    return [e for e in entry["events"] if e["type"] == "TellingDecided" and e["channel_id"] == channel]


def _undelivered(channel: str, entry: Plain) -> bool:
    gaps = [event["gap"] for event in entry["events"] if event["type"] == "GapRecorded"]
    return any((gap["kind"], gap["subject"]) == ("undelivered", channel) for gap in gaps)
