"""Attempts: one at a time per incident and channel, the same id only while it may not have arrived, limits, retries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.world import Key, World

__all__ = ["FINAL", "Listed", "Sending", "Sent", "adjoin"]

FINAL = frozenset({"delivered", "rejected", "unknown", "dead", "merged", "cancelled"})
_NEXT: dict[str | None, frozenset[str]] = {
    None: frozenset({"held", "sending", "merged", "cancelled", "dead"}),
    "held": frozenset({"sending", "merged", "cancelled", "dead"}),
    "sending": frozenset({"retrying", "delivered", "rejected", "unknown", "dead", "cancelled"}),
    "retrying": frozenset({"retrying", "sending", "unknown", "dead", "cancelled"}),
    "again": frozenset({"queued"}),
    "queued": frozenset({"held", "sending", "unknown", "dead", "cancelled"}),
}
_GIVEN_UP = frozenset({"dead", "rejected", "unknown"})
_MINUTE = 60.0


def adjoin(one: Key, other: Key) -> bool:
    """Whether one episode of an alert follows the other in another incident: told at once, either could come first."""
    return one[1] == other[1] and one[0] != other[0] and abs(one[2] - other[2]) == 1


@dataclass
class Listed:
    """One episode that a notification lists."""

    key: Key
    firing: bool
    rank: int


@dataclass
class Sent:
    """One notification, from its first attempt on; ``listing`` is what its latest attempt told.

    Sent again by hand, it begins anew: ``forgiven`` are the attempts before that, ``revived`` until the next one.
    """

    name: str
    channel: str
    kind: str
    incident: str
    level: str | None
    policy: str | None
    backend: Plain
    listing: list[Listed]
    first: set[Key] | None
    attempts: int
    started_at: float
    first_started: float
    frozen_at: float
    forgiven: int = 0
    revived: bool = False
    under_way: bool = True
    not_before: float = float("-inf")
    maybe: bool = False
    over: bool = False
    answers: list[str] = field(default_factory=list)

    @property
    def incidents(self) -> set[str]:
        return {one.key[0] for one in self.listing}


@dataclass
class Circuit:
    """A channel's failures in a row, since when, and when it is probed next (None: it is closed)."""

    failures: int = 0
    failing_since: float | None = None
    probe_at: float | None = None


