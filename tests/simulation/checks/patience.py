"""Patience: an undelivered notification is its fallback's when that one's turn comes, and ends at its policy's age."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.simulation.checks.owing import Owing
from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import FINAL, Sending, Sent
from tests.simulation.checks.world import World

__all__ = ["Patience"]

_LOOKS_AGAIN = 60.0
_SETTLED_SECONDS = 900.0
"""For so long a channel's fallback must have been the same: a notification may wait unseen before it is heard of."""


class Patience:
    """Looks at each notification when its fallback's turn has come, and when its retry policy's age is over.

    ``expired`` are those whose fallback's turn came while an attempt was under way, or a limit held them: if that
    attempt fails, there is no other.
    """

    def __init__(
        self, world: World, sending: Sending, owing: Owing, promptness: Promptness, complain: Callable[[str], None]
    ) -> None:
        self.world = world
        self.sending = sending
        self.owing = owing
        self.promptness = promptness
        self.complain = complain
        self.expired: set[str] = set()
        self._seen: set[str] = set()
        self._reasons: dict[str, str | None] = {}
        self._settled: dict[str, float] = {}

    def replaced(self, old: Plain, new: Plain) -> None:
        """The configuration changed: what was promised by the old one is not held against the new one."""
        for name in {*old["channels"], *new["channels"]}:
            if _fallback(old, name) != _fallback(new, name):
                self._settled[name] = self.world.now + _SETTLED_SECONDS

    def anew(self, name: str) -> None:
        """It is sent again by hand: it has as much time as the first time."""
        self._seen.discard(name)
        self.expired.discard(name)

    def changed(self, event: Plain, what: str, *, restarted: bool) -> None:
        """A notification enters a state; heard of for the first time, its fallback's turn is noted."""
        name = event["notification_id"]
        self._reasons[name] = event["reason"]
        if event["state"] == "retrying" and not restarted:
            if name in self.expired and self._promised(event["channel_id"], event["at"]):
                self.complain(f"{what}: will be tried again, and its fallback's turn has come")
            self._ages(self.sending.sent.get(name))
        if name not in self._seen and event["state"] not in FINAL:
            self._seen.add(name)
            if self._promised(event["channel_id"], event["at"]):
                self._wait(name, event["channel_id"], self._since(event), event["at"])

    def _since(self, event: Plain) -> float:
        """Since when the oldest of what it tells was due; a digest, and what is sent again, is heard of at once."""
        if event["kind"] == "digest" or event["state"] == "queued":
            return float(event["at"])
        return self.owing.since(event["incident_id"], event["channel_id"], event["at"])

    def _promised(self, channel: str, since: float) -> bool:
        """Whether the channel has a fallback, and had the same for a while before *since*."""
        settings = _fallback(self.world.settings, channel)
        return settings is not None and self._settled.get(channel, since) <= since

    def _wait(self, name: str, channel: str, since: float, heard: float) -> None:
        """Look at it when its fallback's turn has come, counted from *since*, but not before it was *heard* of."""
        due, life = since + self.world.settings["channels"][channel]["fallback_after"], self.sending.lives[name]
        check = partial(self._handed_over, name, channel, since, due)
        self.promptness.expect(max(due, heard), lambda: check() if self.sending.lives[name] == life else None)

    def _handed_over(self, name: str, channel: str, since: float, due: float) -> str | None:
        state, sent = self.sending.states[name], self.sending.sent.get(name)
        if state in FINAL or not self._promised(channel, since):
            return None
        awake = self.promptness.files.awake(due, self.world.now)
        late = sent is None or sent.first_started > due - 1e-6
        if late and awake is not None:  # nobody was there in time to try: its time counts anew
            if awake != float("inf"):
                self._wait(name, channel, awake, awake)
            return None
        failing = self.sending.circuits[channel].failing_since
        if sent is None and self._reasons[name] == "rate_limited" and (failing is None or failing > due - 1e-6):
            self.expired.add(name)
            again = due + _LOOKS_AGAIN
            self.promptness.expect(again, lambda: self._handed_over(name, channel, since, again))
            return None
        if state == "sending":
            self.expired.add(name)
            return None
        cut_off = sent is not None and sent.answers[-1:] == ["cut off"]  # it was under way when its time came
        return None if cut_off else f"{name} to {channel} is {state}, and was not handed over to its fallback"

    def _ages(self, sent: Sent | None) -> None:
        """It waits for another attempt, no longer than its policy has it."""
        if sent is not None:
            age, attempts = self.sending.backend(sent)["retry"]["age"], sent.attempts
            self.promptness.expect(sent.first_started + age, lambda: self._given_up(sent, attempts))

    def _given_up(self, sent: Sent, attempts: int) -> str | None:
        waits = self.sending.states[sent.name] == "retrying" and sent.attempts == attempts
        return f"{sent.name} to {sent.channel} is too old, and was not given up" if waits else None


def _fallback(settings: Plain, name: str) -> tuple[str, float] | None:
    channel = settings["channels"].get(name)
    return None if channel is None or channel["fallback"] is None else (channel["fallback"], channel["fallback_after"])
