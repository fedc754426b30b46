"""Grouping: who joins which incident, and how groups are told: docs/how-to/group-alerts.md, written down once more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

from tests.simulation.checks.flushes import next_flush, reminder_at
from tests.simulation.checks.promptness import Promptness
from tests.simulation.checks.reading import Plain
from tests.simulation.checks.routing import label
from tests.simulation.checks.sending import Sending, Sent
from tests.simulation.checks.telling import Telling
from tests.simulation.checks.world import Key, Span, World

__all__ = ["Grouping"]

_CLOSE = 1e-3
_SECOND = 1.0


def _key(aggregation: Plain, alert: Plain) -> str | None:
    """What the alerts of an incident have in common; None: each has one of its own."""
    if aggregation["strategy"] == "none":
        return None
    if aggregation["strategy"] == "window":
        return str(alert["metric_name"])
    settings = aggregation["settings"]
    if settings["group_by"] == ["..."]:
        return str(alert["alert_id"])
    alone = settings["labels_alone"]
    return json.dumps([alert["labels"].get(n, "") if alone else label(alert, n) for n in sorted(settings["group_by"])])


class Grouping:
    """Follows incidents. ``ends`` is when a channel is to be told of an end, ``heard`` when it was told last."""

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
        self.ends: dict[tuple[str, Key], float] = {}
        self.heard: dict[tuple[str, str], tuple[float, set[Key]]] = {}
        self._formed: dict[str, tuple[str, str | None]] = {}
        self._open: dict[tuple[str, str | None], str] = {}

    # -- who joins --------------------------------------------------------------------------------------------------

    def begins(self, span: Span, events: list[Plain]) -> None:
        """An episode begins: it is in the incident that takes it, and no other; what was told goes on being so."""
        grouping = span.route.grouping
        aggregation = self.world.aggregation(span.incident)
        common = (grouping, _key(aggregation, span.alert))
        known = self._formed.get(span.incident)
        if known is None:
            other = self._open.get(common)
            if other is not None and common[1] is not None and self._takes(other):
                self.complain(f"{span.key} begins an incident, and {other} takes it")
            self._formed[span.incident] = common
            self._open[common] = span.incident
        elif known != common or common[1] is None:
            self.complain(f"{span.key} of {common} joins an incident of {known}")
        elif self._is_over(span):
            self.complain(f"{span.key} joins an incident that is over")
        self._goes_on(span, events)

    def goes(self, channel: str) -> None:
        """A channel goes: ends that it was to be told are lost."""
        self.ends = {told: due for told, due in self.ends.items() if told[0] != channel}

    def _members(self, incident: str, but: Span | None = None) -> list[Span]:
        return [span for span in self.world.firing() if span.incident == incident and span is not but]

    def _takes(self, incident: str) -> bool:
        """Whether the incident certainly takes another alert of its key: a group does until its end is told."""
        aggregation = self.world.aggregation(incident)
        if not self._members(incident):
            there = [told for told in self.telling.told if told[1][0] == incident]
            stayed = (told for told in there if self.world.latest[told[1][1]].incident == incident)
            ends = (self.ends.get(told, 0.0) for told in stayed)
            return aggregation["strategy"] == "grouping" and any(at > self.world.now + _CLOSE for at in ends)
        if aggregation["strategy"] == "window":
            closes = self.world.opened[incident] + aggregation["settings"]["window_seconds"]
            return bool(self.world.now < closes - _CLOSE)
        return bool(aggregation["strategy"] == "grouping")

    def _is_over(self, span: Span) -> bool:
        """Whether the incident certainly takes no alert any more."""
        aggregation, world = self.world.aggregation(span.incident), self.world
        others = self._members(span.incident, span)
        if aggregation["strategy"] == "window":
            closes = world.opened[span.incident] + aggregation["settings"]["window_seconds"]
            return not others or bool(world.now >= closes + _CLOSE)
        if others:
            return False
        ended = [one.ended_at for one in world.spans.values() if one.incident == span.incident and one is not span]
        last = max((at for at in ended if at is not None), default=world.now)
        after = last + 2 * _CLOSE  # at a flush's own instant it may have missed that one
        told = next_flush(aggregation["settings"], world.opened[span.incident], after) + _SECOND
        if world.now <= told or self.promptness.files.awake(last, world.now) is not None:
            return False
        channels = list(world.settings["channels"])
        return not any(
            sent for name in channels for sent in self.sending.alive(name) if span.incident in sent.incidents
        )

    def _goes_on(self, span: Span, events: list[Plain]) -> None:
        """An alert that fires again in its group before a channel was told of its end: there, nothing changed."""
        earlier = self.world.before.get(span.key)
        if earlier is None or earlier[0] != span.incident or self.world.groups(span.incident) is None:
            return
        taken = {
            e["channel_id"]
            for e in events
            if e["type"] == "TellingDecided" and e["reason"] == "already_told" and _key_of(e) == span.key
        }
        for channel, key in self.telling.told:
            waits = self.ends.get((channel, key), 0.0) > self.world.now + _CLOSE
            if key == earlier and waits and channel not in taken:
                self.complain(f"{span.key}: {channel} was not told of the end of {earlier}, which is not taken back")

    # -- when -------------------------------------------------------------------------------------------------------

    def decided(self, event: Plain, span: Span, what: str) -> None:
        """What is told of a group is told at its flushes."""
        action, channel = event["action"], event["channel_id"]
        if action in ("fold", "notify") and not span.firing:
            self.ends[channel, span.key] = event["at"] if event["due"] is None else event["due"]
        elif action == "skip" and not span.firing:  # it is told at its flush if the channel takes it by then
            self.ends[channel, span.key] = event["at"]
        if event["reason"] == "already_told":
            self.telling.takes_back(channel, span, what)
        settings = self.world.groups(span.incident)
        if settings is None:
            if event["reason"] == "grouped" and span.firing:
                self.complain(f"{what}: its incident is no group")
            return
        opened, at = self.world.opened[span.incident], event["at"]
        flush = next_flush(settings, opened, at)
        if action == "fold":
            later = flush + settings["group_interval_seconds"] if flush < at + _CLOSE else flush
            if event["reason"] != "grouped" or min(abs(event["due"] - flush), abs(event["due"] - later)) > _CLOSE:
                self.complain(f"{what}: put off until {event['due']}, the next flush is at {flush}")
        elif action == "notify" and flush > at + _CLOSE and not self._may_be_told_at_once(span, channel, at):
            self.complain(f"{what}: told at {at}, the next flush is at {flush}")

    def _may_be_told_at_once(self, span: Span, channel: str, at: float) -> bool:
        """Whether it is told in another channel's place, or fires again elsewhere, which its end is not to delay.

        Or it fires again before its beginning, whose flush had come, could be told.
        """
        if not span.firing:
            return self.world.latest[span.alert["alert_id"]].incident != span.incident
        earlier = self.world.before.get(span.key)
        if earlier is not None and earlier[0] == span.incident and self.promptness.due(channel, earlier) <= at:
            return True
        return (channel, span.key) in self.telling.instead

    # -- what -------------------------------------------------------------------------------------------------------

    def starts(self, sent: Sent, what: str) -> None:
        """The first attempt of a notification: something in it is due, and it lists all of its group that fires."""
        settings = self.world.groups(sent.incident)
        if settings is not None and sent.kind in ("firing", "more", "resolved") and not self._something_is_due(sent):
            self.complain(f"{what}: nothing that it lists was due")
        if settings is not None and sent.kind == "repeat":
            self._repeats(settings, sent, what)
        for told in [(sent.channel, one.key) for one in sent.listing if not one.firing]:
            self.ends[told] = min(self.ends.get(told, math.inf), self.world.now)
        listed = {one.key for one in sent.listing}
        for incident in sent.incidents:
            if self.world.groups(incident) is not None:
                left = [span.key for span in self._members(incident) if span.key not in listed]
                left = [key for key in left if self._belongs(sent.channel, self.world.spans[key])]
                if left and any(one.firing for one in sent.listing):
                    self.complain(f"{what}: leaves out {left}")

    def _something_is_due(self, sent: Sent) -> bool:
        now, latest = self.world.now + _CLOSE, self.world.latest
        for one in sent.listing:
            if one.firing and self.promptness.due(sent.channel, one.key) <= now:
                return True
            moved = latest[one.key[1]].incident != one.key[0]
            if not one.firing and (moved or self.ends.get((sent.channel, one.key), math.inf) <= now):
                return True
        return False

    def _belongs(self, channel: str, span: Span) -> bool:
        """Whether the channel is told of it, and not only at a later flush."""
        known = (channel, span.key) in self.telling.told
        if self.world.answers(span, channel, self.world.now) != {None}:
            return False
        if not known and channel not in self.telling.targets(span):
            return False
        return self.telling.tells(channel, span) or self.promptness.due(channel, span.key) <= self.world.now

    def _repeats(self, settings: Plain, sent: Sent, what: str) -> None:
        """A reminder comes when the interval has passed, or since somebody had taken it, or it was muted."""
        heard, of = self.heard.get((sent.incident, sent.channel), (math.inf, set()))
        if (
            self.world.disturbed >= heard - _CLOSE
            or heard == math.inf
            or any(one.key not in of for one in sent.listing)
        ):
            return
        due = reminder_at(settings, self.world.opened[sent.incident], heard)
        if due is None or self.world.now < due - _CLOSE:
            self.complain(f"{what}: the channel was told at {heard}, and is to be reminded at {due}")

    def delivered(self, sent: Sent) -> None:
        """A channel was told."""
        for incident in sent.incidents:
            self.heard[incident, sent.channel] = (self.world.now, {one.key for one in sent.listing})


def _key_of(event: Plain) -> Key:
    return (event["incident_id"], event["alert_id"], event["episode"])
