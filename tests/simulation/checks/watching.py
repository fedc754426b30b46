"""Watching: what is late is recorded as a gap, and heartbeats come at their interval while a process runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.simulation.checks.owing import Owing
from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import FINAL, Sending
from tests.simulation.checks.world import World

__all__ = ["Watching"]

_SUCCESSOR = "its successor"
_NEVER = float("-inf")
_MINUTE = 60.0
_BEHIND = 6.0
"""Seconds for which a heartbeat may have gone after what waited on a channel with a limit, one at a time."""
_AGAIN = 2.0
"""Seconds after which it has gone once nothing is in its way: each second it is looked whether that is so."""


class Watching:
    """Follows the watchdog: ``late`` is when each channel was last called late, ``beaten`` when it last beat."""

    def __init__(
        self, world: World, sending: Sending, owing: Owing, promptness: Promptness, complain: Callable[[str], None]
    ) -> None:
        self.world = world
        self.sending = sending
        self.owing = owing
        self.promptness = promptness
        self.complain = complain
        self.late: dict[str, float] = {}
        self.beaten = _NEVER
        self._changed = _NEVER
        self._blocked = _NEVER
        self._seen: set[str] = set()
        self._limited: set[str] = set()
        self._beats: set[str] = set()
        self._busy: dict[tuple[str, str], float] = {}
        self._live: dict[tuple[str, str], set[str]] = {}
        self._ended: dict[tuple[str, str], float] = {}

    @property
    def _settings(self) -> Plain:
        found: Plain = self.world.settings["watchdog"]
        return found

    def replaced(self, old: Plain, new: Plain) -> None:
        """The configuration changed: a heartbeat that waits for its channel's limit may go on waiting."""
        channel = self._settings["heartbeat_channel"]
        if old["channels"].get(channel) != new["channels"].get(channel):
            self._changed = self.world.now

    def begin(self) -> None:
        """The first commit: heartbeats begin with it."""
        if self._settings["heartbeat"] is not None:
            self._next(self.world.now)

    # -- what is late -----------------------------------------------------------------------------------------------

    def gap(self, event: Plain, now: float) -> None:
        """A gap is recorded, in a commit of *now*."""
        if event["gap"]["kind"] == "late":
            self.late[event["gap"]["subject"]] = event["at"]
        elif event["gap"]["kind"] == "heartbeat_failed" and event["gap"]["detail"].startswith(
            "there is no such channel"
        ):
            self.beaten = now  # there was nobody to send it to; the next one comes in its time
            self._next(now + self._settings["heartbeat"])

    def changed(self, event: Plain) -> None:
        """A notification enters a state: if it is new, it is to be delivered in time."""
        name = event["notification_id"]
        at: float = event["at"]
        if event["reason"] == "rate_limited":
            self._limited.add(name)
        slept = self.promptness.files.awake(at - self._settings["within"], at)
        told_of_before = event["kind"] in ("digest", "repeat") or slept is not None  # it may be called late already
        if name not in self._seen and event["state"] not in FINAL and not told_of_before:
            self._expect(name, event["channel_id"], self._since(event["incident_id"], event["channel_id"], at), at)
        self._seen.add(name)
        for incident in self.sending.parts.get(name, {event["incident_id"]}):
            self._follow((incident, event["channel_id"]), event)

    def anew(self, name: str) -> None:
        """It is sent again by hand: it may be late once more."""
        self._seen.discard(name)
        self._limited.discard(name)

    def _since(self, incident: str, channel: str, at: float) -> float:
        """Since when what the line's notification tells may have been called late: that is done once."""
        owing = self.owing
        busy = self._busy.get((incident, channel), at)
        return min(busy, owing.since(incident, channel, at), owing.level_since(incident, channel, at))

    def _follow(self, line: tuple[str, str], event: Plain) -> None:
        """What waits behind a notification of its line may have been called late with it, and is not called so twice.

        So a line counts as busy until an instant has passed in which it has no notification; it may have two, for one
        that is sent again by hand waits for another. One that is superseded has a successor, which may be heard of
        later.
        """
        self._busy = {
            one: at for one, at in self._busy.items() if self._live.get(one) or self._ended[one] == event["at"]
        }
        live = self._live.setdefault(line, set())
        live.discard(_SUCCESSOR)
        if event["state"] not in FINAL:
            live.add(event["notification_id"])
            self._busy.setdefault(line, event["at"])
            return
        live.discard(event["notification_id"])
        if event["reason"] == "superseded":
            live.add(_SUCCESSOR)
        self._ended[line] = event["at"]

    def _expect(self, name: str, channel: str, since: float, counted: float) -> None:
        life, check = self.sending.lives[name], partial(self._noticed, name, channel, since)
        at = counted + self._settings["within"]
        self.promptness.expect(at, lambda: check() if self.sending.lives[name] == life else None)

    def _noticed(self, name: str, channel: str, since: float) -> str | None:
        """It came to an end, or is late and was called so, or a limit explains that."""
        if self.sending.states[name] in FINAL or self.late.get(channel, _NEVER) > since - 1e-6:
            return None
        sent, within = self.sending.sent.get(name), self._settings["within"]
        if name in self._limited and sent is not None and self.world.now < sent.first_started + within + 0.5:
            self._expect(name, channel, since, sent.first_started)
        elif (name in self._limited and sent is None) or self.sending.limited(channel, 1.5):
            self._expect(name, channel, since, self.world.now)
        else:
            return f"{name} to {channel} is {self.sending.states[name]} since {since}, and nobody calls that late"
        return None

    # -- heartbeats -------------------------------------------------------------------------------------------------

    def beat(self, event: Plain, calls: dict[str, Plain], now: float) -> None:
        """A heartbeat is sent: to its channel, not before its time, within the limit, and once."""
        name, settings = event["notification_id"], self._settings
        if event["channel_id"] != settings["heartbeat_channel"]:
            self.complain(f"{event}: heartbeats go to {settings['heartbeat_channel']}")
        if now < self.beaten + settings["heartbeat"] - 1e-6:
            self.complain(f"{event}: the one before was sent at {self.beaten}")
        if name in self._beats:
            self.complain(f"{event}: it was sent before")
        call = calls.get(name)
        if call is not None and abs(call["at"] - now) > 1.0:
            self.complain(f"{event}: its receiver was called at {call['at']}")
        self._beats.add(name)
        self.sending.count(event["channel_id"], now, f"heartbeat {name}")
        self.beaten = now
        self._next(now + settings["heartbeat"])

    def _next(self, due: float) -> None:
        self.promptness.expect(due, lambda: self._beaten(due))

    def _beaten(self, due: float) -> str | None:
        if self.beaten >= due - 1e-6:
            return None
        channel = self._settings["heartbeat_channel"]
        settings = self.world.settings["channels"].get(channel)
        if self._changed > self.world.now - _MINUTE - 2.0:
            self.promptness.expect(self.world.now, lambda: self._beaten(due))
            return None
        delayed = settings is not None and settings["limit"] is not None
        blocked = self.sending.limited(channel, 2.0) or self.sending.waiting(channel) or self.sending.crowded(channel)
        self._blocked = self.world.now if blocked else self._blocked
        since = self.promptness.files.awake(due, self.world.now) or due
        if delayed and (self.world.now < self._blocked + _AGAIN or self.world.now < since + _BEHIND):
            self.promptness.expect(self.world.now, lambda: self._beaten(due))  # it goes after what waits
            return None
        return f"no heartbeat was sent to {channel} since {self.beaten}"
