"""Taking: that somebody has all that a channel was told of is said there once, and not before it is so."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import Sending, Sent
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import Key, Span, World

__all__ = ["OF_A_WORD", "Taking"]

OF_A_WORD = frozenset({"taken", "lapsed"})
"""Why a channel is told that somebody has it, or not any more."""

Line = tuple[str, str]
"""(incident, channel)."""


class Taking:
    """``said``: which notification said so on a line last, since the channel was last called for somebody.

    ``uncalled``: lines on which it may have been said since a call arrived. ``again``: lines on which it may be said
    once more. ``keys``: under which of its own incidents a tool was last told
    that all is taken, ``names`` whom it was told to have each.
    """

    def __init__(self, world: World, sending: Sending, telling: Telling, complain: Callable[[str], None]) -> None:
        self.world = world
        self.sending = sending
        self.telling = telling
        self.complain = complain
        self.said: dict[Line, str] = {}
        self.uncalled: set[Line] = set()
        self.again: set[Line] = set()
        self.keys: dict[Line, int] = {}
        self.names: dict[Line, dict[Key, str | None]] = {}

    def taken(self, meant: list[Span], by: str) -> None:
        """Somebody is about to take these: where another one was said to have one of them, that is said again."""
        for span in meant:
            if span.taker != by or not self.world.acknowledged(span, self.world.now):
                self.again |= {line for line in self.said if line[0] == span.incident}

    def decided(self, event: Plain, what: str) -> None:
        """It is said that a channel is to hear of it."""
        if event["action"] == "notify" and not self._hears(event["channel_id"]):
            self.complain(f"{what}: the channel wants to hear of none")

    def calls(self, sent: Sent, call: Plain | None, what: str) -> None:
        """A channel is told of something else: where that fires, it is called for somebody."""
        for incident in {one.key[0] for one in sent.listing if one.firing}:
            line = (incident, sent.channel)
            self.said.pop(line, None)
            self.again.discard(line)
            if call is not None and sent.kind != "digest" and call["reopened"] <= self.keys.get(line, -1):
                self.complain(f"{what}: calls for somebody under a key that the receiver was told is taken")

    def called(self, sent: Sent) -> None:
        """A call has arrived."""
        self.uncalled -= {(one.key[0], sent.channel) for one in sent.listing if one.firing}

    def says(self, sent: Sent, call: Plain | None, what: str) -> None:
        """An attempt starts that says that all is taken."""
        line = (sent.incident, sent.channel)
        if not self._hears(sent.channel):
            self.complain(f"{what}: the channel wants to hear of none")
        for span in self._told(line):
            if not any(self.world.acknowledged(span, self.world.now + step) for step in (-1e-4, 0.0)):
                self.complain(f"{what}: nobody has {span.key}, of which the channel was told")
        before = self.said.get(line, sent.name)
        if before != sent.name and line not in self.again:
            self.complain(f"{what}: {before} said so, and nothing happened since")
        self.said[line] = sent.name
        self.uncalled.add(line)
        self.again.discard(line)
        if call is None:
            return
        self.keys[line] = max(self.keys.get(line, -1), call["reopened"])
        self.names[line] = {(one["incident"], one["alert"], one["episode"]): one["by"] for one in call["listing"]}
        for key, by in self.names[line].items():
            if by != self.world.spans[key].taker:
                self.complain(f"{what}: says that {by} has {key}, it is {self.world.spans[key].taker}")

    def gave_way(self, name: str) -> None:
        """It was begun and not known to have arrived, and did not hold any more: once it does, that is said again."""
        self.again |= {line for line, said in self.said.items() if said == name}

    def redriven(self, name: str, ended: Plain, what: str) -> None:
        """Somebody has it said again."""
        line = (ended["incident_id"], ended["channel_id"])
        if self.said.get(line) != name:
            self.complain(f"{what}: {self.said.get(line)} said so since, or the channel was called again")
        self.again.add(line)

    def everything_said(self) -> None:
        """At rest: where all that a channel was told of is taken, it was told so since it was last called.

        And where it was told so, nobody is left whom it is to call for.
        """
        for line in {(key[0], channel) for channel, key in self.telling.told}:
            told = self._told(line)
            taken = bool(told) and all(self.world.acknowledged(span, self.world.now) for span in told)
            if taken and self._hears(line[1]):
                self._is_said(line, told)
            for span in told if line in self.uncalled else []:
                routed = line[1] in self.telling.targets(span)
                if routed and self.world.answers(span, line[1], self.world.now) == {None}:
                    self.complain(f"{line[1]} was told that somebody has {span.key}, and nobody has it")

    def _is_said(self, line: Line, told: list[Span]) -> None:
        if line not in self.said:
            self.complain(f"{line[1]} was never told that somebody has all of {line[0]}")
            return
        for span in told:
            by = self.names[line].get(span.key, span.taker)
            if by != span.taker:
                self.complain(f"{line[1]} was told that {by} has {span.key}, and not that {span.taker} does")

    def _told(self, line: Line) -> list[Span]:
        """What fires in the incident and the channel was told of."""
        spans = (self.world.spans[key] for channel, key in self.telling.told if (key[0], channel) == line)
        return [span for span in spans if span.firing]

    def _hears(self, channel_id: str) -> bool:
        channel = self.world.settings["channels"].get(channel_id)
        if channel is None or not channel["enabled"]:
            return False
        wanted = channel["send_acknowledged"]
        return bool(
            self.world.settings["backends"][channel["backend"]]["acknowledgements"] if wanted is None else wanted
        )