class Sending:
    """Every notification that was attempted, and when attempts started; ``lives``: how often each was sent again."""

    def __init__(self, world: World, complain: Callable[[str], None]) -> None:
        self.world = world
        self.complain = complain
        self.sent: dict[str, Sent] = {}
        self.states: dict[str, str] = {}
        self.lives: dict[str, int] = defaultdict(int)
        self.starts: dict[str, list[float]] = defaultdict(list)
        self.making: dict[tuple[str, str, str, int], str] = {}
        self.circuits: dict[str, Circuit] = defaultdict(Circuit)
        self.held: dict[str, str] = {}
        self.channels: dict[str, str] = {}
        self.parts: dict[str, set[str]] = defaultdict(set)

    def under_way(self, channel: str) -> list[Sent]:
        """The attempts of a channel that have not ended."""
        return [sent for sent in self.sent.values() if sent.under_way and sent.channel == channel]

    def alive(self, channel: str) -> list[Sent]:
        """The attempted notifications of a channel that have not come to an end."""
        return [sent for sent in self.sent.values() if sent.channel == channel and self.states[sent.name] not in FINAL]

    def waiting(self, channel: str) -> list[str]:
        """The notifications of a channel that wait for an attempt, as far as they were heard of."""
        waiting = [name for name, state in self.states.items() if state in ("held", "retrying")]
        return [name for name in waiting if self.channels[name] == channel]

    def busy(self, channel: str) -> bool:
        """Whether something holds a new attempt back: one that waits for its retry or is under way, or the limit."""
        waiting = any(not sent.over and sent.channel == channel for sent in self.sent.values())
        return waiting or self.limited(channel) or self.circuits[channel].probe_at is not None

    def backend(self, sent: Sent) -> Plain:
        """The kind of receiver that the channel is now; a reload may have changed it."""
        channel = self.world.settings["channels"].get(sent.channel)
        return sent.backend if channel is None else self.world.settings["backends"][channel["backend"]]

    def limited(self, channel: str, lately: float = 0.0) -> bool:
        """Whether the channel's limit is reached now, or was so many seconds ago."""
        settings = self.world.settings["channels"].get(channel)
        limit = None if settings is None else settings["limit"]
        recent = [at for at in self.starts[channel] if at > self.world.now - lately - _MINUTE - 1e-6]
        return limit is not None and len(recent) >= limit

    def crowded(self, channel: str) -> bool:
        """Whether as many attempts are under way as the channel takes: one while its circuit is open."""
        settings = self.world.settings["channels"].get(channel)
        if settings is None:
            return True
        concurrency = self.world.settings["backends"][settings["backend"]]["concurrency"]
        most = concurrency if self.circuits[channel].probe_at is None else 1
        return len(self.under_way(channel)) >= most

    def crossing(self, channel: str) -> bool:
        """Whether what is under way tells of an alert that something else, which has to wait for it, tells of too."""
        mine = [sent for sent in self.sent.values() if sent.channel == channel and not sent.over]
        told = {one.key[1] for sent in mine if sent.under_way for one in sent.listing}
        return any(one.key[1] in told for sent in mine if not sent.under_way for one in sent.listing)

    # -- the states -------------------------------------------------------------------------------------------------

    def enters(self, event: Plain, what: str) -> None:
        """A notification enters a state: only such as may follow the one it was in."""
        name, state = event["notification_id"], event["state"]
        before = self.states.get(name)
        if before in FINAL:
            self.complain(f"{what}: is {state} after its end ({before})")
        elif state not in _NEXT[before]:
            self.complain(f"{what}: is {state} after {before}")
        self.states[name], self.channels[name] = state, event["channel_id"]
        if event["reason"] == "digested":
            self.parts[event["detail"]].add(event["incident_id"])
        if state == "held":
            self.held[name] = event["channel_id"]
        else:
            self.held.pop(name, None)
        self._same_thing(event, what)

    def revive(self, name: str, what: str) -> Sent | None:
        """Somebody has a notification that was given up sent again: under its own id, if it was attempted.

        What a digest listed, and what was never attempted, is told by others, as if it were news.
        """
        if self.states.get(name) not in _GIVEN_UP:
            self.complain(f"{what}: is {self.states.get(name)}, which is not given up")
        sent = self.sent.get(name)
        if sent is None or sent.kind == "digest":
            return None
        sent.forgiven, sent.revived, sent.over, sent.not_before = sent.attempts, True, False, float("-inf")
        self.states[name] = "again"
        self.lives[name] += 1
        return sent

    def _same_thing(self, event: Plain, what: str) -> None:
        """No two notifications have incident, channel, kind and ordinal in common."""
        said = (event["incident_id"], event["channel_id"], event["kind"], event["ordinal"])
        other = self.making.setdefault(said, event["notification_id"])
        if other != event["notification_id"]:
            self.complain(f"{what}: says the same as {other}: {said}")

    # -- an attempt -------------------------------------------------------------------------------------------------

    def start(self, event: Plain, listing: list[Listed], now: float, what: str, *, guessed: bool) -> Sent | None:
        """An attempt starts at *now*, which may be later than when it was decided.

        Its listing is *guessed* where the process died before its receiver was called.
        """
        channel = self.world.settings["channels"].get(event["channel_id"])
        if channel is None or not channel["enabled"]:
            self.complain(f"{what}: there is no such channel, or it is disabled")
            return None
        backend = self.world.settings["backends"][channel["backend"]]
        self._alone(event, listing, backend, now, what)
        self._within_limit(event["channel_id"], channel["limit"], now, what)
        known = self.sent.get(event["notification_id"])
        if known is not None:
            self._again(known, event, listing, now, what)
            known.first = None if guessed else known.first
            return known
        if event["attempt"] != 1:
            self.complain(f"{what}: begins with attempt {event['attempt']}")
        sent = Sent(
            name=event["notification_id"],
            channel=event["channel_id"],
            kind=event["kind"],
            incident=event["incident_id"],
            level=event["level"],
            policy=event["policy_id"],
            backend=backend,
            listing=listing,
            first=None if guessed else {one.key for one in listing},
            attempts=event["attempt"],
            started_at=now,
            first_started=now,
            frozen_at=now,
        )
        self.sent[sent.name] = sent
        return sent

    def _alone(self, event: Plain, listing: list[Listed], backend: Plain, now: float, what: str) -> None:
        others = [sent for sent in self.under_way(event["channel_id"]) if sent.name != event["notification_id"]]
        incidents = {one.key[0] for one in listing}
        for other in others:
            if incidents & other.incidents:
                self.complain(f"{what}: {other.name} is under way for {sorted(incidents & other.incidents)}")
        for other in others:
            pairs = [(one.key, two.key) for one in listing for two in other.listing if adjoin(one.key, two.key)]
            crossing = {pair[0][1] for pair in pairs if all(self._routed(key, other.channel) for key in pair)}
            if crossing:
                self.complain(
                    f"{what}: {other.name} is under way, and tells what {sorted(crossing)} did before or after"
                )
        probe_at = self.circuits[event["channel_id"]].probe_at
        most = backend["concurrency"] if probe_at is None else 1
        if len(others) >= most:
            self.complain(f"{what}: {len(others)} other attempts are under way, {most} may be in all")
        if probe_at is not None and now < probe_at - 1e-6:
            self.complain(f"{what}: the circuit is open until {probe_at}")

    def count(self, channel: str, now: float, what: str) -> None:
        """An attempt starts that is no notification's; it counts against the channel's limit all the same."""
        settings = self.world.settings["channels"].get(channel)
        if settings is None or not settings["enabled"]:
            self.complain(f"{what}: there is no channel {channel}, or it is disabled")
        else:
            self._within_limit(channel, settings["limit"], now, what)

    def _routed(self, key: Key, channel: str) -> bool:
        """Whether a rule brings it to the channel; of those that a level joins, nothing is known at its beginning."""
        span = self.world.spans.get(key)
        return span is not None and channel in span.route.channels

    def _within_limit(self, channel: str, limit: int | None, now: float, what: str) -> None:
        log = self.starts[channel]
        log.append(now)
        recent = [at for at in log if at > now - _MINUTE + 1e-6]
        if limit is not None and len(recent) > limit:
            self.complain(f"{what}: {len(recent)} attempts within 60 s, the limit is {limit}")

    def _again(self, known: Sent, event: Plain, listing: list[Listed], now: float, what: str) -> None:
        if known.over:
            self.complain(f"{what}: an attempt after its end; the earlier ones ended {known.answers}")
        if known.under_way:
            self.complain(f"{what}: the attempt before has not ended")
        if event["attempt"] != known.attempts + 1:
            self.complain(f"{what}: attempt {event['attempt']} follows {known.attempts}")
        if now < known.not_before - 1e-6:
            self.complain(f"{what}: tried again before the receiver wants it")
        most = max(known.backend["retry"]["attempts"], self.backend(known)["retry"]["attempts"])
        known.backend = self.backend(known)
        if known.revived:
            known.first_started, known.revived = now, False
        if event["attempt"] - known.forgiven > most and not known.maybe:
            self.complain(f"{what}: more attempts than the retry policy allows")
        listed = {one.key for one in listing}
        added = listed - known.first if known.first is not None else set()
        known.first = known.first or listed
        if added:
            self.complain(f"{what}: lists {added}, which its first attempt did not")
        known.listing, known.attempts, known.started_at, known.under_way = listing, event["attempt"], now, True

    def end(self, delivery: Plain, call: Plain | None, what: str) -> Sent | None:
        """An attempt ended; what is reported is what the receiver answered."""
        sent = self.sent.get(delivery["notification_id"])
        outcome = delivery["outcome"]
        if sent is None or not sent.under_way:
            self.complain(f"{what}: an attempt ended that was not under way")
            return None
        if call is not None:
            answer = call["answer"] or "unknown"
            if answer != outcome:
                self.complain(f"{what}: the receiver answered {answer}, reported is {outcome}")
            sent.not_before = self.world.now + (call.get("retry_after") or 0.0)
        sent.under_way = False
        sent.maybe |= outcome == "unknown"
        sent.over |= outcome in ("delivered", "rejected")
        sent.answers.append(outcome)
        self._count(sent.channel, outcome)
        return sent

    def _count(self, channel: str, outcome: str) -> None:
        """Any answer closes the circuit, failures in a row open it."""
        settings, circuit = self.world.settings["channels"].get(channel), self.circuits[channel]
        if settings is None:
            return
        if outcome in ("delivered", "rejected", "throttled"):
            self.world.open.discard(channel)
            circuit.failures, circuit.failing_since, circuit.probe_at = 0, None, None
            return
        if circuit.probe_at is not None and self.world.now < circuit.probe_at:
            return  # it was under way when the circuit opened
        circuit.failures += 1
        circuit.failing_since = self.world.now if circuit.failing_since is None else circuit.failing_since
        policy = self.world.settings["backends"][settings["backend"]]["circuit"]
        if policy is not None and circuit.failures >= policy["failures"]:
            again = circuit.failures - policy["failures"]
            self.world.open.add(channel)
            circuit.probe_at = self.world.now + min(policy["cap"], policy["open"] * 2.0**again)

    def circuit_changed(self, event: Plain) -> None:
        """A circuit opens or closes when it should."""
        probe_at = self.circuits[event["channel_id"]].probe_at
        if event["open"] != (probe_at is not None) or (probe_at and abs(probe_at - event["probe_at"]) > 1e-3):
            self.complain(
                f"{event}: the circuit should be {'closed' if probe_at is None else f'open until {probe_at}'}"
            )
