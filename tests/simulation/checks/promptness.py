"""Promptness: what is due is told within a second, as long as the process runs and the receiver is well."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from functools import partial

from tests.simulation.checks.flushes import reminder_at
from tests.simulation.checks.ladder import Rung
from tests.simulation.checks.reading import Files
from tests.simulation.checks.sending import Sending, Sent, adjoin
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import Key, World

__all__ = ["Promptness"]

_SECOND = 1.0


class Promptness:
    """A list of what has to have happened by when; each is looked at when its time has come."""

    def __init__(
        self, files: Files, world: World, sending: Sending, telling: Telling, complain: Callable[[str], None]
    ) -> None:
        self.files = files
        self.world = world
        self.sending = sending
        self.telling = telling
        self.complain = complain
        self._order = itertools.count()
        self._decided: dict[tuple[str, Key], float] = {}
        self._since: dict[tuple[str, Key], float] = {}
        self._due: list[tuple[float, int, float, Callable[[], str | None]]] = []

    def next_instant(self) -> float:
        """When there is something to look at next."""
        return self._due[0][0] if self._due else float("inf")

    def look(self) -> None:
        """Look at what is due: somebody was asleep meanwhile, or it has happened, or it is too late."""
        while self._due and self._due[0][0] <= self.world.now:
            at, _, since, check = heapq.heappop(self._due)
            awake = self.files.awake(since, at)
            if awake is not None:
                if awake != float("inf"):
                    self.expect(awake, check)
                continue
            late = check()
            if late is not None:
                self.complain(f"{late}; due at {since}")

    def expect(self, since: float, check: Callable[[], str | None]) -> None:
        """Look a second after *since* whether all is well: *check* says what is not."""
        heapq.heappush(self._due, (since + _SECOND, next(self._order), since, check))

    # -- what is expected -------------------------------------------------------------------------------------------

    def telling_of(self, key: Key, channel: str, due: float) -> None:
        """The channel is told of the episode from *due* on, unless that is decided anew."""
        self._decided[channel, key] = due
        self._since[channel, key] = self.world.now
        self.expect(due, partial(self._told, key, channel, due, self.world.now))

    def due(self, channel: str, key: Key) -> float:
        """When the channel is, or was, to be told of an episode that fires; never: no such thing was said."""
        return self._decided.get((channel, key), float("inf"))

    def skipped(self, key: Key, channel: str) -> None:
        """It is not to be told there, for now or for good."""
        self._since.pop((channel, key), None)

    def awaited(self, channel: str) -> list[Key]:
        """What fires and was to be told there, now or later, and was not listed since."""
        listed, spans = self.telling.listed_at, self.world.spans
        return [
            key
            for (where, key), since in self._since.items()
            if where == channel and spans[key].firing and listed.get((channel, key), 0.0) < since - 1e-6
        ]

    def _told(self, key: Key, channel: str, due: float, decided: float) -> str | None:
        span = self.world.spans[key]
        if self._decided[channel, key] != due:
            return None
        if self.world.answers(span, channel, self.world.now) != {None} or channel not in self.telling.targets(span):
            return None
        if self.telling.tells(channel, span) or self.telling.listed_at.get((channel, key), 0.0) >= decided - 1e-6:
            return None
        return None if self.sending.busy(channel) else f"{channel} is not told of {key}"

    def level(self, rung: Rung) -> None:
        """The channels of a level are told of it."""
        for channel in rung.channels:
            self.expect(rung.at, partial(self._climbed, rung, channel))

    def _climbed(self, rung: Rung, channel: str) -> str | None:
        owed = any(one.rung is rung and one.channel == channel for one in self.telling.owed)
        if not owed or self.sending.busy(channel):
            return None
        named = [
            span
            for span in self.world.firing()
            if (span.incident, span.route.policy) == (rung.incident, rung.policy)
            and self.world.answers(span, channel, self.world.now) == {None}
        ]
        return f"{channel} is not told of {rung}" if named else None

    def retry(self, sent: Sent, restarted: bool) -> None:
        """Another attempt follows, no later than the retry policy has it."""
        retry, attempts = self.sending.backend(sent)["retry"], sent.attempts
        steps = min(attempts - sent.forgiven, 60)
        longest = 0.0 if restarted else min(retry["cap"], retry["base"] * 2.0**steps)
        at = max(self.world.now + longest, sent.not_before)
        self.expect(at, lambda: self._tried_again(sent, attempts))

    def _tried_again(self, sent: Sent, attempts: int) -> str | None:
        over = self.sending.states.get(sent.name) not in ("retrying",) or sent.attempts > attempts
        if over or self.sending.limited(sent.channel) or self.sending.crowded(sent.channel):
            return None
        if self.sending.circuits[sent.channel].probe_at is not None:
            return None
        if self.sending.crossing(sent.channel) or self._crossing(sent.channel):
            self.expect(self.world.now, lambda: self._tried_again(sent, attempts))
            return None
        return f"{sent.name} to {sent.channel} is not tried again after attempt {attempts}"

    def _crossing(self, channel: str) -> bool:
        """Whether something that has to wait for an attempt under way is to be tried for the first time.

        It tells of an alert's episode before or after one that is being told, and what follows it in the queue waits.
        """
        told = {one.key for sent in self.sending.under_way(channel) for one in sent.listing}
        return any(adjoin(key, one) for key in self._owed(channel) for one in told)

    def _owed(self, channel: str) -> list[Key]:
        """What the channel is to be told: what fires, ends of what it was told, and whoever a level may name."""
        telling, spans = self.telling, self.world.spans
        ended = [key for where, key in telling.told if where == channel and not spans[key].firing]
        levels = {one.rung.incident for one in telling.owed if one.channel == channel}
        named = [span.key for span in self.world.firing() if span.incident in levels]
        return self.awaited(channel) + ended + named

    def probe(self, channel: str) -> None:
        """An open circuit is probed as soon as it may be, if anything waits for it."""
        probe_at = self.sending.circuits[channel].probe_at
        if probe_at is not None:
            self.expect(probe_at, lambda: self._probed(channel, probe_at))

    def _probed(self, channel: str, probe_at: float) -> str | None:
        waits = channel in self.sending.held.values()
        if not waits or self.sending.circuits[channel].probe_at != probe_at or self.sending.limited(channel):
            return None
        settings = self.world.settings["channels"].get(channel)
        if settings is None or self.sending.under_way(channel):
            return None
        return f"the open circuit of {channel} is not probed"

    def reminders(self, sent: Sent) -> None:
        """What was told and still fires is told again after the interval, if one is set."""
        since = sent.started_at
        for one in sent.listing:
            at = self._reminder(one.key[0]) if one.firing else None
            if at is not None:
                self.expect(at, partial(self._reminded, one.key, sent.channel, since))

    def _reminder(self, incident: str) -> float | None:
        """When a channel that was told of the incident just now is reminded of it."""
        groups, now = self.world.groups(incident), self.world.now
        if groups is not None:
            return reminder_at(groups, self.world.opened[incident], now)
        interval = self.world.aggregation(incident)["settings"]["repeat_interval_seconds"]
        return None if interval is None else now + interval

    def _reminded(self, key: Key, channel: str, since: float) -> str | None:
        span = self.world.spans[key]
        told = self.telling.told.get((channel, key))
        if (
            since < self.world.disturbed
        ):  # it may have been muted when its turn came; the next turn is an interval later
            return None
        if (
            told is None
            or channel not in self.telling.targets(span)
            or self.telling.listed_at[channel, key] > since
            or self.world.answers(span, channel, self.world.now) != {None}
        ):
            return None
        return None if self.sending.busy(channel) else f"{channel} is not reminded of {key}, told at {since}"
