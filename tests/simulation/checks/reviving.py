"""Reviving: what people have sent again goes under its own id and at once, and says what is still worth saying."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.simulation.checks.grouping import Grouping
from tests.simulation.checks.patience import Patience
from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import Listed, Sending, Sent
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.watching import Watching
from tests.simulation.checks.world import World

__all__ = ["Reviving"]


class Reviving:
    """Follows redrives. ``ended`` is how each notification that was given up ended."""

    def __init__(
        self,
        world: World,
        sending: Sending,
        telling: Telling,
        promptness: Promptness,
        grouping: Grouping,
        patience: Patience,
        watching: Watching,
        complain: Callable[[str], None],
    ) -> None:
        self.world = world
        self.sending = sending
        self.telling = telling
        self.promptness = promptness
        self.grouping = grouping
        self.patience = patience
        self.watching = watching
        self.complain = complain
        self.ended: dict[str, Plain] = {}

    def changed(self, event: Plain) -> None:
        """A notification enters a state."""
        if event["state"] in ("dead", "rejected", "unknown"):
            self.ended[event["notification_id"]] = event

    def redriven(self, name: str) -> None:
        """Somebody had it sent again, and it was taken in."""
        what = f"{name}, sent again by hand"
        ended = self.ended.get(name)
        if ended is None:
            self.complain(f"{what}: it was not given up")
            return
        listing, channel = self._listing(name, ended), ended["channel_id"]
        sent = self.sending.revive(name, what)
        if not any(self._worth_telling(one, channel) for one in listing):
            self.complain(f"{what}: nothing in it is worth telling")
        if sent is not None:
            self.patience.anew(name)
            self.watching.anew(name)
            self.promptness.expect(self.world.now, partial(self._sent, sent))
            return
        if ended["state"] == "unknown":
            self.telling.uncertain |= {(channel, one.key) for one in listing}
        for one in listing:
            if not one.firing:
                self.grouping.ends[channel, one.key] = self.world.now
            elif self._worth_telling(one, channel, surely=True):
                self.telling.dead.pop((channel, one.key), None)  # it is to be told here after all
                self.promptness.telling_of(one.key, channel, self.world.now)

    def refused(self, name: str) -> None:
        """It was not taken in: nothing in it is worth telling, or nobody keeps it any more."""
        ended = self.ended.get(name)
        if ended is None or self.sending.states[name] != ended["state"]:
            return
        channel = ended["channel_id"]
        left = [one.key for one in self._listing(name, ended) if self._worth_telling(one, channel, surely=True)]
        if left and self.world.settings["channels"].get(channel, {}).get("enabled"):
            self.complain(f"{name} was refused to be sent again, and {channel} was not told of {left}")

    def starts(self, sent: Sent, what: str) -> None:
        """The first attempt since then: what the channel has heard from another notification is left out."""
        for one in sent.listing:
            if one.firing and not sent.maybe and self.telling.tells(sent.channel, self.world.spans[one.key]):
                self.complain(f"{what}: sent again, it lists {one.key}, of which the channel was told")

    def _listing(self, name: str, ended: Plain) -> list[Listed]:
        """What it listed; one that was never attempted might list each episode of the alerts that are named."""
        sent = self.sending.sent.get(name)
        if sent is not None:
            return sent.listing
        there = [span for span in self.world.spans.values() if span.incident == ended["incident_id"]]
        return [Listed(one.key, one.firing, one.rank) for one in there if one.key[1] in ended["alert_ids"]]

    def _worth_telling(self, one: Listed, channel: str, *, surely: bool = False) -> bool:
        """Whether it fires, passes its gates and was not told; *surely*: and no more need be known of it."""
        span = self.world.spans[one.key]
        answers = self.world.answers(span, channel, self.world.now)
        if surely:
            routed = channel in self.telling.targets(span)
            return one.firing and routed and answers == {None} and not self.telling.tells(channel, span)
        return not one.firing or not span.firing or None in answers

    def _sent(self, sent: Sent) -> str | None:
        """It is tried at once, unless something else is in its way."""
        if not sent.revived or self.sending.states[sent.name] not in ("again", "queued"):
            return None
        others = [one for one in self.sending.sent.values() if one is not sent and one.channel == sent.channel]
        blocked = self.sending.limited(sent.channel) or self.sending.circuits[sent.channel].probe_at is not None
        if blocked or any(not one.over for one in others) or sent.channel not in self.world.settings["channels"]:
            return None
        return f"{sent.name} to {sent.channel} was to be sent again, and is {self.sending.states[sent.name]}"
