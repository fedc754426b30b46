"""Explanations: every decision's reason is what was the case, and what was foretold is what happened."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.sending import Sending, Sent
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import RANK, Span, World

__all__ = ["Explaining"]

_GATES = frozenset(
    {
        "channel_missing",
        "channel_disabled",
        "below_min_severity",
        "silenced",
        "maintenance",
        "inhibited",
        "muted_by_time",
        "acknowledged",
        "snoozed",
        "resolved",
    }
)
_CLOSE = 1e-3


class Explaining:
    """Compares what the journal says with the world."""

    def __init__(self, world: World, sending: Sending, telling: Telling, complain: Callable[[str], None]) -> None:
        self.world = world
        self.sending = sending
        self.telling = telling
        self.complain = complain
        self.made: dict[tuple[str, str], list[float]] = {}
        self.foretold: Plain | None = None

    # -- routing ----------------------------------------------------------------------------------------------------

    def routed(self, event: Plain, span: Span, what: str) -> None:
        """Its rules, channels and policy are those that the configuration gives it."""
        route = span.route
        said = (event["rule_ids"], event["channel_ids"], event["policy_id"])
        if said != (route.rules, route.channels, route.policy):
            self.complain(f"{what}: routed {said}, the rules say {(route.rules, route.channels, route.policy)}")

    def everybody_is_decided(self, span: Span, events: list[Plain], what: str) -> None:
        """A new episode has a decision for each of its channels, in the same commit."""
        decided = {e["channel_id"] for e in events if e["type"] == "TellingDecided" and _key(e) == span.key}
        missing = [channel for channel in span.route.channels if channel not in decided]
        if missing:
            self.complain(f"{what}: nothing was decided for {missing}")

    # -- decisions --------------------------------------------------------------------------------------------------

    def decided(self, event: Plain, what: str) -> None:
        """The reason of a decision is what was the case."""
        span = self.world.spans.get(_key(event))
        if span is None:
            self.complain(f"{what}: decides about {_key(event)}, which was never accepted")
            return
        channel, action, reason, at = event["channel_id"], event["action"], event["reason"], event["at"]
        answers = self.world.answers(span, channel, at)
        if action == "skip":
            self._skipped(span, channel, reason, answers, what)
        elif not span.firing:
            if not self.world.takes_resolutions(channel):
                self.complain(f"{what}: the channel takes no resolutions")
        elif None not in answers:
            self.complain(f"{what}: {action}, but the gate is shut: {answers}")
        elif action == "fold":
            self._folded(span, event, what)

    def _skipped(self, span: Span, channel: str, reason: str, answers: set[str | None], what: str) -> None:
        if reason == "unrouted":  # what comes due in the instant of a reload is decided before it
            if channel in self.telling.targets(span) and self.world.replaced_at != self.world.now:
                self.complain(f"{what}: called unrouted, and is routed there")
        elif reason == "resolved_not_wanted":
            if self.world.takes_resolutions(channel):
                self.complain(f"{what}: the channel takes resolutions")
        elif reason in _GATES and span.firing and reason not in answers:
            self.complain(f"{what}: skipped as {reason}, the first gate that is shut is {answers}")
        elif reason == "resolved" and span.firing:
            self.complain(f"{what}: skipped as resolved, but it fires")

    def _folded(self, span: Span, event: Plain, what: str) -> None:
        aggregation = self.world.aggregation(span.incident)["settings"]
        due, at = event["due"], event["at"]
        if due is None or due <= at:
            self.complain(f"{what}: folded until {due}, at {at}")
        elif event["reason"] != "grouped" and "window_seconds" not in aggregation:
            self.complain(f"{what}: there is no window")
        elif event["reason"] == "folded":
            top = self.telling.top.get((span.incident, event["channel_id"]), -1)
            if span.rank >= RANK[aggregation["fold_below"]] or span.rank > top:
                self.complain(f"{what}: folded, but it is urgent: rank {span.rank}, told was {top}")
            if abs(due - self.world.opened[span.incident] - aggregation["window_seconds"]) > _CLOSE:
                self.complain(f"{what}: folded until {due}, which is not when the window closes")
        elif event["reason"] == "burst":
            made = self.made.get((span.incident, event["channel_id"]), [])
            recent = [one for one in made if one > at - 60.0 - _CLOSE]
            if len(recent) < aggregation["burst"] and not self.sending.crowded(event["channel_id"]):
                self.complain(f"{what}: called a burst, after {len(recent)} notifications within a minute")
            if due > at + 60.0 + _CLOSE:
                self.complain(f"{what}: the burst lasts until {due}, longer than a minute")

    # -- notifications ----------------------------------------------------------------------------------------------

    def changed(self, event: Plain, events: list[Plain], what: str) -> None:
        """The reason of a notification's state is what was the case."""
        if event["attempt"] <= 1 and event["state"] in ("sending", "held", "merged", "cancelled", "dead"):
            self.appears(event)
        reason, sent = event["reason"], self.sending.sent.get(event["notification_id"])
        if event["state"] == "held":
            self._held(event["channel_id"], reason, what)
        if reason == "digested":
            digest = [
                e for e in events if e["type"] == "NotificationChanged" and e["notification_id"] == event["detail"]
            ]
            if not digest or digest[0]["kind"] != "digest":
                self.complain(f"{what}: went into the digest {event['detail']}, which does not start")
        if sent is not None and reason == "exhausted":
            self._exhausted(sent, what)
        if sent is not None and reason == "rejected" and sent.answers[-1:] != ["rejected"]:
            self.complain(f"{what}: called rejected, the attempts ended {sent.answers}")
        if reason == "fallback_due" and not self._has_fallback(event["channel_id"]):
            self.complain(f"{what}: gave way to a fallback, and has none")
        if reason == "channel_missing" and event["channel_id"] in self.world.settings["channels"]:
            self.complain(f"{what}: its channel is called missing, and is there")

    def _has_fallback(self, channel: str) -> bool:
        """Whether one stands in for it, or did until this instant: what comes due comes before what changes."""
        world = self.world
        in_force = [world.settings, *([world.replaced] if world.replaced_at == world.now else [])]
        found = [settings["channels"].get(channel) for settings in in_force]
        return any(one is None or one["fallback"] is not None for one in found)

    def _held(self, channel: str, reason: str, what: str) -> None:
        if reason == "rate_limited" and not self.sending.limited(channel):
            self.complain(f"{what}: held, but the limit is not reached")
        probe_at = self.sending.circuits[channel].probe_at
        if reason == "circuit_open" and (probe_at is None or self.world.now > probe_at):
            self.complain(f"{what}: held, but the circuit is closed")

    def _exhausted(self, sent: Sent, what: str) -> None:
        """It was tried as often or as long as the retry policy has it, that of now or (after a reload) of its start."""
        for backend in (self.sending.backend(sent), sent.backend):
            retry = backend["retry"]
            longest = max(retry["cap"], sent.not_before - self.world.now)
            if (
                sent.attempts - sent.forgiven >= retry["attempts"]
                or self.world.now - sent.first_started + longest > retry["age"]
            ):
                return
        self.complain(f"{what}: given up after {sent.attempts} attempts")

    def appears(self, event: Plain) -> None:
        """A notification is heard of for the first time: a burst counts those that were made, sent or not."""
        self.made.setdefault((event["incident_id"], event["channel_id"]), []).append(event["at"])

    # -- foretold ---------------------------------------------------------------------------------------------------

    def came_true(self, entry: Plain) -> None:
        """What ``explain`` said just before an alert fired is what happened to it."""
        told, self.foretold = self.foretold, None
        fired = [item["alert"]["alert_id"] for item in entry["inputs"] if item["type"] == "AlertFired"]
        if told is None or told["alert"] not in fired:
            return
        about = [e for e in entry["events"] if e.get("alert_id") == told["alert"]]
        decisions = [e for e in about if e["type"] == "TellingDecided"]
        routed = [
            e for e in about if e["type"] == "AlertRouted"
        ]  # what ends meanwhile, of an earlier episode, is not meant
        incident = next((e["incident_id"] for e in reversed(routed or decisions)), told["incident"])
        decided = {e["channel_id"]: (e["action"], e["reason"]) for e in decisions if e["incident_id"] == incident}
        started = {
            e["channel_id"]
            for e in entry["events"]
            if e["type"] == "NotificationChanged" and e["state"] == "sending" and told["alert"] in e["alert_ids"]
            if e["kind"] != "resolved"  # the end of an earlier incident goes first, and is none of this one's
            if e["incident_id"] == incident or e["kind"] == "digest"  # nor what else of that one is told beside it
        }
        for channel, (action, reason) in told["channels"].items():
            happened = decided.get(channel)
            if action == "notify":
                fine = (happened is None or happened[0] != "skip") and channel in started
            elif action == "hold":
                fine = (happened in (None, (action, reason)) or happened[0] == "notify") and channel not in started
            else:
                fine = happened in (None, (action, reason)) and (action == "skip" or channel not in started)
            if not fine:
                self.complain(
                    f"explain foretold {action}, {reason} for {told['alert']} on {channel}; "
                    f"decided was {happened}, {'started' if channel in started else 'not started'}"
                )


def _key(event: Plain) -> tuple[str, str, int]:
    return (event["incident_id"], event["alert_id"], event["episode"])
